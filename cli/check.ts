/** `nanoc check`: parse and type-check specs, print every diagnostic. */

import type { Command } from 'commander';
import { check } from '../spec/check.ts';
import { hasErrors } from '../spec/diagnostic.ts';
import { parse } from '../spec/parse.ts';
import { type Context, exitCodes, runAction, withGlobals } from './command.ts';
import type { IoOptions } from './io.ts';
import { loadSpec } from './load_spec.ts';
import { collectSet, type SetOption } from './set_option.ts';

interface Options extends Partial<IoOptions> {
  readonly set: SetOption;
}

export function addCheck(program: Command): void {
  withGlobals(program.command('check'))
    .description('parse and type-check specs; print diagnostics')
    .argument('<spec...>', '.nanospec files, or names of shipped specs')
    .option('--set <name=value>', 'override a config entry (repeatable)', collectSet, new Map())
    .action((specs: string[], options: Options) => runAction(run, options, specs));
}

async function run({ io }: Context, { set }: Options, specs: readonly string[]): Promise<number> {
  let wrong = false;
  for (const argument of specs) {
    const { source, include } = loadSpec(argument, undefined);
    const parsed = parse(source);
    const diagnostics =
      parsed.value && !hasErrors(parsed.diagnostics)
        ? [...parsed.diagnostics, ...check(parsed.value, { set, include }).diagnostics]
        : parsed.diagnostics;
    io.report(diagnostics);
    if (hasErrors(diagnostics)) wrong = true;
    else io.note(`${source.name}: fine`);
  }
  return wrong ? exitCodes.wrong : exitCodes.fine;
}
