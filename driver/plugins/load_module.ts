/** Loads a user's own modules: backends and passes in .js, .mjs or .ts files. Their import of `nanospec` resolves to the running program. */

import { createRequire, register } from 'node:module';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { limits } from '../../spec/limits.ts';
import { isFile } from '../on_disk.ts';
import { moreTime, notePlugin, pluginSeconds, pluginWatch } from './plugin_watch.ts';

export const isModulePath = (text: string): boolean => /[/\\]/.test(text) || /\.[cm]?[jt]s$/.test(text);

/** The library of this program, which a plugin must import instead of another copy: the sources where those run, else the bundle. */
const ownLibrary = new URL(import.meta.url.endsWith('.ts') ? '../../index.ts' : './index.js', import.meta.url)
  .href;

let named = false;

function resolveOwnLibrary(): void {
  if (named) return;
  named = true;
  const hook = `export const resolve = (name, context, next) =>
    name === 'nanospec' ? { url: ${JSON.stringify(ownLibrary)}, format: 'module', shortCircuit: true } : next(name, context);`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`, import.meta.url);
}

/** Returns the exports of a module; refuses (N512) one that is missing, does not parse, or throws. */
export async function loadModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  if (!isFile(path)) {
    throw new Refusal([error('N512', `${path} cannot be loaded`, { file: path, found: 'no such file' })]);
  }
  resolveOwnLibrary();
  notePlugin(path);
  const url = pathToFileURL(resolve(path)).href;
  pluginWatch().running(path, pluginSeconds(limits.pluginLoad) + 1);
  try {
    return (await inTime(path, importAny(url, path))) as Readonly<Record<string, unknown>>; // a namespace is an object
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    const found = cause instanceof Error ? `${cause.name}: ${cause.message.split('\n')[0]}` : String(cause);
    const hint = found.includes("'nanospec'")
      ? { hint: `name it .mts or .mjs, or npm install nanospec beside ${basename(path)}` }
      : {};
    throw new Refusal([error('N512', `${path} cannot be loaded`, { file: path, found, ...hint })]);
  } finally {
    pluginWatch().finished();
  }
}

/** Limits the time of loading: a module with a top-level await that never resolves would silently end the process. */
async function inTime<T>(path: string, loaded: Promise<T>): Promise<T> {
  const seconds = pluginSeconds(limits.pluginLoad);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const found = `it has not come to its end within ${seconds} s`;
    const hint = `does it wait at its top level for something that never comes? ${moreTime}`;
    const refusal = new Refusal([error('N512', `${path} cannot be loaded`, { file: path, found, hint })]);
    timer = setTimeout(() => reject(refusal), 1000 * seconds);
  });
  try {
    return await Promise.race([loaded, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** TypeScript is read by Node itself from 22.18 on, and before by tsx, where the user has it. */
async function importAny(url: string, path: string): Promise<unknown> {
  try {
    return await import(url);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw cause;
  }
  const tsx = await tsxNear(path);
  if (tsx) return tsx.tsImport(url, url);
  throw new Refusal([
    error('N512', `${path} cannot be loaded`, {
      file: path,
      found: `TypeScript, which Node ${process.versions.node} does not read`,
      hint: `npm install tsx beside ${basename(path)}, or use Node 22.18 or later, or write it as .mjs`,
    }),
  ]);
}

interface Tsx {
  tsImport(url: string, from: string): Promise<unknown>;
}

async function tsxNear(path: string): Promise<Tsx | undefined> {
  try {
    const found = createRequire(resolve(path)).resolve('tsx/esm/api');
    return (await import(pathToFileURL(found.replace(/\.cjs$/, '.mjs')).href)) as Tsx; // by its documentation
  } catch {
    return undefined;
  }
}
