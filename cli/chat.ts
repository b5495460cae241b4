/** `nanoc chat`: talk to a model; a line in is a message, the answer comes as it is made. */

import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { openChat } from '../driver/continue_model.ts';
import { openModel } from '../driver/model_kinds.ts';
import { loadPlugins } from '../driver/plugins/extensions.ts';
import { extensionsText } from '../driver/registry.ts';
import { gatherAnswer } from '../runtime/answer.ts';
import type { Chat, ChatPiece } from '../runtime/chat.ts';
import { speedText } from '../runtime/speed.ts';
import { Refusal } from '../spec/diagnostic.ts';
import { asVerb, type Context, exitCodes } from './command.ts';
import { farewellOf } from './farewell.ts';
import { type ModelOptions, withModelOptions } from './options/model_options.ts';
import { pluginOption } from './options/repeatable.ts';
import { type SamplingOptions, withSamplingOptions } from './options/sampling_options.ts';
import type { IoOptions } from './output/io.ts';

interface Options extends SamplingOptions, ModelOptions, Partial<IoOptions> {
  readonly system?: string;
  readonly tools: boolean;
  readonly stats?: boolean;
}

export function addChat(program: Command): void {
  const command = program
    .command('chat')
    .description('talk to a compiled nanochat: a line is a message, piped lines are one conversation')
    .argument('<model>', `a ${extensionsText()} file that nanoc wrote, or a folder with one`)
    .optionsGroup('Conversation:')
    .option('--system <text>', 'put before the first message, as nanochat does')
    .option('--no-tools', 'no calculator, even when the model calls it')
    .option('--stats', 'say on stderr how fast each answer was');
  withModelOptions(withSamplingOptions(command, { temperature: 0.6, topK: 50 })).addOption(pluginOption());
  asVerb(
    command,
    ['nanoc chat chat.onnx', 'echo "What is 365-48?" | nanoc chat chat.onnx --temperature 0'],
    run,
  );
}

async function run(cx: Context, options: Options, [model = '']: readonly string[]): Promise<number> {
  // On a terminal the line in which one types is still open.
  cx.farewell = `${isTyped(cx) ? '\n' : ''}${farewellOf('chat')}`;
  const plugins = await loadPlugins(options.plugin);
  const file = openModel(model, { ...options, plugins, signal: cx.signal });
  const conversations = await openChat(file, options);
  try {
    await talk(cx, conversations.begin, options);
  } finally {
    await conversations.close();
  }
  return exitCodes.fine;
}

const isTyped = ({ io }: Context): boolean => process.stdin.isTTY === true && !io.options.json;

const commands = '/new begins another conversation, /quit or Ctrl-D leaves; Ctrl-C stops an answer';

async function talk(cx: Context, begin: () => Chat, options: Options): Promise<void> {
  if (cx.signal.aborted) throw new Refusal([]); // while the model was opened
  const isTerminal = isTyped(cx);
  if (isTerminal) cx.io.note(commands);
  let conversation = begin();
  for await (const line of messages(cx, isTerminal)) {
    const message = line.trim();
    if (message === '/quit') return;
    if (message === '/new') conversation = begin();
    else if (/^\/[a-z]+$/.test(message)) cx.io.note(commands);
    else if (message !== '') {
      if (isTerminal) process.stdin.setRawMode(false); // Ctrl-C is a signal again, which is heard while the model computes
      await answer(cx, conversation, message, options, isTerminal);
      if (isTerminal && !cx.signal.aborted) process.stdin.setRawMode(true);
    }
  }
}

async function* messages(cx: Context, isTerminal: boolean): AsyncGenerator<string, void, void> {
  const input = createInterface({
    input: process.stdin,
    ...(isTerminal ? { output: process.stdout, prompt: '> ' } : {}),
  });
  // On a terminal readline takes Ctrl-C from the system: it is handed on.
  input.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  cx.signal.addEventListener('abort', () => input.close());
  try {
    if (isTerminal) input.prompt();
    for await (const line of input) {
      if (cx.signal.aborted) break;
      yield line;
      if (isTerminal) input.prompt();
    }
    if (cx.signal.aborted) throw new Refusal([]);
  } finally {
    input.close();
  }
}

/** An error with one message ends a piped conversation; in a typed one it is reported, and the conversation goes on. */
async function answer(
  cx: Context,
  conversation: Chat,
  message: string,
  options: Options,
  isTerminal: boolean,
): Promise<void> {
  const { io } = cx;
  let stopped = false;
  cx.stopsShort = () => {
    const first = !stopped;
    stopped = true;
    return first;
  };
  const show = ({ text, tool }: ChatPiece): boolean => {
    if (!io.options.json) {
      process.stdout.write(text);
      if (tool) io.note(`[${tool.code} = ${tool.result ?? 'not something to calculate'}]`);
    }
    return stopped || cx.signal.aborted;
  };
  try {
    const said = await gatherAnswer(conversation.say(message), show);
    if (io.options.json) return io.json({ message, ...said });
    process.stdout.write('\n');
    if (said.text === '' && said.end === 'stop') io.note('the model ended its answer at once');
    if (options.stats) process.stderr.write(`${speedText(said)}\n`);
  } catch (cause) {
    if (!isTerminal || !(cause instanceof Refusal)) throw cause;
    io.report(cause.diagnostics);
  } finally {
    delete cx.stopsShort;
  }
}
