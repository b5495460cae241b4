/** `nanoc run`: generate text or token ids from a compiled model, a token at a time as they are made. */

import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type End, generateRows, type Step } from '../runtime/generate.ts';
import { type Bos, bosChoices, generateText } from '../runtime/generate_text.ts';
import type { Session } from '../runtime/session.ts';
import { Refusal } from '../spec/diagnostic.ts';
import { type Context, exitCodes, runAction, withGlobals } from './command.ts';
import { whole } from './compile_options.ts';
import type { IoOptions } from './io.ts';
import { openModel } from './model_kinds.ts';
import { usage } from './open_inputs.ts';
import { collect } from './repeatable.ts';
import { rowOutput } from './row_output.ts';
import { type SamplingOptions, samplingOf, withSamplingOptions } from './sampling_options.ts';
import { speedOf, speedText } from './speed.ts';
import { tokenizerFor } from './tokenizer_files.ts';

interface Options extends SamplingOptions, Partial<IoOptions> {
  readonly prompt: readonly string[];
  readonly tokens: readonly (readonly number[])[];
  readonly numSamples: number;
  readonly stop: readonly string[];
  readonly special?: boolean;
  readonly bos: Bos;
  readonly stats?: boolean;
}

export function addRun(program: Command): void {
  const command = program
    .command('run')
    .description('generate text or token ids from a compiled model, streaming')
    .argument('<model>', 'a .onnx or .pt file that nanoc wrote, or a folder with one')
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
    .option('--num-samples <n>', 'continuations of each prompt, which is computed once', whole(1), 1)
    .option(
      '--stop <text>',
      'end before this text, or with --tokens at these ids; repeatable',
      collect(String),
      [],
    )
    .option('--special', 'special tokens written in a prompt count as such')
    .addOption(
      new Option('--bos <when>', 'begin prompts with the BOS token: as the tokenizer says, always, or never')
        .choices(bosChoices)
        .default('auto'),
    )
    .option('--stats', 'say on stderr how fast it was');
  withGlobals(withSamplingOptions(command, { temperature: 0 })).action((model: string, options: Options) =>
    runAction(run, options, [model]),
  );
}

function tokenIds(text: string): readonly number[] {
  const ids = text.split(/[\s,]+/).filter((word) => word !== '');
  if (ids.length === 0 || ids.some((id) => !/^\d+$/.test(id))) {
    throw new InvalidArgumentError('say token ids, as in 1,2,3.');
  }
  return ids.map(Number);
}

/** What comes of one row at a time: a token, and the text that it makes certain where there is a tokenizer. */
interface Shown extends Step {
  readonly text?: string;
}

async function run(cx: Context, options: Options, [model = '']: readonly string[]): Promise<number> {
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
  const file = openModel(model);
  const rows = (prompt.length + tokens.length) * options.numSamples;
  const made = prompt.length > 0 ? texts(file.path, options) : ids(options);
  const session = await file.open(options.device);
  const speed = speedOf();
  try {
    await show(cx, made(session), rows, prompt.length > 0, speed.token);
  } finally {
    await session.close();
  }
  if (options.stats) {
    if (cx.io.options.json) cx.io.json({ stats: speed.summary() });
    else process.stderr.write(`${speedText(speed.summary())}\n`);
  }
  return exitCodes.fine;
}

type Made = (session: Session) => AsyncIterable<Shown>;

function texts(model: string, options: Options): Made {
  const tokenizer = tokenizerFor(model, options.tokenizer);
  const prompts = options.prompt.map((text) => (text === '-' ? readFileSync(0, 'utf8') : text));
  const { numSamples: samples, special = false, bos } = options;
  return (session) =>
    generateText(session, tokenizer, prompts, {
      ...samplingOf(options),
      ...{ samples, special, bos, stopTexts: options.stop },
    });
}

function ids(options: Options): Made {
  const stop = options.stop.flatMap((text) => {
    if (!/^\d+([\s,]+\d+)*$/.test(text))
      throw usage(`--stop ${text} is no token id`, 'with --tokens, ids end a row');
    return tokenIds(text);
  });
  return (session) =>
    generateRows(session, options.tokens, { ...samplingOf(options), stop, samples: options.numSamples });
}

async function show(
  { io, signal }: Context,
  made: AsyncIterable<Shown>,
  rows: number,
  isText: boolean,
  count: () => void,
): Promise<void> {
  const output = rowOutput((text) => void process.stdout.write(text), rows);
  const before = new Set<number>();
  try {
    for await (const step of made) {
      if (signal.aborted) throw new Refusal([]);
      count();
      const { row, token, text, end } = step;
      if (io.options.json) io.json(jsonOf(step, rows));
      else
        output.add(row, isText ? (text ?? '') : `${before.has(row) ? ' ' : ''}${token}`, end !== undefined);
      before.add(row);
    }
  } finally {
    if (!io.options.json) output.close();
  }
}

/** `row` only where there are several. */
const jsonOf = ({ row, token, text, end }: Shown, rows: number) => ({
  ...(rows > 1 ? { row } : {}),
  token,
  ...(text === undefined ? {} : { text }),
  ...(end === undefined ? {} : { end: ends[end] }),
});

const ends: Readonly<Record<End, string>> = { stop: 'stop', until: 'stop', length: 'length' };
