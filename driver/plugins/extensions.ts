/** Backends, layouts, passes and ops that a user names by the file they are in. */

import { described, nameFault } from '../../backends/artifact_fault.ts';
import type { Backend } from '../../backends/backend.ts';
import type { Layout } from '../../backends/layout/layout.ts';
import type { Pass } from '../../compiler/passes/pass.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { isBuiltin } from '../../spec/elaborate/builtins/builtins.ts';
import { append } from '../../spec/long_list.ts';
import type { Op } from '../../spec/op.ts';
import { addedOp, addOp } from '../../spec/ops/added.ts';
import { isComposite } from '../../spec/ops/index.ts';
import { primitives } from '../../spec/primitives/index.ts';
import { addLayout, addTarget, findTarget } from '../registry.ts';
import { blamedBackend, blamedLayout, blamedOp, blamedPass, blaming, has, isPass } from './blame.ts';
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

/** Adds what `--plugin` files export: ops to the language, a backend to the targets, layouts to the layouts; gives their passes. Refuses (N512). */
export async function loadPlugins(paths: readonly string[]): Promise<readonly Pass[]> {
  const passes: Pass[] = [];
  for (const path of paths) {
    const found = await loadModule(path);
    const [own, ops, layouts] = blaming(path, 'the plugin', () => [
      listOf(path, found, 'passes', isPass),
      listOf(path, found, 'ops', isOp),
      listOf(path, found, 'layouts', isLayout),
    ]);
    const backend = backendIn(path, found['default']);
    if (own.length + ops.length + layouts.length === 0 && !backend) {
      throw new Refusal([
        error('N512', `${path} extends nothing`, {
          file: path,
          expected: 'export const passes = [...], or export const ops = [defineOp({ ... })]',
          found: describedExport(found),
        }),
      ]);
    }
    for (const op of ops) addOrRefuse(path, op);
    for (const layout of layouts) addLayoutOrRefuse(path, layout);
    append(
      passes,
      own.map((pass) => blamedPass(path, pass)),
    );
  }
  return passes;
}

const wanted = {
  passes: 'name, doc, keepsScopes, run(graph, { trace })',
  ops: 'name, doc, inputs, infer(types, attrs), decompose(emit, inputs, attrs)',
  layouts:
    'name, doc, caches, statesAsLayers, padsUncached, modelFolder, sign, wantsTokenizer, suffixes, around(input)',
} as const;

function listOf<T>(
  path: string,
  found: Readonly<Record<string, unknown>>,
  name: keyof typeof wanted,
  is: (value: unknown) => value is T,
): readonly T[] {
  const list = found[name];
  if (list === undefined) return [];
  if (Array.isArray(list) && list.every(is)) return list;
  throw new Refusal([
    error('N512', `the ${name} of ${path} are none`, {
      file: path,
      expected: `objects { ${wanted[name]} }`,
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

/** Refuses (N512) a model that would lie outside the folder that is written. */
function addLayoutOrRefuse(path: string, layout: Layout): void {
  const { name, modelFolder: folder } = layout;
  const found = folder === '' ? undefined : nameFault(folder);
  if (found !== undefined)
    throw new Refusal([
      error('N512', `the layout ${name} has no folder for its model`, { file: path, found }),
    ]);
  addLayout(blamedLayout(path, layout));
}

const isBackend = (value: unknown): value is Backend =>
  has(value, {
    ...{ name: 'string', doc: 'string', extension: 'string' },
    ...{ needs: 'function', passes: 'function', emit: 'function' },
  });

const isOp = (value: unknown): value is Op =>
  has(value, { name: 'string', doc: 'string', infer: 'function', decompose: 'function' }) &&
  Array.isArray((value as Op).inputs);

const isLayout = (value: unknown): value is Layout =>
  has(value, {
    ...{ name: 'string', doc: 'string', modelFolder: 'string', sign: 'string', around: 'function' },
    ...{ statesAsLayers: 'boolean', padsUncached: 'boolean', wantsTokenizer: 'boolean', suffixes: 'object' },
  }) && Array.isArray((value as Layout).caches);

const describedExport = (value: unknown): string =>
  value === undefined ? 'no such export' : described(value);
