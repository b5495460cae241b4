/** The summary that `nanoc compile` prints. */

import { seedOf } from '../compiler/identity.ts';
import type { Manifest } from '../compiler/ports/manifest.ts';
import { bytes } from '../driver/byte_count.ts';
import type { Written } from '../driver/compile_to.ts';
import { modelSize } from '../driver/model_size.ts';
import { shortCount } from '../driver/page/short_count.ts';
import { writtenReport } from '../driver/written_report.ts';
import type { Io } from './output/io.ts';

export function summarise(io: Io, written: Written): void {
  const report = writtenReport(written);
  if (io.options.json) {
    io.json(report);
    return;
  }
  const { path, needs } = written;
  const { manifest } = written.compiled;
  const sizes = `${shortCount(report.parameters)} parameters, ${bytes(modelSize(path))}`;
  io.made(`${path}: ${manifest.model}, ${sizes}, ${needs}, ${cacheText(manifest)}`);
  const beside = [...(report.links ?? []), ...report.files.slice(0, -1)].map(({ name }) => name);
  if (beside.length > 0) io.made(`beside it: ${beside.join(', ')}`);
  const seed = seedOf(manifest);
  if (seed !== undefined) io.made(`weights are random (seed ${seed}): for trying things out only`);
}

function cacheText({ cache, slots }: Manifest): string {
  if (cache === 'none') return 'no cache';
  if (cache === 'dynamic') return 'dynamic cache';
  // A model that keeps nothing of single tokens has no slots.
  return slots === undefined ? 'static cache' : `static cache of ${slots} slots`;
}
