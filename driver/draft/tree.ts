/** The names in a checkpoint as the modules that they come from. */

import type { LazyTensor } from '../../compiler/checkpoint/checkpoint.ts';
import { isReservedWord } from '../../spec/tokens.ts';

export interface Module {
  /** From the root, with its dots; empty at the root. */
  readonly path: string;
  /** The last part of the path. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, LazyTensor>;
  readonly modules: ReadonlyMap<string, Module>;
  /** Its name where a spec makes it a member of the block around the module that contains it. */
  readonly alias?: string;
}

interface Growing extends Module {
  readonly tensors: Map<string, LazyTensor>;
  readonly modules: Map<string, Growing>;
}

const grow = (path: string, name: string): Growing => ({
  path,
  name,
  tensors: new Map(),
  modules: new Map(),
});

export function moduleTree(tensors: Iterable<LazyTensor>): Module {
  const root = grow('', '');
  for (const tensor of tensors) {
    const parts = tensor.name.split('.');
    const own = parts.pop()!;
    let at = root;
    for (const part of parts) {
      const next = at.modules.get(part) ?? grow(at.path ? `${at.path}.${part}` : part, part);
      at.modules.set(part, next);
      at = next;
    }
    at.tensors.set(own, tensor);
  }
  return root;
}

/** A path that no member of a spec can have; undefined when all can be written. */
export function unsayable(names: Iterable<string>): string | undefined {
  for (const name of names) {
    const parts = name.split('.');
    if (parts.length > 40 || !parts.every((part) => /^\w+$/.test(part) && !isReservedWord(part))) return name;
  }
  return undefined;
}

export interface Numbered {
  readonly index: number;
  readonly module: Module;
}

/** The entries of a module whose keys are all numbers, in order and perhaps with gaps. */
export function numbered({ tensors, modules }: Module): readonly Numbered[] | undefined {
  const keys = [...modules.keys()];
  if (keys.length === 0 || tensors.size > 0 || !keys.every((key) => /^(0|[1-9]\d{0,4})$/.test(key)))
    return undefined;
  return [...modules.values()]
    .map((module) => ({ index: Number(module.name), module }))
    .sort((a, b) => a.index - b.index);
}

/** A list with members that are no numbers, which a spec must give another name. */
export function besideNumbers({ path, name, tensors, modules }: Module) {
  const entries = [...modules].map(([key, inner]) => ({
    key,
    inner,
    isEntry: /^(0|[1-9]\d{0,4})$/.test(key),
  }));
  const list = new Map(entries.filter((e) => e.isEntry).map((e) => [e.key, e.inner]));
  const others = entries.filter((e) => !e.isEntry).map((e) => e.inner);
  if (list.size === 0 || tensors.size + others.length === 0) return undefined;
  return { list: { path, name, tensors: new Map(), modules: list } satisfies Module, tensors, others };
}

/** The entries of a module that is a list from 0 on without a gap. */
export function listOf(module: Module): readonly Module[] | undefined {
  const entries = numbered(module);
  return entries?.every(({ index }, i) => index === i) ? entries.map((entry) => entry.module) : undefined;
}

/** A number is no name: a member for it is called otherwise, and says where it comes from. */
export const memberNamed = (name: string): { readonly name: string; readonly from: string } =>
  /^\d/.test(name) ? { name: `part_${name}`, from: ` from "${name}"` } : { name, from: '' };

/** The same for two modules whose tensors have the same names and shapes. */
export function signature({ tensors, modules }: Module): string {
  const own = [...tensors].map(([name, { shape }]) => `${name}[${shape}]`);
  const inner = [...modules].map(([name, module]) => `${name}{${signature(module)}}`);
  return [...own, ...inner].sort().join(',');
}

export function* everyModule(module: Module): Generator<Module> {
  yield module;
  for (const inner of module.modules.values()) yield* everyModule(inner);
}

export function tensorCount({ tensors, modules }: Module): number {
  return [...modules.values()].reduce((sum, module) => sum + tensorCount(module), tensors.size);
}

export const shapeOf = (module: Module, name = 'weight'): readonly number[] | undefined =>
  module.tensors.get(name)?.shape;

/** The matrices of a module; those of the one module in it, if that is all (`nn.Sequential`), under names of their own. */
export function partsWithin(module: Module): readonly Module[] {
  const parts = [...module.modules.values()];
  const [only] = parts;
  const within = parts.length === 1 && only && only.tensors.size === 0 ? only : undefined;
  return within
    ? [...within.modules.values()].map((m) => ({ ...m, alias: `${within.name}_${m.name}` }))
    : parts.map((m) => (/^\d/.test(m.name) ? { ...m, alias: `part_${m.name}` } : m));
}

/** `layers_0` for ` from "layers.0"`. */
export const aliased = ({ name, alias }: Module): { readonly name: string; readonly from: string } =>
  alias === undefined
    ? { name, from: '' }
    : {
        name: alias,
        from: ` from "${alias.startsWith('part_') ? name : `${alias.slice(0, -name.length - 1)}.${name}`}"`,
      };

const onlyHas = ({ tensors, modules }: Module, names: readonly string[]): boolean =>
  modules.size === 0 && [...tensors.keys()].every((name) => names.includes(name));

/** A `weight` of two axes, with or without `bias`: Linear, Conv1D or Embedding. */
export const isMatrix = (module: Module): boolean =>
  shapeOf(module)?.length === 2 && onlyHas(module, ['weight', 'bias']);

/** The names that a norm's gain goes by. */
const gains = ['weight', 'scale', 'gamma'] as const;

/** One gain of one axis, with or without `bias`: a norm. */
export function gainOf(module: Module): string | undefined {
  const name = gains.find((gain) => shapeOf(module, gain)?.length === 1);
  return name !== undefined && onlyHas(module, [name, ...offsets]) ? name : undefined;
}

/** Names of what a norm adds: `bias`, or another one beside a `scale`. */
const offsets = ['bias', 'shift'] as const;

export const offsetOf = ({ tensors }: Module): string | undefined =>
  offsets.find((name) => tensors.has(name));

export const hasBias = ({ tensors }: Module): boolean => tensors.has('bias');
