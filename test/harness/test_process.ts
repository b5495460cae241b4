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

/** What a process has said about the file that it runs. */
interface Heard {
  stdout: string;
  stderr: string;
  /** In the order in which it came. */
  both: string;
  /** Of the test that began last. */
  title: string;
  outcome?: Outcome;
  /** Called whenever there is more. */
  changed(): void;
}

const nothingYet = { stdout: '', stderr: '', both: '', title: '' };
const isWhole = ({ outcome, stdout, stderr }: Heard): boolean =>
  outcome !== undefined && stdout.includes(mark) && stderr.includes(mark);

function listen(child: ChildProcess): Heard {
  const heard: Heard = { ...nothingYet, changed: () => {} };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      heard[name] += text;
      heard.both += text;
      heard.changed();
    });
  }
  let line = '';
  (child.stdio[messages] as NodeJS.ReadableStream).setEncoding('utf8').on('data', (text: string) => {
    const lines = (line + text).split('\n');
    line = lines.pop()!;
    for (const message of lines.map((json): Message => JSON.parse(json))) {
      if (message.kind === 'test') heard.title = message.title;
      else heard.outcome = message.outcome;
    }
    heard.changed();
  });
  return heard;
}

export function testProcess(settings: Settings): TestProcess {
  const child = started(settings);
  const heard = listen(child);
  const patience = Math.min(60, settings.idleSeconds / 2);
  const ran: string[] = [];
  let alive = true;
  let hung: string | undefined;
  const closed = over(child).then(([code, signal]) => {
    alive = false;
    running.delete(child);
    heard.changed();
    const how = signal ? `it was ended by ${signal}` : `it exited with ${code}`;
    return hung ?? (code === 0 ? undefined : how);
  });
  const watch = (): (() => void) =>
    watchForHang(child.pid!, settings, (why) => {
      hung = why;
      end(child);
    });
  return {
    ran,
    get alive() {
      return alive;
    },
    async run(task) {
      ran.push(task.file);
      delete heard.outcome;
      Object.assign(heard, nothingYet);
      const stop = watch();
      // Where it has just ended, its end is told below.
      child.send({ ...task, mark, patience } satisfies Task, () => {});
      await new Promise<void>((resolve) => {
        heard.changed = () => {
          if (isWhole(heard) || !alive) resolve();
        };
        heard.changed();
      });
      stop();
      const { outcome, title } = heard;
      const output = heard.both.replaceAll(mark, '');
      if (outcome) return { outcome, output };
      const where = title === '' ? 'before its first test' : `in or after "${title}"`;
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
