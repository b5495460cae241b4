/** Watches for code of a plugin that ends the process, or fails outside any call. */

import { setImmediate } from 'node:timers/promises';
import { blamedOnPlugin, hasPlugins } from '../plugins/plugin_watch.ts';

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
      process.exitCode = explain(blamedOnPlugin('ended the process', new Error('ended before it was done')));
  };
  const failed = (cause: unknown): void =>
    leave(explain(blamedOnPlugin('failed while nobody called it', cause)));
  process.on('exit', exited);
  process.on('uncaughtException', failed);
  return () => {
    process.off('exit', exited);
    process.off('uncaughtException', failed);
  };
}

/** Lets pending failures of a plugin happen now, while they are watched. */
export async function settle(): Promise<void> {
  if (hasPlugins()) await setImmediate();
}

/** Ends the process even if a plugin has left a timer behind, which would keep it running for ever. */
export function endAfterwards(): void {
  if (!hasPlugins()) return;
  const end = (): void => {
    if (process.stdout.writableLength + process.stderr.writableLength === 0)
      leave(Number(process.exitCode ?? 0));
  };
  setInterval(end, 500).unref();
}
