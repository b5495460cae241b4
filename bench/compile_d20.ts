/** Memory and time of compiling 561 million parameters, against copying the same bytes. */

import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeCheckpoint } from './make_d20.ts';
import { median, timed, timedNode } from './timed_process.ts';

const rounds = 5;
const limits = { peak: 250, ratio: 2 };

/**
 * Needs some 7 GB in `folder`; interleaved, so that a slow disk slows both. Before each run as many bytes are written and
 * removed: a virtual machine may have given its free memory back, and whoever writes first would pay for getting it again.
 */
export function compileD20(nanoc: string, folder: string): readonly string[] {
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
    const copied = (): number => {
      const { seconds } = timed('sh', ['-c', `cat '${weights}' > '${copy}'`], folder);
      rmSync(copy);
      return seconds;
    };
    for (const file of [out, `${out}_data`]) rmSync(file, { force: true });
    copied();
    copies.push(copied());
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
