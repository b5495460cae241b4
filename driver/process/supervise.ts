/**
 * Runs a command in a process of its own. Code that is not ours (a runtime, a plugin) answers nothing while it lasts; this process
 * does nothing else, so that Ctrl-C is answered at once, and what an ended command leaves is removed.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Diagnostic } from '../../spec/diagnostic.ts';
import { unanswered } from '../plugins/plugin_watch.ts';
import { tidyAfter } from '../work_folder.ts';
import { type Ending, endings, exitCodes, signalCodes } from './exit_codes.ts';
import type { SupervisorMessage } from './supervised.ts';

/** How the end of a command is told, which the command itself can tell no more. */
export interface Told {
  /** Nothing but errors. */
  readonly quiet: boolean;
  /** Diagnostics as JSON on standard output. */
  readonly json: boolean;
  /** The message when a signal ended it. */
  readonly farewell: string;
}

/** Milliseconds that a command has to answer a signal, and again to end; after that it is killed. */
const answerMilliseconds = 700;

/** Leaves the exit code in `process.exitCode`. */
export async function supervise(argv: readonly string[], told: Told): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, ...argv.slice(1)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NANOC_SUPERVISOR: String(process.pid) },
  });
  const watched = watch(child);
  const asked = (name: Ending): void => watched.ask(name);
  for (const name of endings) process.on(name, asked);
  const [code, signal] = await new Promise<readonly [number | null, NodeJS.Signals | null]>((done) => {
    child.once('exit', (...how) => done(how));
    child.once('error', (cause) => {
      process.stderr.write(`nanoc: no process could be started: ${cause.message}\n`);
      done([exitCodes.wrong, null]);
    });
  });
  for (const name of endings) process.off(name, asked);
  if (code !== 0) tidyAfter(watched.pid, watched.targets, watched.folders);
  process.exitCode = code ?? (await explain(told, signal, watched));
}

interface Watched {
  readonly pid: number;
  /** Files that are being written, and folders that are made for them. */
  targets: readonly string[];
  folders: readonly string[];
  /** Why the command was ended from here. */
  ended?: Ending | Diagnostic;
  ask(name: Ending): void;
}

function watch(child: ChildProcess): Watched {
  let timer: NodeJS.Timeout | undefined;
  let last: NodeJS.Timeout | undefined;
  let deadline: NodeJS.Timeout | undefined;
  const end = (why: Ending | Diagnostic): void => {
    watched.ended ??= why;
    child.kill('SIGKILL');
  };
  const watched: Watched = {
    pid: child.pid ?? -1,
    targets: [],
    folders: [],
    ask(name) {
      if (child.connected) child.send({ signal: name }, () => {});
      timer ??= setTimeout(() => end(name), answerMilliseconds);
    },
  };
  child.on('message', (said: SupervisorMessage) => {
    if ('heard' in said) {
      clearTimeout(timer);
      timer = undefined;
    } else if ('ending' in said) last ??= setTimeout(() => end(said.ending), answerMilliseconds);
    else if ('writing' in said) [watched.targets, watched.folders] = [said.writing, said.making];
    else {
      clearTimeout(deadline);
      const { plugin, seconds } = said;
      if (plugin !== undefined) deadline = setTimeout(() => end(unanswered(plugin, seconds)), 1000 * seconds);
    }
  });
  child.once('exit', () => {
    for (const running of [timer, last, deadline]) clearTimeout(running);
  });
  return watched;
}

/** Explains a command that was ended by a signal, and returns the exit code. */
async function explain(told: Told, signal: NodeJS.Signals | null, watched: Watched): Promise<number> {
  const { ended } = watched;
  if (typeof ended === 'object') {
    await show(told, ended);
    return exitCodes.wrong;
  }
  const name = ended ?? endings.find((known) => known === signal);
  if (name !== undefined) {
    if (!told.quiet && !told.json)
      process.stderr.write(`${process.stderr.isTTY ? '\n' : ''}${told.farewell}\n`);
    return signalCodes[name];
  }
  const memory = signal === 'SIGABRT' || signal === 'SIGKILL';
  process.stderr.write(
    memory
      ? `nanoc: the command was ended by ${signal}, most likely for want of memory; nothing was left behind\n`
      : `nanoc: the command ended by ${signal}, which is a bug in nanoc or in what it runs\n`,
  );
  return memory ? exitCodes.wrong : exitCodes.bug;
}

async function show({ json }: Told, diagnostic: Diagnostic): Promise<void> {
  const { render, toJson } = await import('../../spec/render.ts');
  if (json) process.stdout.write(`${JSON.stringify(toJson(diagnostic))}\n`);
  else process.stderr.write(`${render([diagnostic], { color: false })}\n`);
}
