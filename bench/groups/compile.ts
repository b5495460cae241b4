/** Memory and time of compiling a large checkpoint, against copying the same bytes. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { medianOf } from '../../driver/bench/spread.ts';
import { makeCheckpoint } from '../make_checkpoint.ts';
import type { Findings } from '../rows.ts';
import { type Setting, setArguments } from '../setting.ts';
import { timed, timedNode } from '../timed_process.ts';

/**
 * Needs some 7 GB at full size; interleaved, so that a slow disk slows both. A virtual machine gives freed memory back after
 * a second or so, and whoever writes then pays for getting it again: a rest before each run lets both pay.
 */
export async function compiling({ sizes, folder, command }: Setting): Promise<Findings> {
  const checkpoint = join(folder, 'compiled');
  makeCheckpoint(checkpoint, sizes.compiled);
  const [weights, copy, made] = [
    join(checkpoint, 'model_000000.pt'),
    join(folder, 'copy'),
    join(folder, 'made'),
  ];
  const args = ['compile', 'nanochat_2025_10', '--checkpoint', checkpoint, '-o', `${made}/`, '--quiet'];
  const [copies, compiles, peaks]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < sizes.rounds; round++) {
    rmSync(made, { recursive: true, force: true });
    await rest(sizes.rest);
    copies.push(timed('sh', ['-c', `cat '${weights}' > '${copy}'`], folder).seconds);
    rmSync(copy);
    await rest(sizes.rest);
    const { seconds, peak } = timedNode([command, ...args], folder);
    compiles.push(seconds);
    peaks.push(peak);
  }
  for (const path of [checkpoint, made]) rmSync(path, { recursive: true, force: true });
  return {
    compile_time: {
      values: compiles.map((seconds, round) => seconds / copies[round]!),
      ours: `${medianOf(compiles).toFixed(2)} s`,
      theirs: `${medianOf(copies).toFixed(2)} s`,
    },
    compile_memory: { values: peaks, ours: `${medianOf(peaks).toFixed(0)} MB`, theirs: '' },
  };
}

/** Many small layers: what grows with their number is the compiler's own. */
export async function deepModel({ sizes, folder, command }: Setting): Promise<Findings> {
  const shape = { ...sizes.model, n_layer: sizes.deep, n_embd: 64, n_head: 2, vocab_size: 256 };
  const args = ['compile', 'nanochat_2025_10', ...setArguments(shape), '-o', join(folder, 'deep.onnx')];
  const seconds = Array.from(
    { length: sizes.rounds },
    () => timedNode([command, ...args, '--force', '--quiet'], folder).seconds,
  );
  return { deep_compile: { values: seconds, ours: `${medianOf(seconds).toFixed(2)} s`, theirs: '' } };
}
