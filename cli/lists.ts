/** `nanoc specs` and `nanoc targets`: lists shipped specs and known targets. */

import type { Command } from 'commander';
import { loadPlugins } from '../driver/plugins/extensions.ts';
import { listSpecs, specGroups } from '../driver/specs/spec_list.ts';
import { targetReports, targetRows } from '../driver/target_list.ts';
import { largest } from '../spec/long_list.ts';
import { asVerb, type Context } from './command.ts';
import type { CompileOptions } from './options/compile_options.ts';
import { pluginOption } from './options/repeatable.ts';
import type { Io } from './output/io.ts';
import { listed, widthOf, wrapped } from './output/terminal.ts';

type Listing = Pick<CompileOptions, 'plugin' | 'json'>;

interface Row {
  readonly name: string;
  readonly doc: string;
}

export function addLists(program: Command): void {
  const specs = program
    .command('specs')
    .description('the specs that ship with nanoc')
    .argument('[word...]', 'only those with these words in their name or what is said of them');
  asVerb(specs, ['nanoc specs', 'nanoc specs llama', 'nanoc specs experts --json'], showSpecs);
  const list = program
    .command('targets')
    .description('what nanoc can compile to, and the options of each target')
    .addOption(pluginOption());
  asVerb(list, ['nanoc targets', 'nanoc targets --json'], showTargets);
}

async function showTargets({ io }: Context, { plugin }: Listing): Promise<undefined> {
  await loadPlugins(plugin);
  const rows = targetRows();
  if (io.options.json) for (const report of targetReports()) io.json(report);
  else show(io, rows, widestName(rows));
}

async function showSpecs({ io }: Context, _: unknown, words: readonly string[]): Promise<undefined> {
  const found = listSpecs(words);
  if (io.options.json) {
    for (const spec of found) io.json(spec);
    return;
  }
  const width = widestName(found);
  for (const [group, title] of Object.entries(specGroups)) {
    const rows = found.filter((spec) => spec.group === group);
    if (rows.length === 0) continue;
    const heading = wrapped(`${title}:`, widthOf(process.stdout) ?? Number.POSITIVE_INFINITY).join('\n');
    io.result(`${found.indexOf(rows[0]!) > 0 ? '\n' : ''}${heading}`);
    show(io, rows, width);
  }
}

const widestName = (rows: readonly Row[]): number => largest(rows.map(({ name }) => name.length));

function show(io: Io, rows: readonly Row[], names: number): void {
  const width = widthOf(process.stdout) ?? Number.POSITIVE_INFINITY;
  for (const { name, doc } of rows) io.result(listed(name, names, doc, width));
}
