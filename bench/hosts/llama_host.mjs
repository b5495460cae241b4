// The same measurements as nanoc_host.mjs in llama.cpp: node llama_host.mjs PEERS_FOLDER MODEL_GGUF CONTEXT

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [peers, modelPath, contextSize] = process.argv.slice(2);
const entry = join(peers, 'node_modules/node-llama-cpp/dist/index.js');
const { getLlama } = await import(pathToFileURL(entry).href);
const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error', progressLogs: false });
const threads = availableParallelism(); // left to itself it takes more, which is slower
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: Number(contextSize), threads });
const sequence = context.getSequence();
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
say({ ready: `llama.cpp, ${threads} threads` });
for await (const line of createInterface({ input: process.stdin })) {
  const [length, steps] = line.split(' ').map(Number);
  await sequence.clearHistory();
  const prompt = Array.from({ length }, (_, i) => (i * 37) % 128);
  const start = performance.now();
  let [made, first] = [0, 0];
  for await (const _ of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    first ||= performance.now() - start;
    if (++made > steps) break;
  }
  say({ first, step: (performance.now() - start - first) / Math.max(1, steps) });
}
process.exit(0);
