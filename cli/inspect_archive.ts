/** A TorchScript archive: what it was made from, how its `forward` is called, its boundary and its tensors; torch is not needed. */

import { codeBlocks } from '../backends/torchscript/code_blocks.ts';
import { codeFile } from '../backends/torchscript/code_fault.ts';
import { readArchive } from '../backends/torchscript/read_archive.ts';
import type { LazyTensor } from '../compiler/checkpoint/checkpoint.ts';
import { bytes } from '../driver/byte_count.ts';
import { modelSize } from '../driver/model_size.ts';
import type { Context } from './command.ts';
import { boundaryLines, formOf, originLines } from './inspect_model.ts';
import { laidOut } from './output/terminal.ts';

export function inspectArchive({ io }: Context, path: string): void {
  const { manifest, code, tensors } = readArchive(path);
  const blocks = codeBlocks(code.get(codeFile) ?? '');
  const forward = forwardOf(blocks.at(-1)?.lines ?? []);
  const classes = blocks.filter((b) => b.kind === 'class').map((b) => b.name);
  if (io.options.json) {
    const list = [...tensors.values()].map(({ name, dtype, shape }) => ({ name, dtype, shape }));
    io.json({ path, bytes: modelSize(path), manifest, forward, classes, tensors: list });
    return;
  }
  const total = distinct([...tensors.values()]).reduce((sum, t) => sum + t.storage.bytes, 0);
  io.result(
    laidOut([
      ...originLines(path, manifest),
      `storage ${manifest.storage}, arithmetic ${manifest.compute}, cache ${formOf(manifest)}, logits ${manifest.logits}, context ${manifest.context ?? 'unbounded'}`,
      `${tensors.size} tensors of ${bytes(total)}; ${classes.length} classes: ${classes.join(', ')}`,
      forward,
      ...boundaryLines(manifest),
    ]),
  );
}

/** Tied parameters share their storage. */
const distinct = (tensors: readonly LazyTensor[]): readonly LazyTensor[] => [
  ...new Map(tensors.map((t) => [t.storage.offset, t])).values(),
];

/** The model is the last class; its signature may take several lines. */
function forwardOf(lines: readonly string[]): string {
  const start = lines.findIndex((line) => line.trim().startsWith('def forward('));
  const end = lines.findIndex((line, i) => i >= start && line.endsWith(':'));
  return lines
    .slice(Math.max(0, start), end + 1)
    .map((line) => line.trim())
    .join(' ')
    .replace(/^def /, '')
    .replace(/:$/, '');
}
