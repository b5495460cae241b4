/** The tree of modules: one for every step of a parameter's path and for every block that runs. */

import type { Graph, Node } from '../../compiler/graph/ir.ts';
import type { Region } from '../../compiler/graph/regions.ts';
import { commonScope } from '../../compiler/graph/scope.ts';
import { Bug } from '../../spec/diagnostic.ts';
import { lastOf, ownerOf } from '../../spec/dotted_path.ts';

export interface Slot {
  readonly name: string;
  readonly kind: 'parameter' | 'buffer';
  /** Name of the weight; tied slots share it. */
  readonly weight: string;
}

export interface Module {
  /** `transformer.h.3.attn`; empty at the model. */
  readonly path: string;
  readonly slots: Slot[];
  readonly children: Map<string, Module>;
  region?: Region;
}

export interface Tied {
  readonly key: string;
  readonly param: string;
}

/** Where each parameter and table lies: path of its slot by the name of its weight. */
export type Places = ReadonlyMap<string, string>;

/** Parameters keep their names; rotary tables go to the member that looks them up: `rope.cos`. */
export function placesOf(graph: Graph): Places {
  const stored = graph.nodes.filter((n) => n.op === 'param' || n.op === 'table');
  const places = new Map(stored.filter((n) => n.op === 'param').map((n) => [nameOf(n), nameOf(n)]));
  const taken = new Set(places.values());
  for (const node of stored.filter((n) => n.op === 'table')) {
    const name = nameOf(node);
    const scope = commonScope(graph.origins[node.id]!);
    const part = lastOf(name);
    const wanted = scope === '' ? name : `${scope}.${part}`;
    const place = taken.has(wanted) ? name : wanted;
    taken.add(place);
    places.set(name, place);
  }
  return places;
}

export const nameOf = ({ attrs }: Node): string => String(attrs['name']);

export function moduleTree(graph: Graph, region: Region, places: Places, tied: readonly Tied[]): Module {
  const root: Module = { path: '', slots: [], children: new Map() };
  const kinds = new Map(graph.nodes.map((n) => [nameOf(n), kindOf(n)] as const));
  for (const [weight, place] of places) addSlot(root, place, kinds.get(weight)!, weight);
  // A model that owns a parameter of that name, untied by its config, has it already.
  for (const { key, param } of tied)
    if (places.has(param) && !places.has(key)) addSlot(root, key, 'parameter', param);
  addRegions(root, region);
  return root;
}

/** Parameters are what can be trained. */
const kindOf = ({ op, type: { dtype } }: Node): Slot['kind'] =>
  op === 'table' || dtype === 'int64' || dtype === 'bool' ? 'buffer' : 'parameter';

function addSlot(root: Module, place: string, kind: Slot['kind'], weight: string): void {
  const module = moduleAt(root, ownerOf(place));
  const name = lastOf(place);
  if (module.children.has(name) || module.slots.some((s) => s.name === name))
    throw new Bug(`${place} is there twice in the tree of modules`);
  module.slots.push({ name, kind, weight });
}

function moduleAt(root: Module, path: string): Module {
  let at = root;
  for (const name of path === '' ? [] : path.split('.')) {
    let next = at.children.get(name);
    if (!next) {
      next = { path: at.path === '' ? name : `${at.path}.${name}`, slots: [], children: new Map() };
      at.children.set(name, next);
    }
    at = next;
  }
  return at;
}

function addRegions(root: Module, region: Region): void {
  moduleAt(root, region.scope).region = region;
  for (const step of region.steps) if (step.kind === 'region') addRegions(root, step.region);
}
