/** The code of an archive: one class for each kind of module, and the functions that they call. */

import type { Region } from '../../compiler/graph/regions.ts';
import { lastOf } from '../../spec/dotted_path.ts';
import { type CodeContext, packageName } from './code_context.ts';
import { bodiesOf, forwardText } from './method.ts';
import type { MethodText } from './method_text.ts';
import { modelForward, newCache } from './model_methods.ts';
import type { Module } from './module_tree.ts';
import { freeName, isIdentifier } from './names.ts';

export interface Code {
  readonly text: string;
  /** Name of the class of each module. */
  readonly classOf: ReadonlyMap<Module, string>;
}

/** Modules are one class when slots, types and code are the same; a class comes after those of its children. */
export function writeClasses(root: Module, region: Region, context: CodeContext): Code {
  const bodies = bodiesOf(region, context);
  const classOf = new Map<Module, string>();
  const known = new Map<string, string>();
  const texts: string[] = [];
  const methods = (module: Module): readonly MethodText[] => {
    if (module === root) {
      const cache = newCache(context);
      return [modelForward(bodies.get(region)!, context), ...(cache ? [cache] : [])];
    }
    return module.region ? [forwardText(module.region, bodies.get(module.region)!, context)] : [];
  };
  const write = (module: Module): void => {
    for (const child of module.children.values()) write(child);
    const head = slotLines(module, classOf);
    const own = methods(module);
    const key = [className(module, context), ...head, ...own.flatMap((m) => m.plain)].join('\n');
    const same = known.get(key);
    if (same !== undefined) return void classOf.set(module, same);
    const taken = new Set([...known.values(), ...context.functions.keys()]);
    const name = freeName(className(module, context), (n) => taken.has(n));
    known.set(key, name);
    classOf.set(module, name);
    texts.push([`class ${name}(Module):`, ...head, ...own.flatMap((m) => m.lines)].join('\n'));
  };
  write(root);
  const functions = [...context.functions.values()].map((f) => f.text).sort();
  return { text: `${[...functions, ...texts].join('\n\n')}\n`, classOf };
}

/** The name that the spec gives the block; a list of modules has the name of torch's own class. */
function className(module: Module, { spec }: CodeContext): string {
  const name = spec.blockName(module.path);
  if (name !== undefined && isIdentifier(name)) return name;
  const names = [...module.children.keys()];
  if (names.length > 0 && names.every((n) => /^\d+$/.test(n))) return 'ModuleList';
  if (module.slots.length === 0 && !module.region) return 'ModuleDict';
  const words = lastOf(module.path)
    .split(/\W|_/)
    .filter((w) => w !== '');
  const pascal = words.map((w) => w[0]!.toUpperCase() + w.slice(1)).join('');
  return isIdentifier(pascal) ? pascal : 'Block';
}

function slotLines(module: Module, classOf: ReadonlyMap<Module, string>): string[] {
  const names = (kind: string): string =>
    module.slots
      .filter((s) => s.kind === kind)
      .map((s) => `${JSON.stringify(s.name)}, `)
      .join('');
  const declared = (name: string, type: string): string =>
    isIdentifier(name) ? `  ${name} : ${type}` : `  __annotations__[${JSON.stringify(name)}] = ${type}`;
  return [
    `  __parameters__ = [${names('parameter')}]`,
    `  __buffers__ = [${names('buffer')}]`,
    ...module.slots.map((s) => declared(s.name, 'Tensor')),
    '  training : bool',
    '  _is_full_backward_hook : Optional[bool]',
    ...[...module.children].map(([name, child]) => declared(name, `${packageName}.${classOf.get(child)!}`)),
  ];
}
