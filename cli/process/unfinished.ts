/** Watches for code of a plugin that ends the process, or fails outside any call. */

import { setImmediate } from 'node:timers/promises';
import { error, Refusal } from '../../spec/diagnostic.ts';

const plugins: string[] = [];

/** Records a plugin, whose code may do so from now on. */
export const notePlugin = (path: string): void => void plugins.push(path);

let leaving = false;

/** Ends the process on purpose. */
export function leave(code: number): never {
  leaving = true;
  process.exit(code);
}

/** Calls `explain` with the cause, and exits with the code that it returns. Returns a function that ends the watch. */
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

/** Lets pending failures of a plugin happen now, while they are watched. */
export async function settle(): Promise<void> {
  if (plugins.length > 0) await setImmediate();
}

/** Ends the process even if a plugin has left a timer behind, which would keep it running for ever. */
export function endAfterwards(): void {
  if (plugins.length === 0) return;
  const end = (): void => {
    if (process.stdout.writableLength + process.stderr.writableLength === 0)
      leave(Number(process.exitCode ?? 0));
  };
  setInterval(end, 500).unref();
}

/** The cause, blamed on a plugin if there is one, and otherwise on nanoc. */
function blamed(what: string, cause: unknown): unknown {
  const [file] = plugins;
  if (file === undefined || cause instanceof Refusal) return cause;
  const found = cause instanceof Error ? `${cause.name}: ${cause.message.split('\n')[0]}` : String(cause);
  return new Refusal([error('N512', `${file} ${what}`, { file, found })]);
}
