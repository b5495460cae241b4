/** Code of plugins may never return, end the process, or fail where nobody has called it: who watches the process is told when it runs. */

import { type Diagnostic, error, Refusal } from '../../spec/diagnostic.ts';

export interface PluginWatch {
  /** Code of this file starts to run, and may take this many seconds. */
  running(path: string, seconds: number): void;
  /** The code has returned. */
  finished(): void;
}

let watch: PluginWatch = { running: () => {}, finished: () => {} };

/** Sets the watch, of which a process has one. */
export const watchPlugins = (by: PluginWatch): void => {
  watch = by;
};

export const pluginWatch = (): PluginWatch => watch;

/** Seconds that a plugin may take: `usual`, unless NANOC_PLUGIN_SECONDS says otherwise. */
export const pluginSeconds = (usual: number): number => Number(process.env['NANOC_PLUGIN_SECONDS']) || usual;

export const moreTime = 'NANOC_PLUGIN_SECONDS gives it more time';

const loaded: string[] = [];

/** From now on the code of this file may run at any time. */
export const notePlugin = (path: string): void => void loaded.push(path);

export const hasPlugins = (): boolean => loaded.length > 0;

/** The cause, blamed on the first plugin if there is one, and otherwise as it is. */
export function blamedOnPlugin(what: string, cause: unknown): unknown {
  const [file] = loaded;
  if (file === undefined || cause instanceof Refusal) return cause;
  const found = cause instanceof Error ? `${cause.name}: ${cause.message.split('\n')[0]}` : String(cause);
  return new Refusal([error('N512', `${file} ${what}`, { file, found })]);
}

/** What is said of a plugin that was ended because it did not return. */
export const unanswered = (file: string, seconds: number): Diagnostic =>
  error('N512', `${file} does not answer`, {
    file,
    found: `its code has run for ${seconds} s`,
    hint: `is there a loop without an end? ${moreTime}`,
  });
