/** A process that holds a model and is asked for one measurement at a time, so that several can take turns. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Milliseconds. */
export interface Answered {
  readonly first: number;
  readonly step: number;
}

export interface AskedHost {
  /** What it calls its runtime. */
  readonly label: string;
  ask(context: number, steps: number): Promise<Answered>;
  close(): Promise<void>;
}

const open = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of open) child.kill('SIGKILL');
});

/** Waits until its model is loaded; throws what it says when it ends early. */
export async function startHost(command: string, args: readonly string[]): Promise<AskedHost> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  open.add(child);
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => void said.push(text));
  const ended = new Promise<never>((_, fail) => {
    const failed = (why: string): void =>
      fail(new Error(`${args.join(' ')}: ${why} ${said.join('').trim()}`));
    child.on('error', (cause) => failed(cause.message));
    child.on('close', (code) => failed(`ended with ${code}`));
  });
  ended.catch(() => {}); // heard where an answer is awaited
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Readonly<Record<string, unknown>>> => {
    for (;;) {
      const { value, done } = await Promise.race([lines.next(), ended]);
      if (done) return await ended;
      if (value.startsWith('{')) return JSON.parse(value);
    }
  };
  const { ready } = await answer();
  return {
    label: String(ready),
    async ask(context, steps) {
      child.stdin.write(`${context} ${steps}\n`);
      return (await answer()) as unknown as Answered; // the protocol of the hosts
    },
    async close() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
      open.delete(child);
    },
  };
}
