/** Names of ports at the boundary, as the clients of ONNX models expect them. */

import type { PortDecl } from '../../spec/sink.ts';

export interface PortNames {
  readonly input: string;
  readonly output: string;
}

/** Of the output that holds the new rows alone: `new_key_values.0.key`, `new_state.h.0.attn.latent`. */
export const newRowsName = ({ input }: PortNames): string => input.replace(/^past_/, 'new_');

interface Group {
  readonly key: PortDecl[];
  readonly value: PortDecl[];
  readonly others: PortDecl[];
}

/** `h.0.attn.k#2` -> the executed instance `h.0.attn#2`, and `k`. */
function splitName(name: string): { readonly instance: string; readonly own: string } {
  const [, path = '', own = name, turn = ''] = /^(?:(.*)\.)?([^.#]+)(#\d+)?$/.exec(name) ?? [];
  return { instance: `${path}${turn}`, own };
}

const isKey = (own: string): boolean => /^(k|keys?)$/.test(own);
const isValue = (own: string): boolean => /^(v|values?)$/.test(own);

type Half = 'key' | 'value';

const state = (name: string): PortNames => ({ input: `past_state.${name}`, output: `present_state.${name}` });

export const isState = ({ input }: PortNames): boolean => input.startsWith('past_state.');

/** With `%d` for the layer, the pattern of names that some clients are configured with. */
export const layerNames = (layer: number | '%d', half: Half): PortNames => ({
  input: `past_key_values.${layer}.${half}`,
  output: `present.${layer}.${half}`,
});

/** The layer of a port, and whether it holds its key or its value; undefined for other ports. */
export function layerOf({ input }: PortNames): { readonly layer: number; readonly half: Half } | undefined {
  const [, layer, half] = /^past_key_values\.(\d+)\.(key|value)$/.exec(input) ?? [];
  return layer === undefined ? undefined : { layer: Number(layer), half: half === 'key' ? half : 'value' };
}

/**
 * Growing caches of one executed instance are a layer's key and value: `k` and `v`, or else the first and the second.
 * Layers count in order of execution; caches of fixed length, and a third cache of an instance, go by their path.
 */
export function portNames(caches: readonly PortDecl[]): ReadonlyMap<string, PortNames> {
  const groups = new Map<string, Group>();
  for (const decl of caches) {
    if (decl.last !== undefined || decl.carried) continue;
    const { instance, own } = splitName(decl.name);
    const group = groups.get(instance) ?? { key: [], value: [], others: [] };
    groups.set(instance, group);
    if (isKey(own)) group.key.push(decl);
    else if (isValue(own)) group.value.push(decl);
    else group.others.push(decl);
  }
  const names = new Map(caches.map((c) => [c.name, state(c.name)]));
  [...groups.values()].forEach(({ key, value, others }, layer) => {
    const rest = [...others];
    const first = key[0] ?? rest.shift();
    const second = value[0] ?? rest.shift();
    if (first) names.set(first.name, layerNames(layer, 'key'));
    if (second) names.set(second.name, layerNames(layer, 'value'));
  });
  return names;
}
