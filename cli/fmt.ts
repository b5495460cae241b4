/** `nanoc fmt`: rewrite specs in canonical form, in place; with --check only say which would change. */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { error, hasErrors, Refusal } from '../spec/diagnostic.ts';
import { format } from '../spec/format.ts';
import { parse } from '../spec/parse.ts';
import { type Context, exitCodes, runAction, withGlobals } from './command.ts';
import type { IoOptions } from './io.ts';
import { fromFile } from './load_spec.ts';

interface Options extends Partial<IoOptions> {
  readonly check?: boolean;
}

export function addFmt(program: Command): void {
  withGlobals(program.command('fmt'))
    .description('rewrite specs in canonical form, in place')
    .argument('<spec...>', '.nanospec files; `-` reads stdin and writes stdout')
    .option('--check', 'change nothing; exit 1 if a file is not in canonical form')
    .action((specs: string[], options: Options) => runAction(run, options, specs));
}

async function run({ io }: Context, { check }: Options, files: readonly string[]): Promise<number> {
  let code: number = exitCodes.fine;
  for (const file of files) {
    const source = file === '-' ? { name: '<stdin>', text: readFileSync(0, 'utf8') } : fromFile(file).source;
    const parsed = parse(source);
    if (!parsed.value || hasErrors(parsed.diagnostics)) {
      io.report(parsed.diagnostics);
      code = exitCodes.wrong;
      continue;
    }
    const text = format(parsed.value);
    if (file === '-') io.result(text);
    else if (text === source.text) continue;
    else if (check) {
      io.result(`${file} is not in canonical form`);
      code = exitCodes.wrong;
    } else {
      replace(file, text);
      io.note(`${file}: formatted`);
    }
  }
  return code;
}

/** Whole or not at all. */
function replace(file: string, text: string): void {
  const beside = `${file}.nanoc-tmp`;
  try {
    writeFileSync(beside, text, { flag: 'wx' });
    renameSync(beside, file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal([error('N505', `${file} cannot be written: ${why}`, { file })]);
  }
}
