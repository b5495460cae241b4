/** Watches for what ends a command from beside: code of a plugin that ends the process, or fails where nobody has called it. */

import { setImmediate } from 'node:timers/promises';
import { error, Refusal } from '../../spec/diagnostic.ts';

const plugins: string[] = [];

/** From now on it may do so. */
export const notePlugin = (path: string): void => void plugins.push(path);

let leaving = false;

/** Ends the process from within, which is no accident. */
export function leave(code: number): never {
  leaving = true;
  process.exit(code);
}

/** What `explain` is given is said, and its exit code is taken. Gives what ends the watch. */
export function watchUnfinished(explain: (cause: unknown) => number): () => void {
  const exited = (): void => {
    if (!leaving)
      process.exitCode = explain(blamed('ended the process', new Error('ended before it was done')));
  };
  const failed = (cause: unknown): void => leave(explain(blamed('failed while nobody called it', cause)));
  process.on('exit', exited);
  process.on('uncaughtException', failed);
  return () => {
    process.off('exit', exited);
    process.off('uncaughtException', failed);
  };
}

/** What a plugin has left to fail fails now, while somebody is watching. */
export async function settle(): Promise<void> {
  if (plugins.length > 0) await setImmediate();
}

/** A timer that a plugin has left behind would keep the process for ever. */
export function endAfterwards(): void {
  if (plugins.length === 0) return;
  const end = (): void => {
    if (process.stdout.writableLength + process.stderr.writableLength === 0)
      leave(Number(process.exitCode ?? 0));
  };
  setInterval(end, 500).unref();
}

/** Without a plugin it is a fault of nanoc. */
function blamed(what: string, cause: unknown): unknown {
  const [file] = plugins;
  if (file === undefined || cause instanceof Refusal) return cause;
  const found = cause instanceof Error ? `${cause.name}: ${cause.message.split('\n')[0]}` : String(cause);
  return new Refusal([error('N512', `${file} ${what}`, { file, found })]);
}
