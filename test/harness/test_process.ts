/** The run's side of a process that runs test files. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Patience, watchForHang } from './hang.ts';
import { type Message, messages, type Outcome, type Task } from './protocol.ts';

export interface Ended {
  /** Nothing where the process ended before the file did. */
  readonly outcome?: Outcome;
  readonly output: string;
  /** How the process ended too early, or what was wrong with its end. */
  readonly problem?: string;
}

export interface TestProcess {
  /** Files that it has run. */
  readonly ran: readonly string[];
  readonly alive: boolean;
  run(task: Pick<Task, 'file' | 'title' | 'shared'>): Promise<Ended>;
  /** Lets it end by itself; what was wrong with that. */
  close(): Promise<string | undefined>;
}

export interface Settings extends Patience {
  readonly root: string;
  /** A folder for what V8 writes down about lines that ran. */
  readonly coverage?: string;
}

const running = new Set<ChildProcess>();

/** With all that they started: none is left at work behind a run that was stopped. */
function end(child: ChildProcess): void {
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid!, 'SIGKILL'); // it leads a group of its own
  } catch {
    // it has ended meanwhile
  }
}
export const endAll = (): void => running.forEach(end);

function started({ root, coverage }: Settings): ChildProcess {
  const serve = fileURLToPath(new URL('./serve.ts', import.meta.url));
  const env = { ...process.env, FORCE_COLOR: '0', ...(coverage ? { NODE_V8_COVERAGE: coverage } : {}) };
  const child = spawn(process.execPath, ['--import', 'tsx', serve], {
    cwd: root,
    env,
    detached: process.platform !== 'win32',
    stdio: ['pipe', 'pipe', 'pipe', 'ipc', 'pipe'],
  });
  running.add(child);
  return child;
}

type Ending = readonly [code: number | null, signal: NodeJS.Signals | null];

/** Once it has ended and all that it said was read: `close` is not told of a process that was disconnected. */
async function over(child: ChildProcess): Promise<Ending> {
  const streams = [child.stdout!, child.stderr!, child.stdio[messages]!];
  const [ending] = await Promise.all([
    once(child, 'exit'),
    ...streams.map((stream) => once(stream, 'close')),
  ]);
  return ending as unknown as Ending; // what `exit` is told with
}

/** A mark that no test writes by chance. */
const mark = `\n\u0000end of a test file ${process.pid}\n`;

export function testProcess(settings: Settings): TestProcess {
  const child = started(settings);
  const patience = Math.min(60, settings.idleSeconds / 2);
  const ran: string[] = [];
  const said = { stdout: '', stderr: '', both: '', title: '' };
  let [alive, outcome, hung, changed] = [
    true,
    undefined as Outcome | undefined,
    undefined as string | undefined,
    (): void => {},
  ];
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      said.both += text;
      changed();
    });
  }
  let line = '';
  (child.stdio[messages] as NodeJS.ReadableStream).setEncoding('utf8').on('data', (text: string) => {
    const lines = (line + text).split('\n');
    line = lines.pop()!;
    for (const message of lines.map((json): Message => JSON.parse(json))) {
      if (message.kind === 'test') said.title = message.title;
      if (message.kind === 'done') outcome = message.outcome;
    }
    changed();
  });
  const closed = over(child).then(([code, signal]) => {
    alive = false;
    running.delete(child);
    changed();
    const how = signal ? `it was ended by ${signal}` : `it exited with ${code}`;
    return hung ?? (code === 0 ? undefined : how);
  });
  const watch = (): (() => void) =>
    watchForHang(child.pid!, settings, (why) => {
      hung = why;
      end(child);
    });
  const complete = (): boolean =>
    outcome !== undefined && said.stdout.includes(mark) && said.stderr.includes(mark);

  return {
    ran,
    get alive() {
      return alive;
    },
    async run(task) {
      ran.push(task.file);
      Object.assign(said, { stdout: '', stderr: '', both: '', title: '' });
      outcome = undefined;
      const stop = watch();
      // Where it has just ended, its end is told below.
      child.send({ ...task, mark, patience } satisfies Task, () => {});
      await new Promise<void>((resolve) => {
        changed = () => {
          if (complete() || !alive) resolve();
        };
        changed();
      });
      stop();
      const output = said.both.replaceAll(mark, '');
      if (outcome) return { outcome, output };
      const where = said.title === '' ? 'before its first test' : `in or after "${said.title}"`;
      return { output, problem: `${(await closed) ?? 'it exited with 0'}, ${where}` };
    },
    async close() {
      if (!alive) return (await closed) ?? 'it exited with 0 before it was asked to';
      if (child.connected) child.disconnect();
      const stop = watch();
      const problem = await closed;
      stop();
      return problem;
    },
  };
}
