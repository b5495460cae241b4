/** `nanoc run`: generate text or token ids from a compiled model, a token at a time as they are made. */

import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ContinueOptions, continueIds, continueTexts } from '../driver/continue_model.ts';
import { type ModelFile, openModel } from '../driver/model_kinds.ts';
import { loadPlugins } from '../driver/plugins/extensions.ts';
import { extensionsText } from '../driver/registry.ts';
import { tokenizerFor } from '../driver/tokenizer_files.ts';
import { usage } from '../driver/usage.ts';
import type { End, Step } from '../runtime/generate.ts';
import { type Bos, bosChoices } from '../runtime/generate_text.ts';
import { rowOutput } from '../runtime/row_output.ts';
import { speedOf, speedText } from '../runtime/speed.ts';
import { Refusal } from '../spec/diagnostic.ts';
import { asVerb, type Context, exitCodes } from './command.ts';
import { noteEscapes, unescaped } from './escapes.ts';
import { farewellOf } from './farewell.ts';
import { choice } from './options/choice.ts';
import { type ModelOptions, withModelOptions } from './options/model_options.ts';
import { whole } from './options/read_value.ts';
import { collect, pluginOption } from './options/repeatable.ts';
import { type SamplingOptions, withSamplingOptions } from './options/sampling_options.ts';
import type { Io, IoOptions } from './output/io.ts';

interface Options extends SamplingOptions, ModelOptions, Partial<IoOptions> {
  readonly prompt: readonly string[];
  readonly tokens: readonly (readonly number[])[];
  readonly numSamples: number;
  readonly stop: readonly string[];
  readonly escapes?: boolean;
  readonly special?: boolean;
  readonly bos: Bos;
  readonly stats?: boolean;
}

export function addRun(program: Command): void {
  const command = program
    .command('run')
    .description('generate text or token ids from a compiled model, streaming')
    .argument('<model>', `a ${extensionsText()} file that nanoc wrote, or a folder with one`)
    .optionsGroup('Text:')
    .option(
      '--prompt <text>',
      'text to continue; `-` reads it from stdin; repeatable, all in one batch; needs a tokenizer',
      collect(String),
      [],
    )
    .option(
      '--tokens <ids>',
      'token ids to continue, as in 1,2,3; ids come out; repeatable',
      collect(tokenIds),
      [],
    )
    .option(
      '-e, --escapes',
      'in --prompt and --stop \\n means a line break, and \\t a tab, whatever the shell',
    )
    .option('--num-samples <n>', 'continuations of each prompt, which is computed once', whole(1), 1)
    .option(
      '--stop <text>',
      'end before this text, or with --tokens at these ids; repeatable',
      collect(String),
      [],
    )
    .option(
      '--special',
      'read special tokens spelled out in a prompt, such as <|bos|>, as tokens and not as text',
    )
    .addOption(
      choice(
        new Option('--bos <when>', 'begin prompts with the BOS token; auto: as the tokenizer says'),
        bosChoices,
      ).default('auto'),
    )
    .option('--stats', 'say on stderr how fast it was');
  withModelOptions(withSamplingOptions(command, { temperature: 0 })).addOption(pluginOption());
  asVerb(
    command,
    [
      'nanoc run model.onnx -e --prompt "ROMEO:\\n" --temperature 0.8 --top-k 50',
      'nanoc run model.onnx --prompt "My lord" --prompt "The king" -n 20 --stats',
      'nanoc run model.onnx --tokens 1,2,3 --json',
    ],
    run,
  );
}

function tokenIds(text: string): readonly number[] {
  const ids = text.split(/[\s,]+/).filter((word) => word !== '');
  if (ids.length === 0 || ids.some((id) => !/^\d+$/.test(id))) {
    throw new InvalidArgumentError('say token ids, as in 1,2,3.');
  }
  return ids.map(Number);
}

/** One token of one row, with the text that became certain with it if there is a tokenizer. */
interface Shown extends Step {
  readonly text?: string;
}

