/** `nanoc new`: a spec to start from, out of the template or drafted from a checkpoint. */

import type { Command } from 'commander';
import type { Checkpoint } from '../compiler/checkpoint/checkpoint.ts';
import { openCheckpoint } from '../compiler/checkpoint/open_checkpoint.ts';
import { draft, type Marked } from '../driver/draft/drafted.ts';
import { usualTarget } from '../driver/registry.ts';
import {
  type NewSpec,
  nameFor,
  newSpec,
  putSpec,
  type ShippedFit,
  shippedFor,
  templateFor,
} from '../driver/specs/new_spec.ts';
import { usage } from '../driver/usage.ts';
import { asVerb, type Context, exitCodes } from './command.ts';
import type { IoOptions } from './output/io.ts';

interface Options extends Partial<IoOptions> {
  readonly fromCheckpoint?: string;
}

export function addNew(program: Command): void {
  const command = program
    .command('new')
    .description('start a spec: from a template, or drafted from a checkpoint')
    .argument('[name]', 'what the model is called; a path puts NAME.nanospec into that folder')
    .option('--from-checkpoint <path>', 'draft it from the tensors and the config of this checkpoint');
  asVerb(command, ['nanoc new my_model', 'nanoc new my_draft --from-checkpoint checkpoint'], run, {
    quick: true,
  });
}

async function run(cx: Context, { fromCheckpoint }: Options, [argument]: readonly string[]): Promise<number> {
  if (fromCheckpoint === undefined) return fromTemplate(cx, argument);
  const checkpoint = openCheckpoint(fromCheckpoint, {});
  const target = newSpec(argument ?? nameFor(checkpoint));
  return fromTensors(cx, target, checkpoint, fromCheckpoint);
}

function fromTemplate({ io }: Context, argument: string | undefined): number {
  if (argument === undefined) {
    throw usage('no name given', 'nanoc new my_model, or nanoc new --from-checkpoint <path>');
  }
  const target = newSpec(argument);
  const { name, path } = target;
  putSpec(target, templateFor(name));
  if (io.options.json) io.json({ file: path, model: name });
  else io.made(`${path} is written: a small GPT to change into yours`);
  next(io, [`nanoc check ${path}`, `nanoc inspect ${path}`, `nanoc compile ${path} -o ${modelBeside(path)}`]);
  return exitCodes.fine;
}

/** The model goes into the folder of the spec, not into the current one. */
const modelBeside = (path: string): string => path.replace(/\.nanospec$/, usualTarget().extension);

function next(io: Context['io'], commands: readonly string[]): void {
  io.note(`next:\n${commands.map((command) => `  ${command}`).join('\n')}`);
}

function fromTensors({ io }: Context, target: NewSpec, checkpoint: Checkpoint, from: string): number {
  const { text, marks: found, wrong } = draft(checkpoint, target.name);
  putSpec(target, text);
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
    io.made(found.map((mark) => markText(path, mark)).join('\n'));
  }
  if (fits) io.note(shippedText(fits, from));
  io.report(wrong);
  if (wrong.length > 0) return exitCodes.wrong;
  const compile = `nanoc compile ${path} --checkpoint ${from} -o ${modelBeside(path)}`;
  next(io, missing.length === 0 ? [`nanoc inspect ${path}`, compile] : [`nanoc check ${path}`, compile]);
  return exitCodes.fine;
}

const markText = (path: string, { line, kind, what }: Marked): string =>
  `  ${path}:${line} ${kind === 'lacks' ? 'missing' : 'taken for granted'}: ${what}`;

const missingText = (n: number): string =>
  n === 0 ? 'nothing is missing' : n === 1 ? 'one thing is missing' : `${n} things are missing`;

const shippedText = ({ spec, reason }: ShippedFit, from: string): string =>
  reason === undefined
    ? `the spec ${spec}, which ships, is for this checkpoint: nanoc compile ${spec} --checkpoint ${from}`
    : `the spec ${spec}, which ships, is for this family, but refuses this checkpoint: ${reason}`;
