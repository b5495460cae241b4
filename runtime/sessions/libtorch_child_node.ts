/** A child process that answers one message at a time: see `libtorch_program.ts` for what a message is. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** An answer of the child. `body` reads the bytes that follow the text, in order; all of them must be read. */
export interface Answer {
  readonly lines: readonly string[];
  body(length: number): Promise<Buffer>;
}

export interface Child {
  /** Sends a message after earlier exchanges have ended; `read` turns the answer into a value. Throws a `ChildGone` when no answer comes. */
  exchange<T>(lines: readonly string[], body: readonly Uint8Array[], read: Read<T>): Promise<T>;
  /** The message that the child sends unasked when it has started. */
  greeting(): Promise<readonly string[]>;
  close(): Promise<void>;
}

type Read<T> = (answer: Answer) => Promise<T>;

/** The child could not be started, ended, or was given up; the message says which. */
export class ChildGone extends Error {}

/** The child was given up since an answer took too long. */
export class ChildTooSlow extends ChildGone {}

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Seconds that one answer may take, once the child has started. */
  readonly callSeconds: number;
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the process when aborted. */
  readonly signal?: AbortSignal;
}

/** Seconds that the start may take: torch is large, and may have to be read from disk. */
const startSeconds = 120;

export function startChild({ command, args, callSeconds, env, signal }: ChildOptions): Child {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    env: { ...process.env, ...env },
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  signal?.addEventListener('abort', kill, { once: true });
  const reader = readerOf(child);
  // Whatever closes early, the end of the process says more.
  child.stdin.on('error', () => {});
  let last: Promise<unknown> = Promise.resolve();
  const answer = async (): Promise<Answer> => {
    const length = (await reader.take(4)).readUInt32LE(0);
    const text = (await reader.take(length)).toString('utf8');
    return { lines: text.split('\n'), body: (n) => reader.take(n) };
  };
  const timed = async <T>(work: () => Promise<T>, seconds: number): Promise<T> => {
    const timer = setTimeout(() => {
      reader.stop(new ChildTooSlow(`no answer within ${seconds} s`));
      kill();
    }, 1000 * seconds);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  };
  const inTurn = <T>(work: () => Promise<T>, seconds = callSeconds): Promise<T> => {
    const mine = last.then(() => timed(work, seconds));
    last = mine.catch(() => {});
    return mine;
  };
  return {
    greeting: () => inTurn(async () => (await answer()).lines, startSeconds),
    exchange: (lines, body, read) =>
      inTurn(async () => {
        const text = Buffer.from(lines.join('\n'), 'utf8');
        const length = Buffer.alloc(4);
        length.writeUInt32LE(text.length);
        for (const piece of [length, text, ...body]) if (piece.length > 0) child.stdin.write(piece);
        return read(await answer());
      }),
    async close() {
      await last;
      process.off('exit', kill);
      signal?.removeEventListener('abort', kill);
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
      const timer = setTimeout(kill, 5000);
      child.stdin.end();
      await ended;
      clearTimeout(timer);
    },
  };
}

interface Reader {
  take(length: number): Promise<Buffer>;
  stop(cause: ChildGone): void;
}

interface Wanted {
  readonly bytes: Buffer;
  at: number;
  readonly done: (bytes: Buffer) => void;
  readonly fail: (cause: Error) => void;
}

/** Reads the child's output in pieces of requested lengths, one request at a time. */
function readerOf(child: ChildProcessByStdio<Writable, Readable, Readable>): Reader {
  const waiting: Buffer[] = [];
  let wanted: Wanted | undefined;
  let gone: ChildGone | undefined;
  let said = '';
  const serve = (): void => {
    while (wanted && wanted.at < wanted.bytes.length && waiting.length > 0) {
      const [chunk] = waiting as [Buffer]; // one is there, as just seen
      const taken = chunk.copy(wanted.bytes, wanted.at);
      wanted.at += taken;
      if (taken === chunk.length) waiting.shift();
      else waiting[0] = chunk.subarray(taken);
    }
    if (!wanted) return;
    const { bytes, at, done, fail } = wanted;
    if (at === bytes.length) done(bytes);
    else if (gone) fail(gone);
    else return;
    wanted = undefined;
  };
  const stop = (cause: ChildGone): void => {
    gone ??= cause;
    serve();
  };
  child.stdout.on('data', (chunk: Buffer) => {
    waiting.push(chunk);
    serve();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-2000);
  });
  child.on('error', (cause) => stop(new ChildGone(cause.message)));
  child.on('close', (code, signal) => {
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    const line = said.trim().split('\n').at(-1);
    stop(new ChildGone(`it ended with ${how}${line ? `: ${line.slice(0, 300)}` : ''}`));
  });
  return {
    stop,
    take: (length) =>
      new Promise((done, fail) => {
        wanted = { bytes: Buffer.allocUnsafeSlow(length), at: 0, done, fail };
        serve();
      }),
  };
}
