/** What somebody has who has just cloned the repository: the files that git keeps, the tests left out, committed. */

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folder, root } from '../cli/run_cli.ts';

const git = (cwd: string, ...args: readonly string[]): string =>
  execFileSync('git', args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 });

/** With what is not committed yet, so that a page and what it needs can be changed together. */
export function clone(): string {
  const path = folder();
  const listed = git(root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0');
  for (const file of listed.filter((name) => name !== '' && !name.startsWith('test/'))) {
    if (!existsSync(join(root, file))) continue; // deleted and not yet committed
    mkdirSync(dirname(join(path, file)), { recursive: true });
    cpSync(join(root, file), join(path, file));
  }
  const who = [
    '-c',
    'user.name=nanoc',
    '-c',
    'user.email=nanoc@example.invalid',
    '-c',
    'commit.gpgsign=false',
  ];
  git(path, 'init', '--quiet');
  git(path, 'add', '--all');
  git(path, ...who, 'commit', '--quiet', '--message', 'clone');
  // What `npm ci` makes of it; git ignores the folders, but not links in their place.
  writeFileSync(join(path, '.git/info/exclude'), 'node_modules\ndist\n');
  for (const made of ['node_modules', 'dist']) symlinkSync(join(root, made), join(path, made));
  return path;
}

/** Lines for what git would keep of what is new or changed. */
export const changesIn = (path: string): readonly string[] =>
  git(path, 'status', '--porcelain', '--untracked-files=all')
    .split('\n')
    .filter((line) => line !== '');
