/** Streams every tensor of a checkpoint as float16 and one of them transposed, and prints what that took: for `memory.test.ts`. */

import { openCheckpoint } from '../../../compiler/checkpoint/open_checkpoint.ts';
import { converter } from '../../../compiler/weights/convert.ts';
import { rawBytes } from '../../../compiler/weights/stream.ts';

const [, , path = '', mode] = process.argv;
const held: Uint8Array[] = [];
let bytes = 0;
const count = (chunk: Uint8Array): void => {
  bytes += chunk.length;
  if (mode === 'hold') held.push(chunk.slice());
};
const tensors = [...openCheckpoint(path).tensors.values()];
for (const tensor of tensors) {
  const { run } = converter(tensor.dtype, ['float16']);
  for (const chunk of rawBytes(tensor)) count(run(chunk));
}
const [first] = tensors;
const [rows = 0, columns = 0] = first!.shape;
for (const chunk of rawBytes({ ...first!, shape: [columns, rows], strides: [1, columns] })) count(chunk);
console.log(JSON.stringify({ bytes, held: held.length, peak: process.resourceUsage().maxRSS }));
