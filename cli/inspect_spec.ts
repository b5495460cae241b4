/** Prints a summary of a spec: its sizes, parameters, ports and their cost. */

import { bytes } from '../driver/byte_count.ts';
import { specLines } from '../driver/inspect/spec_lines.ts';
import { specPage } from '../driver/inspect/spec_page.ts';
import {
  type InspectedSpec,
  inspectSpec,
  type SpecReport,
  type SpecReportOptions,
} from '../driver/inspect/spec_report.ts';
import { groupKeys } from '../driver/page/group_keys.ts';
import { shortCount } from '../driver/page/short_count.ts';
import { writeText } from '../driver/write_text.ts';
import { showShape } from '../spec/dim.ts';
import type { Program } from '../spec/program.ts';
import { product } from '../spec/tensor.ts';
import type { Context } from './command.ts';
import { table } from './output/table.ts';
import { laidOut } from './output/terminal.ts';

interface Page {
  /** Where it goes, if one is wanted. */
  readonly html?: string;
  readonly force?: boolean;
}

export async function showSpec(
  cx: Context,
  what: string,
  options: SpecReportOptions,
  { html, force = false }: Page,
): Promise<void> {
  const inspected = inspectSpec(what, options, cx.io);
  if (html !== undefined) {
    const size = await writeText(html, specPage(inspected), force, cx);
    cx.io.note(`${html}: ${bytes(size)}, open it in a browser`);
  }
  cx.io.answer(
    () => card(inspected),
    () => inspected.report,
  );
}

function card({ report, compiled: { program } }: InspectedSpec): string {
  const params = groupKeys(report.params.map((p) => ({ ...p, key: p.path, traits: p.shapeText })));
  const ports = groupKeys(program.ports.map((p) => ({ key: p.name, traits: holds(p) })));
  return laidOut([
    ...specLines(report),
    '',
    blocks(report),
    '',
    table(
      [{ title: 'parameter' }, { title: 'shape' }, { title: 'count', align: 'right' }],
      params.map(({ name, members }) => [
        name,
        members[0]!.shapeText,
        shortCount(members.reduce((sum, { shape }) => sum + product(shape), 0)),
      ]),
    ),
    '',
    table(
      [{ title: 'port' }, { title: 'holds' }],
      ports.map(({ name, members }) => [name, members[0]!.traits]),
    ),
  ]);
}

const holds = ({ type, last, carried }: Program['ports'][number]): string =>
  `${showShape(type.shape)}${carried ? ', carried' : last === undefined ? '' : `, the last ${last}`}`;

function blocks({ blocks: rows, parameters: all }: SpecReport): string {
  const share = (n: number): string => `${((100 * n) / all).toFixed(1)} %`;
  return table(
    [{ title: 'block' }, { title: 'parameters', align: 'right' }, { title: 'share', align: 'right' }],
    rows.map(({ block, parameters }) => [block, shortCount(parameters), share(parameters)]),
  );
}
