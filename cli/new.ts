/** `nanoc new`: a spec to start from, out of the template or drafted from a checkpoint. */

import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Command } from 'commander';
import type { Checkpoint } from '../compiler/checkpoint/checkpoint.ts';
import { openCheckpoint } from '../compiler/checkpoint/open_checkpoint.ts';
import { draft } from '../driver/draft/drafted.ts';
import { shippedSpecs } from '../driver/shipped.ts';
import { loadSpec } from '../driver/specs/load_spec.ts';
import { reasonOf, refusals, trySpec } from '../driver/specs/try_spec.ts';
import { usage } from '../driver/usage.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import { template } from '../spec/generated/template.ts';
import { isReservedWord } from '../spec/tokens.ts';
import { type Context, exitCodes, runAction, withGlobals } from './command.ts';
import type { IoOptions } from './output/io.ts';

interface Options extends Partial<IoOptions> {
  readonly fromCheckpoint?: string;
}

const extension = '.nanospec';

export function addNew(program: Command): void {
  const command = program
    .command('new')
    .description('start a spec: from a template, or drafted from a checkpoint')
    .argument('[name]', 'what the model is called; a path puts NAME.nanospec into that folder')
    .option('--from-checkpoint <path>', 'draft it from the tensors and the config of this checkpoint');
  withGlobals(command, ['nanoc new my_model', 'nanoc new my_draft --from-checkpoint checkpoint']).action(
    (name: string | undefined, options: Options) => runAction(run, options, name === undefined ? [] : [name]),
  );
}

async function run(cx: Context, { fromCheckpoint }: Options, [argument]: readonly string[]): Promise<number> {
  if (fromCheckpoint === undefined) return fromTemplate(cx, argument);
  const checkpoint = openCheckpoint(fromCheckpoint, {});
  const target = targetOf(argument ?? nameFor(checkpoint));
  return fromTensors(cx, target, checkpoint, fromCheckpoint);
}

interface Target {
  /** Name of the model, as an identifier of the language. */
  readonly name: string;
  readonly path: string;
}

function targetOf(argument: string): Target {
  const file = argument.endsWith(extension) ? argument : `${argument}${extension}`;
  const name = basename(file, extension);
  if (!/^[A-Za-z_]\w*$/.test(name) || isReservedWord(name)) {
    throw usage(
      `a model cannot be called ${JSON.stringify(name)}`,
      `letters, digits and _, not a digit first, and no word of the language: ${plainName(name)}`,
    );
  }
  const path = file;
  if (existsSync(path)) {
    throw new Refusal([
      error('N504', `${path} exists`, { file: path, hint: 'nothing was written; take another name' }),
    ]);
  }
  if (!existsSync(dirname(path))) {
    throw new Refusal([
      error('N505', `there is no folder ${dirname(path)}`, { file: path, hint: 'make it first' }),
    ]);
  }
  return { name, path };
}

/** `SmolLM2-135M` -> `smollm2_135m`. */
function plainName(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/\W+/g, '_')
    .replace(/^_+|_+$/g, '');
  if (plain === '') return 'my_model';
  return /^\d/.test(plain) || isReservedWord(plain) ? `model_${plain}` : plain;
}

/** The architecture's name where the config has one, else the file's; `my_` sets it apart from a spec that ships. */
function nameFor({ config, path }: Checkpoint): string {
  const type = config?.['model_type'];
  const name = plainName(typeof type === 'string' ? type : basename(path).replace(/\.\w+$/, ''));
  return shippedSpecs().some((s) => s.name === name) ? `my_${name}` : name;
}

/** Writes the file, unless one has been made there meanwhile. */
function put({ path }: Target, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal([error('N505', `${path} cannot be written: ${why}`, { file: path })]);
  }
}

function fromTemplate({ io }: Context, argument: string | undefined): number {
  if (argument === undefined) {
    throw usage('no name given', 'nanoc new my_model, or nanoc new --from-checkpoint <path>');
  }
  const target = targetOf(argument);
  const { name, path } = target;
  put(target, template.replace('## template:', `## ${name}:`).replace('model template {', `model ${name} {`));
  if (io.options.json) io.json({ file: path, model: name });
  else io.made(`${path} is written: a small GPT to change into yours`);
  next(io, [`nanoc check ${path}`, `nanoc inspect ${path}`, `nanoc compile ${path} -o ${modelBeside(path)}`]);
  return exitCodes.fine;
}

/** The model goes into the folder of the spec, not into the current one. */
const modelBeside = (path: string): string => path.replace(/\.nanospec$/, '.onnx');

function next(io: Context['io'], commands: readonly string[]): void {
  io.note(`next:\n${commands.map((command) => `  ${command}`).join('\n')}`);
}

function fromTensors({ io }: Context, target: Target, checkpoint: Checkpoint, from: string): number {
  const { text, marks: found, wrong } = draft(checkpoint, target.name);
  put(target, text);
  const { path, name } = target;
  const fits = shippedFor(checkpoint);
  const missing = found.filter(({ kind }) => kind === 'lacks');
  if (io.options.json) {
    io.json({
      file: path,
      model: name,
      complete: missing.length === 0 && wrong.length === 0,
      marks: found,
      ...(fits ? (fits.reason === undefined ? { shipped: fits.spec } : { refused: fits }) : {}),
    });
  } else {
    io.made(
      `${path} is drafted: all ${checkpoint.tensors.size} tensors have a place; ${wrong.length > 0 ? 'it is not sound' : missingText(missing.length)}`,
    );
    io.made(
      found
        .map(
          ({ line, kind, what }) =>
            `  ${path}:${line} ${kind === 'lacks' ? 'missing' : 'taken for granted'}: ${what}`,
        )
        .join('\n'),
    );
  }
  if (fits) io.note(shippedText(fits, from));
  io.report(wrong);
  if (wrong.length > 0) return exitCodes.wrong;
  const compile = `nanoc compile ${path} --checkpoint ${from} -o ${modelBeside(path)}`;
  next(io, missing.length === 0 ? [`nanoc inspect ${path}`, compile] : [`nanoc check ${path}`, compile]);
  return exitCodes.fine;
}

const missingText = (n: number): string =>
  n === 0 ? 'nothing is missing' : n === 1 ? 'one thing is missing' : `${n} things are missing`;

interface Shipped {
  readonly spec: string;
  /** Why the spec does not fit this checkpoint. */
  readonly reason?: string;
}

function shippedFor(checkpoint: Checkpoint): Shipped | undefined {
  try {
    const { source, include } = loadSpec(undefined, checkpoint);
    const [first] = refusals(trySpec(source, include, checkpoint));
    const spec = source.name.replace(extension, '');
    return first ? { spec, reason: reasonOf(first) } : { spec };
  } catch (cause) {
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}

const shippedText = ({ spec, reason }: Shipped, from: string): string =>
  reason === undefined
    ? `the spec ${spec}, which ships, is for this checkpoint: nanoc compile ${spec} --checkpoint ${from}`
    : `the spec ${spec}, which ships, is for this family, but refuses this checkpoint: ${reason}`;
