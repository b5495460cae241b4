/** `nanoc run`: generate text or token ids from a compiled model, a token at a time as they are made. */

import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { generate } from '../runtime/generate.ts';
import { type Device, devices } from '../runtime/onnx_node_session.ts';
import type { Tokenizer } from '../runtime/tokenizer.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import { type Context, exitCodes, runAction, withGlobals } from './command.ts';
import { whole } from './compile_options.ts';
import type { IoOptions } from './io.ts';
import { openModel } from './model_kinds.ts';
import { usage } from './open_inputs.ts';
import { besideModel, namedTokenizer, readTokenizer } from './tokenizer_files.ts';

interface Options extends Partial<IoOptions> {
  readonly prompt?: string;
  readonly tokens?: readonly number[];
  readonly tokenizer?: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly seed: number;
  readonly device: Device;
}

export function addRun(program: Command): void {
  withGlobals(program.command('run'))
    .description('generate text or token ids from a compiled model, streaming')
    .argument('<model>', 'a .onnx or .pt file that nanoc wrote')
    .option('--prompt <text>', 'text to continue; `-` reads it from stdin; needs a tokenizer')
    .option('--tokens <ids>', 'token ids to continue, as in 1,2,3; ids come out', tokenIds)
    .option(
      '--tokenizer <path>',
      'tokenizer.pkl, tokenizer.json, or their folder; else looked for beside the model',
    )
    .option('-n, --max-tokens <n>', 'stop after this many', whole(1), 256)
    .option('--temperature <t>', '0 takes the most probable token every time', nonNegative, 0)
    .option('--top-k <k>', 'draw from the k most probable', whole(1))
    .option('--top-p <p>', 'draw from the fewest that reach this probability', share)
    .option('--min-p <p>', 'draw from those at least this fraction as probable as the first', share)
    .option('--seed <n>', 'of the draws', whole(0), 42)
    .addOption(new Option('--device <name>', 'where the model runs').choices(devices).default('cpu'))
    .action((model: string, options: Options) => runAction(run, options, [model]));
}

function nonNegative(text: string): number {
  const n = Number(text);
  if (text.trim() === '' || !Number.isFinite(n) || n < 0)
    throw new InvalidArgumentError('say a number, 0 or more.');
  return n;
}

function share(text: string): number {
  const n = nonNegative(text);
  if (n > 1) throw new InvalidArgumentError('say a number from 0 to 1.');
  return n;
}

function tokenIds(text: string): readonly number[] {
  const ids = text.split(/[\s,]+/).filter((word) => word !== '');
  if (ids.length === 0 || ids.some((id) => !/^\d+$/.test(id))) {
    throw new InvalidArgumentError('say token ids, as in 1,2,3.');
  }
  return ids.map(Number);
}

async function run(
  { io, signal }: Context,
  options: Options,
  [model = '']: readonly string[],
): Promise<number> {
  const given = [options.prompt, options.tokens].filter((x) => x !== undefined).length;
  if (given === 0) throw usage('say what to continue', 'give --prompt TEXT, or --tokens IDS');
  if (given === 2) throw usage('--prompt and --tokens both say what to continue', 'give one of them');
  const file = openModel(model);
  const tokenizer = options.prompt === undefined ? undefined : tokenizerOf(model, options.tokenizer);
  const prompt = promptIds(options, tokenizer);
  const session = await file.open(options.device);
  const start = performance.now();
  let [count, first] = [0, 0];
  const decoder = tokenizer?.decodeStream();
  try {
    for await (const token of generate(session, prompt, samplingOf(options, tokenizer))) {
      if (signal.aborted) throw new Refusal([]);
      if (count++ === 0) first = performance.now() - start;
      const ended = tokenizer?.stops.includes(token) ?? false;
      const text = ended ? undefined : decoder?.push(token);
      if (io.options.json) io.json({ token, ...(text === undefined ? {} : { text }) });
      else if (!tokenizer) process.stdout.write(`${count === 1 ? '' : ' '}${token}`);
      else if (text) process.stdout.write(text);
    }
  } finally {
    await session.close();
    if (!io.options.json && count > 0) process.stdout.write(`${decoder?.end() ?? ''}\n`);
  }
  const seconds = (performance.now() - start) / 1000;
  const rest = count > 1 ? `, then ${((count - 1) / (seconds - first / 1000)).toFixed(0)} a second` : '';
  io.note(`${count} token${count === 1 ? '' : 's'}, first after ${first.toFixed(0)} ms${rest}`);
  return exitCodes.fine;
}

function promptIds({ prompt, tokens }: Options, tokenizer: Tokenizer | undefined): readonly number[] {
  if (tokens) return tokens;
  const text = prompt === '-' ? readFileSync(0, 'utf8') : (prompt ?? '');
  return [...(tokenizer!.bos === undefined ? [] : [tokenizer!.bos]), ...tokenizer!.encode(text)];
}

const samplingOf = (options: Options, tokenizer: Tokenizer | undefined) => ({
  maxTokens: options.maxTokens,
  temperature: options.temperature,
  seed: options.seed,
  stop: tokenizer?.stops ?? [],
  ...(options.topK === undefined ? {} : { topK: options.topK }),
  ...(options.topP === undefined ? {} : { topP: options.topP }),
  ...(options.minP === undefined ? {} : { minP: options.minP }),
});

function tokenizerOf(model: string, named: string | undefined): Tokenizer {
  const path = named === undefined ? besideModel(model) : namedTokenizer(named);
  if (path !== undefined) return readTokenizer(path).tokenizer;
  throw new Refusal([
    error('N708', 'no tokenizer beside the model', {
      file: model,
      expected: 'tokenizer.pkl or tokenizer.json',
      hint: 'name it with --tokenizer PATH, or give --tokens IDS instead of a prompt',
    }),
  ]);
}
