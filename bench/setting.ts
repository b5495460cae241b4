/** What the groups of measurements are given: how large and how often, and where things are. */

import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ofDepth, type Shape } from './make_checkpoint.ts';

export interface Sizes {
  /** The model that is run, loaded and asked for its first token. */
  readonly model: Shape;
  /** The model that is compiled. */
  readonly compiled: Shape;
  /** Tokens before the steps that are timed, in rising order. */
  readonly contexts: readonly [short: number, middle: number, long: number];
  /** Tokens of the prompt whose first token is waited for. */
  readonly prompt: number;
  readonly steps: number;
  readonly rounds: number;
  /** How often commands are started that end at once. */
  readonly starts: number;
  /** Milliseconds before a command that writes gigabytes. */
  readonly rest: number;
  /** Layers of the deepest model that is compiled. */
  readonly deep: number;
  /** How many of the shipped specs are looked at. */
  readonly specs: number;
}

export const fullSize: Sizes = {
  ...{ model: ofDepth(12), compiled: ofDepth(20), contexts: [32, 128, 1024], prompt: 512 },
  ...{ steps: 32, rounds: 5, starts: 20, rest: 4000, deep: 400, specs: Number.POSITIVE_INFINITY },
};

const toyShape: Shape = {
  ...{ sequence_len: 64, vocab_size: 256, n_layer: 2, n_embd: 64, n_head: 2, n_kv_head: 2 },
};

/** Small enough for a test: what it measures says nothing. */
export const toySize: Sizes = {
  ...{ model: toyShape, compiled: toyShape, contexts: [4, 8, 16], prompt: 12 },
  ...{ steps: 2, rounds: 2, starts: 2, rest: 0, deep: 3, specs: 1 },
};

export interface Setting {
  readonly sizes: Sizes;
  /** For what is written on the way, with room for gigabytes. */
  readonly folder: string;
  /** The command and the library, as they are built. */
  readonly command: string;
  readonly library: string;
  /** Where peers are installed and their files made, kept from run to run. */
  readonly peers: string;
  /** Whether peers that are missing are installed from npm. */
  readonly installs: boolean;
  readonly say: (line: string) => void;
}

export const root = fileURLToPath(new URL('../', import.meta.url));

/** Throws where nothing is built. */
export function settingOf(sizes: Sizes, folder: string, say: Setting['say']): Setting {
  const [command, library] = [`${root}dist/nanoc.js`, `${root}dist/index.js`];
  if (!existsSync(command)) throw new Error('dist/nanoc.js is missing: npm run build');
  const peers = process.env['NANOC_BENCH_PEERS'] ?? join(tmpdir(), 'nanoc-bench-peers');
  return { sizes, folder, command, library, peers, installs: sizes.model !== toyShape, say };
}

/** `--set` for a spec of nanochat. */
export const setArguments = ({
  n_layer,
  n_embd,
  n_head,
  vocab_size,
  sequence_len,
}: Shape): readonly string[] =>
  Object.entries({
    layers: n_layer,
    dim: n_embd,
    heads: n_head,
    vocab: vocab_size,
    context: sequence_len,
  }).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
