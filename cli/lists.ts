/** `nanoc specs` and `nanoc targets`: what is there. */

import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { backends } from '../backends/index.ts';
import { largest } from '../spec/long_list.ts';
import { type Context, runAction, withGlobals } from './command.ts';
import type { IoOptions } from './io.ts';
import { families, shippedSpecs } from './shipped.ts';

interface Row {
  readonly name: string;
  readonly doc: string;
}

export function addLists(program: Command): void {
  withGlobals(program.command('specs'))
    .description('the specs that ship with nanoc')
    .action((options: Partial<IoOptions>) => runAction(async (cx) => show(cx, specRows()), options, []));
  withGlobals(program.command('targets'))
    .description('what nanoc can compile to')
    .action((options: Partial<IoOptions>) =>
      runAction(
        async (cx) =>
          show(
            cx,
            backends.map(({ name, doc }) => ({ name, doc })),
          ),
        options,
        [],
      ),
    );
}

const specRows = (): Row[] => [
  ...Object.entries(families).map(([name, newest]) => ({
    name,
    doc: `a family: the checkpoint says which; without one, ${newest}`,
  })),
  ...shippedSpecs().map(({ name, path }) => ({ name, doc: firstDoc(readFileSync(path, 'utf8')) })),
];

/** The first sentence of a spec's opening doc comment. */
function firstDoc(text: string): string {
  const lines = /^##.*(?:\n##.*)*/.exec(text)?.[0] ?? '';
  const doc = lines.replaceAll(/(?:^|\n)##\s*/g, ' ').trim();
  return /^.*?\.(?=\s|$)/.exec(doc)?.[0] ?? doc;
}

async function show({ io }: Context, rows: readonly Row[]): Promise<undefined> {
  if (io.options.json) {
    for (const row of rows) io.json(row);
    return;
  }
  const width = largest(rows.map((r) => r.name.length));
  io.result(rows.map((r) => `${r.name.padEnd(width)}  ${r.doc}`).join('\n'));
}
