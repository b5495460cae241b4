/** One wrapper around every verb: global options, diagnostics to exit codes, Ctrl-C. */

import type { Command } from 'commander';
import { Option } from 'commander';
import { watchPlugins } from '../driver/plugins/plugin_watch.ts';
import { type Ending, endings, exitCodes, signalCodes } from '../driver/process/exit_codes.ts';
import { onSignals, tell } from '../driver/process/supervised.ts';
import { leave, settle, watchUnfinished } from '../driver/process/unfinished.ts';
import type { Code } from '../spec/codes.ts';
import { Bug, hasErrors, Refusal } from '../spec/diagnostic.ts';
import { farewellOf } from './farewell.ts';
import { withExamples } from './help.ts';
import { choice } from './options/choice.ts';
import { type Io, type IoOptions, makeIo } from './output/io.ts';

export { exitCodes };

export interface Context {
  readonly io: Io;
  /** Aborted by Ctrl-C; long work checks it between chunks. */
  readonly signal: AbortSignal;
  /** Called before the first byte: the supervising process removes unfinished files where this one is killed. */
  readonly onWriting: (files: readonly string[], folders: readonly string[]) => void;
  /** Called first on Ctrl-C, where set; true when it stopped a part of the work, so that the verb goes on. */
  stopsShort?: () => boolean;
  /** The message when Ctrl-C ends the verb, instead of the one for verbs that write files. */
  farewell?: string;
}

/** Returns the exit code; nothing means 0. */
export type Action<O> = (cx: Context, options: O, args: readonly string[]) => Promise<number | undefined>;

export interface Manner {
  /** Set for a verb that leaves nothing behind until it writes, so that till then a signal may simply end the process. */
  readonly quick?: boolean;
}

/** Ends the declaration of a verb: the global options, its examples, and what it does. */
export function asVerb<O extends Partial<IoOptions>>(
  command: Command,
  examples: readonly string[],
  action: Action<O>,
  manner: Manner = {},
): void {
  command
    .optionsGroup('Messages:')
    .option('--json', 'machine-readable results and diagnostics on stdout')
    .option('--quiet', 'errors, and what was asked for; nothing else')
    .addOption(choice(new Option('--color <when>', 'colour'), ['auto', 'always', 'never']).default('auto'))
    .helpOption('-h, --help', 'show this')
    .showHelpAfterError('(add --help for the options)')
    .action(() => runAction(action, command.opts<O>(), command.args, manner));
  withExamples(command, examples);
}

/** Runs a verb and turns what comes out of it into an exit code; never shows a stack trace. */
export async function runAction<O extends Partial<IoOptions>>(
  action: Action<O>,
  options: O,
  args: readonly string[],
  { quick = false }: Manner = {},
): Promise<void> {
  const io = makeIo({
    json: options.json ?? false,
    quiet: options.quiet ?? false,
    color: options.color ?? 'auto',
  });
  const abort = new AbortController();
  let listenNoMore: (() => void) | undefined;
  const listen = () => {
    listenNoMore ??= onSignals(endings, interrupt);
  };
  const onWriting: Context['onWriting'] = (writing, making) => {
    tell({ writing, making });
    listen();
  };
  const cx: Context = { io, signal: abort.signal, onWriting };
  // The first asks; whoever asks twice does not want to wait.
  const interrupt = (name: Ending) => {
    if (name === 'SIGINT' && cx.stopsShort?.()) return;
    const code = signalCodes[name];
    if (abort.signal.aborted) leave(code);
    abort.abort(code);
    tell({ ending: name });
  };
  if (!quick) listen();
  watchPlugins({
    running: (plugin, seconds) => tell({ plugin, seconds }),
    finished: () => tell({ seconds: 0 }),
  });
  const watchNoMore = watchUnfinished((cause) => explain(cx, cause));
  try {
    process.exitCode = (await action(cx, options, args)) ?? exitCodes.fine;
    await settle();
  } catch (thrown) {
    process.exitCode = explain(cx, thrown);
  } finally {
    watchNoMore();
    listenNoMore?.();
  }
}

/** Codes that mean that the command line is wrong, and not the files that it names. */
const usageCodes: ReadonlySet<Code> = new Set<Code>(['N402', 'N501', 'N503', 'N510']);

function explain({ io, signal, farewell }: Context, thrown: unknown): number {
  const { aborted, reason } = signal;
  if (aborted) {
    io.note(farewell ?? farewellOf(''));
    return reason as number; // `interrupt` aborts with the exit code
  }
  if (thrown instanceof Refusal) {
    io.report(thrown.diagnostics);
    if (!hasErrors(thrown.diagnostics)) return exitCodes.fine;
    return thrown.diagnostics.some((d) => usageCodes.has(d.code)) ? exitCodes.usage : exitCodes.wrong;
  }
  const what = thrown instanceof Error ? thrown.message : String(thrown);
  const kind = thrown instanceof Bug ? 'a bug in nanoc' : 'an unexpected failure, which is a bug in nanoc';
  process.stderr.write(`nanoc: ${kind}: ${what}\n`);
  if (process.env['NANOC_DEBUG'] && thrown instanceof Error) process.stderr.write(`${thrown.stack}\n`);
  else process.stderr.write('please report it; NANOC_DEBUG=1 shows where it happened\n');
  return exitCodes.bug;
}

/** Handles errors of the output streams, also while help texts are printed. */
export function watchStreams(): void {
  process.stdout.off('error', lostOutput).on('error', lostOutput);
  process.stderr.off('error', lostMessages).on('error', lostMessages);
}

/** When nobody reads messages any more, the work and its exit code go on. */
function lostMessages(): void {}

/** `nanoc specs | head -1` closes our pipe early, which is no failure; a full disk is one. */
function lostOutput({ code, message }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE') leave(exitCodes.fine);
  process.stderr.write(`nanoc: the output cannot be written: ${message}\n`);
  leave(exitCodes.wrong);
}
