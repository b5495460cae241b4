/** `nanoc fmt`: rewrite specs in canonical form, in place; with --check only say which would change. */

import { readFileSync, realpathSync } from 'node:fs';
import type { Command } from 'commander';
import { fromFile } from '../driver/specs/load_spec.ts';
import { formatSpec } from '../driver/specs/spec_text.ts';
import { writeText } from '../driver/write_text.ts';
import type { Source } from '../spec/source.ts';
import { asVerb, type Context, exitCodes } from './command.ts';
import type { IoOptions } from './output/io.ts';

interface Options extends Partial<IoOptions> {
  readonly check?: boolean;
}

export function addFmt(program: Command): void {
  const command = program
    .command('fmt')
    .description('rewrite specs in canonical form, in place')
    .argument('<spec...>', '.nanospec files; `-` reads stdin and writes stdout')
    .option('--check', 'change nothing; exit 1 if a file is not in canonical form');
  asVerb(command, ['nanoc fmt my_model.nanospec', 'nanoc fmt --check my_model.nanospec'], run, {
    quick: true,
  });
}

async function run({ io }: Context, { check }: Options, files: readonly string[]): Promise<number> {
  let code: number = exitCodes.fine;
  for (const file of files) {
    const { text, source, diagnostics } = formatSpec(() => sourceOf(file));
    io.report(diagnostics);
    if (text === undefined) code = exitCodes.wrong;
    else if (file === '-' && !check) io.result(text);
    else if (text === source?.text) continue;
    else if (check) {
      if (io.options.json) io.json({ file, canonical: false });
      else io.result(`${file} is not in canonical form`);
      code = exitCodes.wrong;
    } else {
      await writeText(realpathSync(file), text, true); // a link stays one, and leads to the new text
      io.note(`${file}: formatted`);
    }
  }
  return code;
}

const sourceOf = (file: string): Source =>
  file === '-' ? { name: '<stdin>', text: readFileSync(0, 'utf8') } : fromFile(file).source;
