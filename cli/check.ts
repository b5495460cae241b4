/** `nanoc check`: parse and type-check specs, print every diagnostic. */

import type { Command } from 'commander';
import { loadSpec } from '../driver/specs/load_spec.ts';
import { check } from '../spec/check.ts';
import { type Diagnostic, hasErrors, Refusal } from '../spec/diagnostic.ts';
import { parse } from '../spec/parse.ts';
import { type Context, exitCodes, runAction, withGlobals } from './command.ts';
import { includeOption, pluginOption } from './options/repeatable.ts';
import { type SetOption, setOption } from './options/set_option.ts';
import type { IoOptions } from './output/io.ts';

interface Options extends Partial<IoOptions> {
  readonly set: SetOption;
  readonly plugin: readonly string[];
  readonly includeFolder: readonly string[];
}

export function addCheck(program: Command): void {
  const command = program
    .command('check')
    .description('parse and type-check specs; print diagnostics')
    .argument('<spec...>', '.nanospec files, or names of shipped specs')
    .addOption(setOption())
    .addOption(pluginOption())
    .addOption(includeOption());
  withGlobals(command, [
    'nanoc check my_model.nanospec',
    'nanoc check my_model.nanospec --set layers=2',
  ]).action((specs: string[], options: Options) => runAction(run, options, specs, { quick: true }));
}

async function run({ io }: Context, options: Options, specs: readonly string[]): Promise<number> {
  const { plugin } = options;
  if (plugin.length > 0) await (await import('../driver/plugins/extensions.ts')).loadPlugins(plugin);
  let wrong = false;
  for (const argument of specs) {
    const { name, diagnostics } = findings(argument, options);
    io.report(diagnostics);
    if (hasErrors(diagnostics)) wrong = true;
    else io.note(`${name}: ${diagnostics.length > 0 ? 'compiles, but see above' : 'fine'}`);
  }
  return wrong ? exitCodes.wrong : exitCodes.fine;
}

/** The diagnostics of one spec, or of reading it. */
function findings(
  argument: string,
  { set, includeFolder }: Options,
): { readonly name: string; readonly diagnostics: readonly Diagnostic[] } {
  try {
    const { source, include } = loadSpec(argument, undefined, includeFolder);
    const { value, diagnostics } = parse(source);
    const further = value && !hasErrors(diagnostics) ? check(value, { set, include }).diagnostics : [];
    return { name: source.name, diagnostics: [...diagnostics, ...further] };
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    return { name: argument, diagnostics: cause.diagnostics };
  }
}
