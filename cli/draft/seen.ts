/** What of a score the config decides: its scale and cap, which tokens are seen, and in which layers order enters. */

import type { Draft } from './notes.ts';

/** Lists with an entry per layer: what the spec calls them, and their keys. */
export const perLayer = { kinds: 'layer_types', turns: 'no_rope_layers' } as const;

export interface Seen {
  /** Of the call of `attention`. */
  readonly options: readonly string[];
  /** Lines of the block that says it. */
  readonly members: readonly string[];
  /** The block wants the number of its layer. */
  readonly perLayer: boolean;
  /** A condition under which a layer turns queries and keys; absent where all do or none does. */
  readonly when?: string;
  readonly said: readonly string[];
}

export function seenBy(draft: Draft): Seen {
  const { window, mixed, said } = windowOf(draft);
  const { when, said: turning } = turnedWhere(draft, mixed);
  return {
    options: [
      ...(window ? [`window=${window}`] : []),
      ...(draft.alibi ? ['bias=alibi'] : []),
      ...scores(draft),
    ],
    members: [
      ...(mixed ? ['local = kinds[i] == "sliding_attention"'] : []),
      ...(mixed && draft.tables === 2 ? ['rope = if local then near_rope else far_rope'] : []),
    ],
    perLayer: mixed || when !== undefined,
    ...(when ? { when } : {}),
    said: [...said, ...turning, ...otherKinds(draft)],
  };
}

/** Kinds of attention that are drafted like those that see all. */
function otherKinds({ sizes }: Draft): readonly string[] {
  const kinds = sizes.find([perLayer.kinds])?.value;
  const others = (Array.isArray(kinds) ? [...new Set(kinds)] : []).filter(
    (kind) =>
      typeof kind === 'string' &&
      /attention$/.test(kind) &&
      !/^(full_|sliding_|linear_)?attention$/.test(kind),
  );
  return others.map((kind) => `layers of the kind ${JSON.stringify(kind)} see all tokens`);
}

const scores = ({ sizes }: Draft): readonly string[] => [
  ...(sizes.use('multiplier') !== undefined
    ? ['scale=multiplier']
    : sizes.use('query') !== undefined
      ? ['scale=query ** -0.5']
      : []),
  ...(sizes.use('inner') === undefined ? [] : ['softcap=inner']),
];

interface Window {
  /** The option of `attention`; absent where every token is seen. */
  readonly window?: string;
  /** Some layers have it, those of which `local` is true. */
  readonly mixed: boolean;
  readonly said: readonly string[];
}

/** `kinds` is an entry of the spec where the config lists the kinds of its layers. */
function windowOf({ sizes, family }: Draft): Window {
  const none = { mixed: false, said: [] };
  if (sizes.peek('window') === undefined || sizes.find(['use_sliding_window'])?.value === false) return none;
  const kinds = sizes.find([perLayer.kinds])?.value;
  if (!Array.isArray(kinds)) {
    sizes.use('window');
    return { window: 'window', mixed: false, said: ['every layer has the window'] };
  }
  if (!kinds.includes('sliding_attention')) return none;
  sizes.use('window');
  if (kinds.every((kind) => kind === 'sliding_attention'))
    return { window: 'window', mixed: false, said: [] };
  return {
    window: 'if local then window else none',
    mixed: true,
    said: family.farUnturned ? [] : ['layers with a window differ from the others in nothing else'],
  };
}

function turnedWhere(
  { sizes, family, tables }: Draft,
  mixed: boolean,
): { readonly when?: string; readonly said: readonly string[] } {
  if (tables === 0) return { said: [] };
  const list = sizes.find([perLayer.turns])?.value;
  if (Array.isArray(list)) {
    sizes.find(['no_rope_layer_interval']);
    return {
      when: 'turns[i] == 1',
      said: ["1 in no_rope_layers stands for a layer that does turn, as SmolLM3's code has it"],
    };
  }
  return mixed && family.farUnturned
    ? {
        when: 'local',
        said: [`layers without the window do not turn queries and keys, as ${family.by} code has it`],
      }
    : { said: [] };
}
