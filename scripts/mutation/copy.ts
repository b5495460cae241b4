/** A copy of the tree in which one file at a time is another: what is not changed is linked. */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, linkSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const copied = [
  ...['backends', 'cli', 'compiler', 'driver', 'examples', 'runtime', 'scripts', 'spec', 'test'],
  ...['index.ts', 'web.ts', 'nanoc.ts', 'package.json', 'tsconfig.json', 'README.md', 'CHANGELOG.md'],
];

export interface Copy {
  readonly root: string;
  put(path: string, text: string): void;
  /** As it was before `put`. */
  restore(path: string): void;
  remove(): void;
}

export function copyOf(root: string): Copy {
  const copy = mkdtempSync(join(tmpdir(), 'nanoc-mutant-'));
  for (const name of copied.filter((n) => existsSync(join(root, n))))
    execFileSync('cp', ['-al', join(root, name), join(copy, name)]);
  for (const name of ['node_modules', 'out', 'dist', 'bench'].filter((n) => existsSync(join(root, n))))
    symlinkSync(join(root, name), join(copy, name));
  return {
    root: copy,
    put(path, text) {
      rmSync(join(copy, path)); // a link: what is written in place would change the original
      writeFileSync(join(copy, path), text);
    },
    restore(path) {
      rmSync(join(copy, path));
      linkSync(join(root, path), join(copy, path));
    },
    remove: () => rmSync(copy, { recursive: true, force: true }),
  };
}

export interface Ran {
  /** Null when it was ended. */
  readonly code: number | null;
  readonly out: string;
  readonly seconds: number;
}

export interface Limits {
  /** Of the clock, and of the processor: a loop without end uses up the second long before a loaded machine does the first. */
  readonly seconds: number;
  readonly processor?: number;
}

export function node(cwd: string, args: readonly string[], { seconds, processor }: Limits): Promise<Ran> {
  const limit = processor === undefined ? '' : `ulimit -t ${Math.ceil(processor)}; `;
  const start = performance.now();
  return new Promise((done) => {
    const child = spawn('sh', ['-c', `${limit}exec "$@"`, 'sh', process.execPath, ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        out = (out + chunk.toString()).slice(-200_000);
      });
    const timer = setTimeout(() => child.kill('SIGKILL'), 1000 * seconds);
    child.on('close', (code) => {
      clearTimeout(timer);
      done({ code, out, seconds: (performance.now() - start) / 1000 });
    });
  });
}
