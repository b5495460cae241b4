/** Memory and time of compiling 561 million parameters, against copying the same bytes. */

import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { makeCheckpoint } from './make_d20.ts';
import { median, timed, timedNode } from './timed_process.ts';

const rounds = 5;
/** Milliseconds. */
const restFor = 4000;
const limits = { peak: 250, ratio: 2 };

/**
 * Needs some 7 GB in `folder`; interleaved, so that a slow disk slows both. A virtual machine gives freed memory back after
 * a second or so, and whoever writes then pays for getting it again: a rest before each run lets both pay.
 */
export async function compileD20(nanoc: string, folder: string): Promise<readonly string[]> {
  const checkpoint = join(folder, 'd20');
  const bytes = makeCheckpoint(checkpoint);
  const weights = join(checkpoint, 'model_000000.pt');
  const out = join(folder, 'd20.onnx');
  const compile = [
    'compile',
    'nanochat_2025_10',
    '--checkpoint',
    checkpoint,
    '-o',
    out,
    '--force',
    '--quiet',
  ];
  const copies: number[] = [];
  const compiles: number[] = [];
  const peaks: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const copy = join(folder, 'copy');
    for (const file of [out, `${out}_data`]) rmSync(file, { force: true });
    await rest(restFor);
    copies.push(timed('sh', ['-c', `cat '${weights}' > '${copy}'`], folder).seconds);
    rmSync(copy);
    await rest(restFor);
    const { seconds, peak } = timedNode([nanoc, ...compile], folder);
    compiles.push(seconds);
    peaks.push(peak);
  }
  const written = [out, `${out}_data`].reduce(
    (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
  for (const file of [checkpoint, out, `${out}_data`]) rmSync(file, { recursive: true, force: true });
  const [copy, ours, most] = [median(copies), median(compiles), Math.max(...peaks)];
  const ratio = ours / copy;
  return [
    `checkpoint ${(bytes / 1e9).toFixed(2)} GB, model ${(written / 1e9).toFixed(2)} GB, ${rounds} interleaved rounds, medians`,
    `cat a > b        ${copy.toFixed(2)} s`,
    `nanoc compile    ${ours.toFixed(2)} s, ${ratio.toFixed(2)} times cat (limit ${limits.ratio}) ${verdict(ratio <= limits.ratio)}`,
    `peak memory      ${most.toFixed(0)} MiB (limit ${limits.peak}) ${verdict(most <= limits.peak)}`,
  ];
}

const verdict = (good: boolean): string => (good ? 'ok' : 'MISSED');
