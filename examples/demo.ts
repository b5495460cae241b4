/**
 * `npm run demo`: the way of a model, start to end, in three commands. A small nanochat, trained on Shakespeare with
 * nanochat's own code, is compiled to ONNX with cache ports, proved equal to the reference interpreter and to the numbers
 * that nanochat gave, and asked for some verse.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const bundled = 'dist/nanoc.js'; // made by `npm ci`; without it the sources run as they are
const nanoc = existsSync(`${root}${bundled}`) ? [bundled] : ['--import', 'tsx', 'nanoc.ts'];
const weights = 'examples/tiny-nanochat';
const checkpoint = `${weights}/base_checkpoints/d4`;
const model = 'out/demo/tiny.onnx';

const commands: readonly (readonly string[])[] = [
  ['compile', 'nanochat', '--checkpoint', checkpoint, '-o', model, '--force'],
  ['verify', model, '--checkpoint', checkpoint, '--golden', `${weights}/reference/base_window64.safetensors`],
  [
    ...['run', model, '-e', '--prompt', 'ROMEO:\\n'],
    ...['--max-tokens', '120', '--temperature', '0.7', '--top-k', '40', '--seed', '3'],
  ],
];

/** No word has a quote in it. */
const quoted = (word: string): string => (/^[\w./:=-]+$/.test(word) ? word : `"${word}"`);

if (process.argv[2] === '--list') {
  for (const command of commands) process.stdout.write(`nanoc ${command.map(quoted).join(' ')}\n`);
  process.exit(0);
}
mkdirSync(`${root}out/demo`, { recursive: true });
for (const command of commands) {
  process.stdout.write(`\n$ nanoc ${command.map(quoted).join(' ')}\n`);
  const { status } = spawnSync(process.execPath, [...nanoc, ...command], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
process.stdout.write(`\n${model} runs wherever onnxruntime does.\n`);
