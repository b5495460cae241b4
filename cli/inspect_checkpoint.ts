/** Prints a checkpoint: its format, config and tensors; under --json also a checksum of every logical tensor. */

import type { Checkpoint } from '../compiler/checkpoint/checkpoint.ts';
import { openCheckpoint } from '../compiler/checkpoint/open_checkpoint.ts';
import { checkpointLines } from '../driver/inspect/checkpoint_lines.ts';
import { checkpointReport } from '../driver/inspect/checkpoint_report.ts';
import { groupKeys } from '../driver/page/group_keys.ts';
import { shortCount } from '../driver/page/short_count.ts';
import { product } from '../spec/tensor.ts';
import type { Context } from './command.ts';
import { table } from './output/table.ts';
import { laidOut } from './output/terminal.ts';

export function showCheckpoint({ io }: Context, path: string, step: number | undefined): void {
  const checkpoint = openCheckpoint(path, step === undefined ? {} : { step });
  io.answer(
    () => laidOut([...checkpointLines(checkpoint), '', tensors(checkpoint)]),
    () => checkpointReport(checkpoint),
  );
}

function tensors({ tensors: all }: Checkpoint): string {
  const typed = [...all.values()].map(({ name, dtype, shape }) => ({
    ...{ key: name, traits: `${dtype}[${shape.join(', ')}]`, size: product(shape) },
  }));
  return table(
    [{ title: 'tensor' }, { title: 'type' }, { title: 'count', align: 'right' }],
    groupKeys(typed).map(({ name, members }) => [
      name,
      members[0]!.traits,
      shortCount(members[0]!.size * members.length),
    ]),
  );
}
