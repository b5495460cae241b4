/** Tokens a second of a small model on onnxruntime, with a cache and without. */

import { join } from 'node:path';
import { readManifest } from '../backends/onnx/read_model.ts';
import type { Session } from '../compiler/ports/session.ts';
import { type Decoder, decoder } from '../runtime/cache.ts';
import { onnxSession } from '../runtime/sessions/onnx_node_session.ts';
import { median, timedNode } from './timed_process.ts';

const sizes = ['layers=6', 'dim=384', 'heads=6', 'vocab=8192', 'context=512'].flatMap((entry) => [
  '--set',
  entry,
]);
const prompt = Array.from({ length: 256 }, (_, i) => (i * 37) % 8192);
const steps = 32;
const rounds = 5;

async function open(nanoc: string, folder: string, cache: string): Promise<Session> {
  const model = join(folder, `${cache}.onnx`);
  timedNode(
    [nanoc, 'compile', 'nanochat_2025_10', ...sizes, '--cache', cache, '--logits', 'last', '-o', model],
    folder,
  );
  return onnxSession({ model, manifest: readManifest(model), device: 'cpu' });
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

export async function decodeSpeed(nanoc: string, folder: string): Promise<readonly string[]> {
  const cached = await open(nanoc, folder, 'dynamic');
  const whole = await open(nanoc, folder, 'none');
  const figures = { prefill: [] as number[], decode: [] as number[], again: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const first = decoder(cached);
    figures.prefill.push(prompt.length / (await seconds(() => first.feed([prompt]))));
    figures.decode.push(steps / (await seconds(() => stepwise(first))));
    figures.again.push(4 / (await seconds(() => repeated(whole))));
  }
  await cached.close();
  await whole.close();
  const [prefill, decode, again] = [figures.prefill, figures.decode, figures.again].map(median);
  return [
    `6 layers of 384, prompt of ${prompt.length} tokens, one row, medians of ${rounds} rounds`,
    `prefill          ${prefill!.toFixed(0)} tokens a second`,
    `decode           ${decode!.toFixed(0)} tokens a second, ${(decode! / again!).toFixed(1)} times the same model without a cache`,
  ];
}

async function stepwise(feed: Decoder): Promise<void> {
  for (let i = 0; i < steps; i++) await feed.feed([[i]]);
}

/** Without a cache each token costs the whole text again. */
async function repeated(session: Session): Promise<void> {
  for (let i = 0; i < 4; i++) await decoder(session).feed([prompt]);
}
