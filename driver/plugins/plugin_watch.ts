/** Code of plugins may never return, so the supervising process is told before and after it runs. */

export interface PluginWatch {
  /** From now on the file may end the process, or fail where nobody has called it. */
  loading(path: string): void;
  /** Code of this file starts to run, and may take this many seconds. */
  running(path: string, seconds: number): void;
  /** The code has returned. */
  finished(): void;
}

let watch: PluginWatch = { loading: () => {}, running: () => {}, finished: () => {} };

/** Sets the watch, of which a process has one. */
export const watchPlugins = (by: PluginWatch): void => {
  watch = by;
};

export const pluginWatch = (): PluginWatch => watch;

/** Seconds that a plugin may take: `usual`, unless NANOC_PLUGIN_SECONDS says otherwise. */
export const pluginSeconds = (usual: number): number => Number(process.env['NANOC_PLUGIN_SECONDS']) || usual;

export const moreTime = 'NANOC_PLUGIN_SECONDS gives it more time';
