/** `nanoc fmt`: rewrite specs in canonical form, in place; with --check only say which would change. */

import { readFileSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Command } from 'commander';
import { writeArtifact } from '../backends/write_artifact_node.ts';
import { fromFile } from '../driver/specs/load_spec.ts';
import type { File } from '../spec/ast.ts';
import { type Diagnostic, error, hasErrors, Refusal } from '../spec/diagnostic.ts';
import { format } from '../spec/format.ts';
import { parse } from '../spec/parse.ts';
import type { Source } from '../spec/source.ts';
import { type Context, exitCodes, runAction, withGlobals } from './command.ts';
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
  withGlobals(command, ['nanoc fmt my_model.nanospec', 'nanoc fmt --check my_model.nanospec']).action(
    (specs: string[], options: Options) => runAction(run, options, specs, { quick: true }),
  );
}

async function run({ io }: Context, { check }: Options, files: readonly string[]): Promise<number> {
  let code: number = exitCodes.fine;
  for (const file of files) {
    const { text, source, diagnostics } = formatted(file);
    io.report(diagnostics);
    if (text === undefined) code = exitCodes.wrong;
    else if (file === '-' && !check) io.result(text);
    else if (text === source) continue;
    else if (check) {
      if (io.options.json) io.json({ file, canonical: false });
      else io.result(`${file} is not in canonical form`);
      code = exitCodes.wrong;
    } else {
      await replace(file, text);
      io.note(`${file}: formatted`);
    }
  }
  return code;
}

interface Formatted {
  readonly source?: string;
  /** Absent where the source has errors or could not be read. */
  readonly text?: string;
  readonly diagnostics: readonly Diagnostic[];
}

function formatted(file: string): Formatted {
  try {
    const source = file === '-' ? { name: '<stdin>', text: readFileSync(0, 'utf8') } : fromFile(file).source;
    const { value, diagnostics } = parse(source);
    const text = value && !hasErrors(diagnostics) ? { text: laidOut(value, source) } : {};
    return { source: source.text, ...text, diagnostics };
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    return { diagnostics: cause.diagnostics };
  }
}

/** Formats a file; nesting without brackets (`x as [n] as [n] ...`) may overflow the stack, or the length of a string. */
function laidOut(file: File, source: Source): string {
  try {
    return format(file);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const span = { source, start: 0, end: 0 };
    const hint = 'give parts of long expressions names of their own';
    throw new Refusal([error('N321', 'the text nests too deep to be laid out', { span, hint })]);
  }
}

/** Whole or not at all; a link stays one, and leads to the new text. */
async function replace(name: string, text: string): Promise<void> {
  const path = realpathSync(name);
  const data = new TextEncoder().encode(text);
  const file = { name: basename(path), size: data.length, chunks: () => [data] };
  await writeArtifact({ files: [file], diagnostics: [] }, dirname(path), { overwrite: true });
}
