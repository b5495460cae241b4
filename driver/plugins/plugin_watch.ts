/** Code of plugins may never come to its end: whoever can end this process is told before and after such code runs. */

export interface PluginWatch {
  /** From now on the file may end the process, or fail where nobody has called it. */
  loading(path: string): void;
  /** Code of this file is run now, for so many seconds at most. */
  running(path: string, seconds: number): void;
  /** It has come to its end. */
  finished(): void;
}

let watch: PluginWatch = { loading: () => {}, running: () => {}, finished: () => {} };

/** There is one process, and so there is one watch. */
export const watchPlugins = (by: PluginWatch): void => {
  watch = by;
};

export const pluginWatch = (): PluginWatch => watch;

/** What a plugin may take, where the user says nothing else. */
export const pluginSeconds = (usual: number): number => Number(process.env['NANOC_PLUGIN_SECONDS']) || usual;

export const moreTime = 'NANOC_PLUGIN_SECONDS gives it more time';
