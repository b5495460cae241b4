/** The command line, called as a function with its output caught, or started as a process of its own. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from '../../cli/main.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const fixture = (name: string): string => `${root}test/fixtures/golden/${name}`;
export const hostile = (name: string): string => `${root}test/fixtures/adversarial/${name}`;
export const tiny = `${root}examples/tiny-nanochat`;

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** With what a terminal would show: both streams, in the order in which they were written. */
export interface Shown extends Ran {
  readonly shown: string;
}

interface Around {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

type Write = typeof process.stdout.write;

const into = (...parts: readonly string[][]): Write =>
  ((chunk: string | Uint8Array) => {
    for (const list of parts) list.push(String(chunk));
    return true;
  }) as Write; // nanoc and commander give one argument

export async function nanoc(args: readonly string[], around: Around = {}): Promise<Ran> {
  const { shown: _, ...ran } = await nanocShown(args, around);
  return ran;
}

/** One call at a time: the process's own streams, folder and environment are changed meanwhile. */
export async function nanocShown(
  args: readonly string[],
  { cwd = root, env = {} }: Around = {},
): Promise<Shown> {
  const before = {
    cwd: process.cwd(),
    env: process.env,
    out: process.stdout.write,
    err: process.stderr.write,
  };
  const [out, err, both]: [string[], string[], string[]] = [[], [], []];
  process.chdir(cwd);
  process.env = { ...process.env, NO_COLOR: '1', ...env };
  process.stdout.write = into(out, both);
  process.stderr.write = into(err, both);
  try {
    process.exitCode = 0;
    await main(['node', 'nanoc', ...args]);
    return { code: process.exitCode, out: out.join(''), err: err.join(''), shown: both.join('') };
  } finally {
    process.exitCode = 0;
    process.stdout.write = before.out;
    process.stderr.write = before.err;
    process.env = before.env;
    process.chdir(before.cwd);
  }
}

/** What starts the same as a process of its own. */
export const command = (args: readonly string[]): readonly string[] => [
  ...['--import', import.meta.resolve('tsx'), `${root}nanoc.ts`],
  ...args,
];

export function nanocProcess(args: readonly string[], input = ''): Ran {
  const env = { ...process.env, NO_COLOR: '1' };
  const ran = spawnSync(process.execPath, command(args), { cwd: root, env, input, encoding: 'utf8' });
  return { code: ran.status ?? -1, out: ran.stdout, err: ran.stderr };
}

export const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');

const folders: string[] = [];
process.on('exit', () => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

/** A folder that goes away with the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'nanoc-test-'));
  folders.push(path);
  return path;
}

/** A file with this text in a folder of its own. */
export function written(name: string, text: string | Uint8Array): string {
  const path = join(folder(), name);
  writeFileSync(path, text);
  return path;
}

export const bytesOf = (path: string): Buffer => readFileSync(path);
