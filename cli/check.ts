/** `nanoc check`: parse and type-check specs, print every diagnostic. */

import type { Command } from 'commander';
import { checkSpec } from '../driver/specs/spec_text.ts';
import { hasErrors } from '../spec/diagnostic.ts';
import { asVerb, type Context, exitCodes } from './command.ts';
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
  asVerb(command, ['nanoc check my_model.nanospec', 'nanoc check my_model.nanospec --set layers=2'], run, {
    quick: true,
  });
}

async function run({ io }: Context, options: Options, specs: readonly string[]): Promise<number> {
  const { plugin } = options;
  if (plugin.length > 0) await (await import('../driver/plugins/extensions.ts')).loadPlugins(plugin);
  let wrong = false;
  for (const argument of specs) {
    const { name, diagnostics } = checkSpec(argument, options);
    io.report(diagnostics);
    if (hasErrors(diagnostics)) wrong = true;
    else io.note(`${name}: ${diagnostics.length > 0 ? 'compiles, but see above' : 'fine'}`);
  }
  return wrong ? exitCodes.wrong : exitCodes.fine;
}
