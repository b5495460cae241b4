/** Backends and passes that a user names by the file they are in. */

import { described } from '../../backends/artifact_fault.ts';
import type { Backend } from '../../backends/backend.ts';
import type { Pass } from '../../compiler/passes/pass.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { isBuiltin } from '../../spec/elaborate/builtins/builtins.ts';
import { append } from '../../spec/long_list.ts';
import type { Op } from '../../spec/op.ts';
import { addedOp, addOp } from '../../spec/ops/added.ts';
import { isComposite } from '../../spec/ops/index.ts';
import { primitives } from '../../spec/primitives/index.ts';
import { addTarget, findTarget } from '../registry.ts';
import { blamedBackend, blamedOp, blamedPass, blaming, has, isPass } from './blame.ts';
import { isModulePath, loadModule } from './load_module.ts';

/** A name of ours, or a file whose default export is a backend. Refuses (N501, N512). */
export async function loadTarget(target: string): Promise<Backend> {
  if (!isModulePath(target)) return findTarget(target);
  const { default: backend } = await loadModule(target);
  const found = backendIn(target, backend);
  if (found) return found;
  throw new Refusal([
    error('N512', `${target} is no backend`, {
      file: target,
      expected: 'export default defineBackend({ name, doc, extension, needs, passes, emit })',
      found: describedExport(backend),
    }),
  ]);
}

/** From now on its files can be opened, too. */
function backendIn(path: string, exported: unknown): Backend | undefined {
  const read = (): Backend | undefined => (isBackend(exported) ? blamedBackend(path, exported) : undefined);
  const found = blaming(path, 'the backend', read);
  if (found) addTarget(found);
  return found;
}

/** Adds the ops of `--plugin` files to the language and their backend to the targets, and gives their passes. Refuses (N512). */
export async function loadPlugins(paths: readonly string[]): Promise<readonly Pass[]> {
  const passes: Pass[] = [];
  for (const path of paths) {
    const found = await loadModule(path);
    const [own, ops] = blaming(path, 'the plugin', () => [
      listOf(path, found, 'passes', isPass),
      listOf(path, found, 'ops', isOp),
    ]);
    const backend = backendIn(path, found['default']);
    if (own.length + ops.length === 0 && !backend) {
      throw new Refusal([
        error('N512', `${path} extends nothing`, {
          file: path,
          expected: 'export const passes = [...], or export const ops = [defineOp({ ... })]',
          found: describedExport(found),
        }),
      ]);
    }
    for (const op of ops) addOrRefuse(path, op);
    append(
      passes,
      own.map((pass) => blamedPass(path, pass)),
    );
  }
  return passes;
}

function listOf<T>(
  path: string,
  found: Readonly<Record<string, unknown>>,
  name: string,
  is: (value: unknown) => value is T,
): readonly T[] {
  const list = found[name];
  if (list === undefined) return [];
  if (Array.isArray(list) && list.every(is)) return list;
  throw new Refusal([
    error('N512', `the ${name} of ${path} are none`, {
      file: path,
      expected:
        name === 'passes'
          ? 'objects { name, doc, keepsScopes, run(graph, { trace }) }'
          : 'objects { name, doc, inputs, infer(types, attrs), decompose(emit, inputs, attrs) }',
      found: Array.isArray(list) ? 'a list with something else in it' : describedExport(list),
    }),
  ]);
}

function addOrRefuse(path: string, op: Op): void {
  const known = Object.hasOwn(primitives, op.name) || isBuiltin(op.name) || isComposite(op.name);
  if (known && addedOp(op.name)?.doc !== op.doc) {
    const hint = 'give it a name of its own';
    throw new Refusal([error('N512', `there is an op named \`${op.name}\` already`, { file: path, hint })]);
  }
  if (!/^[a-z_][a-z0-9_]*$/.test(op.name)) {
    const found = JSON.stringify(op.name);
    throw new Refusal([error('N512', 'an op needs a name of small letters', { file: path, found })]);
  }
  addOp(blamedOp(path, op));
}

const isBackend = (value: unknown): value is Backend =>
  has(value, {
    ...{ name: 'string', doc: 'string', extension: 'string' },
    ...{ needs: 'function', passes: 'function', emit: 'function' },
  });

const isOp = (value: unknown): value is Op =>
  has(value, { name: 'string', doc: 'string', infer: 'function', decompose: 'function' }) &&
  Array.isArray((value as Op).inputs);

const describedExport = (value: unknown): string =>
  value === undefined ? 'no such export' : described(value);