async function run(cx: Context, options: Options, [model = '']: readonly string[]): Promise<number> {
  cx.farewell = farewellOf('run');
  const { prompt, tokens } = options;
  if (prompt.length + tokens.length === 0)
    throw usage('say what to continue', 'give --prompt TEXT, or --tokens IDS');
  if (prompt.length > 0 && tokens.length > 0)
    throw usage('--prompt and --tokens both say what to continue', 'give one of them');
  if (tokens.length > 0 && options.bos !== 'auto')
    throw usage(
      `--bos ${options.bos} is for prompts that are text`,
      'write the id of the token with --tokens',
    );
  if (prompt.filter((text) => text === '-').length > 1)
    throw usage('--prompt - is there twice', 'standard input can be read once');
  const plugins = await loadPlugins(options.plugin);
  const file = openModel(model, { ...options, plugins, signal: cx.signal });
  const rows = (prompt.length + tokens.length) * options.numSamples;
  const speed = speedOf();
  const continued = { ...options, signal: cx.signal, onOpen: speed.start };
  const steps = prompt.length > 0 ? texts(cx.io, file, continued) : ids(file, continued);
  const atOnce = await show(cx, steps, rows, prompt.length > 0, speed.token);
  noteEnded(cx.io, atOnce, rows, prompt);
  if (options.stats) {
    if (cx.io.options.json) cx.io.json({ stats: speed.summary() });
    else process.stderr.write(`${speedText(speed.summary())}\n`);
  }
  return exitCodes.fine;
}

type Continued = Options & ContinueOptions;

function texts(io: Io, model: ModelFile, options: Continued): AsyncIterable<Shown> {
  const { numSamples: samples, escapes = false, stop, ...more } = options;
  const tokenizer = tokenizerFor(model.path, options.tokenizer); // refused before standard input is waited for
  if (!escapes) noteEscapes(io, options.prompt);
  const read = escapes ? unescaped : String;
  const prompts = options.prompt.map((text) => (text === '-' ? readFileSync(0, 'utf8') : read(text)));
  return continueTexts(model, prompts, { ...more, tokenizer, samples, stopTexts: stop.map(read) });
}

function ids(model: ModelFile, { stop, numSamples: samples, ...more }: Continued): AsyncIterable<Shown> {
  const ends = stop.flatMap((text) => {
    if (!/^\d+([\s,]+\d+)*$/.test(text))
      throw usage(`--stop ${text} is no token id`, 'with --tokens, ids end a row');
    return tokenIds(text);
  });
  return continueIds(model, more.tokens, { ...more, stop: ends, samples });
}

/** Prints rows; returns those whose first token already ended the text. */
async function show(
  { io, signal }: Context,
  made: AsyncIterable<Shown>,
  rows: number,
  isText: boolean,
  count: () => void,
): Promise<readonly number[]> {
  const output = rowOutput((text) => void process.stdout.write(text), rows);
  const before = new Set<number>();
  const atOnce: number[] = [];
  try {
    for await (const step of made) {
      if (signal.aborted) throw new Refusal([]);
      count();
      const { row, token, text, end } = step;
      if (io.options.json) io.json(jsonOf(step, rows));
      else
        output.add(row, isText ? (text ?? '') : `${before.has(row) ? ' ' : ''}${token}`, end !== undefined);
      if (end === 'stop' && !before.has(row)) atOnce.push(row);
      before.add(row);
    }
  } finally {
    if (!io.options.json) output.close();
  }
  return atOnce;
}

/** Notes rows that ended at once, because an empty text looks like a failure. */
function noteEnded(io: Io, atOnce: readonly number[], rows: number, prompts: readonly string[]): void {
  if (atOnce.length === 0) return;
  const which =
    rows > 1
      ? `${[...atOnce]
          .sort((a, b) => a - b)
          .map((row) => row + 1)
          .join(', ')}: `
      : '';
  io.note(`${which}the model ended its text at once`);
  const prompt = prompts[Math.floor((atOnce[0]! * prompts.length) / rows)] ?? '-';
  if (prompt !== '-' && !/(?:\n|\\n)$/.test(prompt))
    io.note('it may go on from a line break: end the prompt in \\n, and add -e');
}

/** JSON of a step; `row` only where there are several rows. */
const jsonOf = ({ row, token, text, end }: Shown, rows: number) => ({
  ...(rows > 1 ? { row } : {}),
  token,
  ...(text === undefined ? {} : { text }),
  ...(end === undefined ? {} : { end: ends[end] }),
});

const ends: Readonly<Record<End, string>> = { stop: 'stop', until: 'stop', length: 'length' };
