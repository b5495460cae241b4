/** The command line as a user has it: bundled into one file, run as a process of its own. */

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const fixture = (name: string): string => `${root}test/fixtures/golden/${name}`;
export const hostile = (name: string): string => `${root}test/fixtures/adversarial/${name}`;
export const tiny = `${root}examples/tiny-nanochat`;

// One level below the root, as `dist/` is: from there it finds the shipped specs.
const bundle = `${root}out/test-cli-${process.pid}.mjs`;

mkdirSync(`${root}out`, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ['nanoc.ts'],
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'inline',
  external: ['onnxruntime-node'],
  banner: {
    js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);",
  },
  logLevel: 'warning',
});
process.on('exit', () => rmSync(bundle, { force: true }));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Around {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export function nanoc(args: readonly string[], { cwd = root, env = {}, input = '' }: Around = {}): Ran {
  const ran: SpawnSyncReturns<string> = spawnSync(process.execPath, [bundle, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', ...env },
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 240_000,
  });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

/** The arguments that start the same command as an asynchronous process. */
export const command = (args: readonly string[]): readonly string[] => [bundle, ...args];

export const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');

/** A folder that goes away with the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'nanoc-test-'));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A file with this text in a folder of its own. */
export function written(name: string, text: string | Uint8Array): string {
  const path = join(folder(), name);
  writeFileSync(path, text);
  return path;
}

export const bytesOf = (path: string): Buffer => readFileSync(path);
