/** Backends and passes that a user names by the file they are in. */

import type { Backend } from '../backends/backend.ts';
import { findBackend } from '../backends/index.ts';
import type { Pass } from '../compiler/pass.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import { isModulePath, loadModule } from './load_module.ts';

/** A name of ours, or a file whose default export is a backend. Refuses (N501, N512). */
export async function loadTarget(target: string): Promise<Backend> {
  if (!isModulePath(target)) return findBackend(target);
  const { default: backend } = await loadModule(target);
  if (isBackend(backend)) return backend;
  throw new Refusal([
    error('N512', `${target} is no backend`, {
      file: target,
      expected: 'export default defineBackend({ name, doc, extension, needs, passes, emit })',
      found: described(backend),
    }),
  ]);
}

/** The passes of `--plugin` files, in their order. Refuses (N512). */
export async function loadPasses(paths: readonly string[]): Promise<readonly Pass[]> {
  const passes: Pass[] = [];
  for (const path of paths) {
    const { passes: found } = await loadModule(path);
    if (!Array.isArray(found) || found.length === 0 || !found.every(isPass)) {
      throw new Refusal([
        error('N512', `${path} has no passes`, {
          file: path,
          expected: 'export const passes = [{ name, doc, keepsScopes, run(graph, { trace }) { ... } }]',
          found: Array.isArray(found) ? 'a list in which not all are passes' : described(found),
        }),
      ]);
    }
    passes.push(...found);
  }
  return passes;
}

type Shape = Readonly<Record<string, 'string' | 'function' | 'boolean'>>;

const has = (value: unknown, shape: Shape): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(shape).every(([key, type]) => typeof (value as Record<string, unknown>)[key] === type); // an object, as just seen

const isBackend = (value: unknown): value is Backend =>
  has(value, {
    ...{ name: 'string', doc: 'string', extension: 'string' },
    ...{ needs: 'function', passes: 'function', emit: 'function' },
  });

const isPass = (value: unknown): value is Pass =>
  has(value, { name: 'string', doc: 'string', keepsScopes: 'boolean', run: 'function' });

const described = (value: unknown): string =>
  value === undefined
    ? 'no such export'
    : typeof value === 'object' && value !== null
      ? `an object with ${Object.keys(value).join(', ') || 'nothing in it'}`
      : typeof value;
