/**
 * Runs a command in a process of its own. Code that is not ours (a runtime, a plugin) answers nothing while it lasts; this process
 * does nothing else, so that Ctrl-C is answered at once, and what an ended command leaves is removed.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { unanswered } from '../../driver/plugins/plugin_watch.ts';
import { type Ending, endings, exitCodes, signalCodes } from '../../driver/process/exit_codes.ts';
import type { SupervisorMessage } from '../../driver/process/supervised.ts';
import { tidyAfter } from '../../driver/work_folder.ts';
import type { Diagnostic } from '../../spec/diagnostic.ts';
import { farewellOf } from './farewell.ts';

/** Verbs that run no code but ours, without a second process: a signal simply ends them, but for `compile` once it writes. */
const ownVerbs = ['check', 'fmt', 'specs', 'targets', 'help', 'completion', 'inspect', 'new', 'compile'];

/** Options that bring other code, or a second target to compile to while the first is there. */
const moreThanOwn = /\0--(?:plugin|verify)|\0--target[=\0][a-z]*[^a-z\0]|\0--target.*\0--target[=\0]/;

/** A debugger is attached to one process. */
const isDebugged = (): boolean =>
  [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((option) => option.includes('--inspect'));

export function wantsSupervisor(argv: readonly string[]): boolean {
  const [verb = ''] = argv.slice(2);
  return (
    /^[a-z]/.test(verb) && (!ownVerbs.includes(verb) || moreThanOwn.test(argv.join('\0'))) && !isDebugged()
  );
}

/** Milliseconds that a command has to answer a signal, and again to end; after that it is killed. */
const answerMilliseconds = 700;

/** Leaves the exit code in `process.exitCode`. */
export async function supervise(argv: readonly string[]): Promise<void> {
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
  process.exitCode = code ?? (await explain(argv, signal, watched));
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
async function explain(
  argv: readonly string[],
  signal: NodeJS.Signals | null,
  watched: Watched,
): Promise<number> {
  const { ended } = watched;
  if (typeof ended === 'object') {
    await show(argv, ended);
    return exitCodes.wrong;
  }
  const name = ended ?? endings.find((known) => known === signal);
  if (name !== undefined) {
    if (!argv.includes('--quiet') && !argv.includes('--json'))
      process.stderr.write(`${process.stderr.isTTY ? '\n' : ''}${farewellOf(argv[2] ?? '')}\n`);
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

async function show(argv: readonly string[], diagnostic: Diagnostic): Promise<void> {
  const { render, toJson } = await import('../../spec/render.ts');
  if (argv.includes('--json')) process.stdout.write(`${JSON.stringify(toJson(diagnostic))}\n`);
  else process.stderr.write(`${render([diagnostic], { color: false })}\n`);
}
