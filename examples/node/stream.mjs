// Streams what a compiled model makes of a prompt: node stream.mjs MODEL TOKENIZER PROMPT

import { readFileSync } from 'node:fs';
import { generateText, onnxSession, openTokenizer, Refusal, readModel, render } from 'nanospec';

const [model, tokenizerFile, prompt] = process.argv.slice(2);
if (prompt === undefined) {
  console.error('usage: node stream.mjs MODEL.onnx TOKENIZER PROMPT');
  process.exit(2);
}

try {
  const { manifest } = readModel(model);
  const tokenizer = openTokenizer(readFileSync(tokenizerFile), tokenizerFile);
  const session = await onnxSession({ model, manifest });
  const options = { maxTokens: 100, temperature: 0.8, topK: 50, seed: 1 };
  let [made, reason] = [0, undefined];
  for await (const { text, end } of generateText(session, tokenizer, [prompt], options)) {
    process.stdout.write(text);
    [made, reason] = [made + 1, end];
  }
  process.stdout.write('\n');
  if (reason === 'stop' && made === 1) console.error('the model ended its text at once');
  await session.close();
} catch (cause) {
  if (!(cause instanceof Refusal)) throw cause;
  console.error(render(cause.diagnostics, { color: false }));
  process.exitCode = 1;
}
