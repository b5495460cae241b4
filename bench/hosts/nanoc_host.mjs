// A model in the engine of `nanoc run`, opened once: node nanoc_host.mjs INDEX_JS MODEL
// A line `CONTEXT STEPS` on standard input is answered as zero_copy.cpp does.

import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [index, path] = process.argv.slice(2);
const { generateRows, openModel } = await import(pathToFileURL(index).href);
const session = await openModel(path).open('cpu');
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
say({ ready: session.label });
for await (const line of createInterface({ input: process.stdin })) {
  const [context, steps] = line.split(' ').map(Number);
  const prompt = Array.from({ length: context }, (_, i) => (i * 37) % 128);
  const start = performance.now();
  let first = 0;
  for await (const _ of generateRows(session, [prompt], { maxTokens: steps + 1 }))
    first ||= performance.now() - start;
  say({ first, step: (performance.now() - start - first) / Math.max(1, steps) });
}
await session.close();
