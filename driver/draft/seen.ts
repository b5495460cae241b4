/** What of a score the config decides: its scale and cap, which tokens are seen, and in which layers order enters. */

import { type Draft, granted, nothingSaid, type Said } from './notes.ts';
import { sizeKeys } from './sizes.ts';

/** Lists with an entry per layer: what the spec calls them, and their keys. */
export const perLayer = {
  kinds: 'layer_types',
  turns: 'no_rope_layers',
  windowed: 'sliding_window_indices',
  near: 'rope_indices',
} as const;

export interface Seen {
  /** Of the call of `attention`. */
  readonly options: readonly string[];
  /** Lines of the block that says it. */
  readonly members: readonly string[];
  /** The block wants the number of its layer. */
  readonly perLayer: boolean;
  /** A condition under which a layer turns queries and keys; absent where all do or none does. */
  readonly when?: string;
  readonly said: Said;
}

export function seenBy(draft: Draft): Seen {
  const { window, local, said } = windowOf(draft);
  const { when, said: turning } = turnedWhere(draft, local !== undefined);
  const tables = draft.tables === 2 ? tableOf(draft, local) : undefined;
  const all = [said, turning, otherKinds(draft)];
  return {
    options: [
      ...(window ? [`window=${window}`] : []),
      ...(draft.alibi ? ['bias=alibi'] : []),
      ...scores(draft),
    ],
    members: [
      ...(local ? [`local = ${local}`] : []),
      ...(tables ? [`rope = if ${tables} then near_rope else far_rope`] : []),
    ],
    perLayer: local !== undefined || tables !== undefined || when !== undefined,
    ...(when ? { when } : {}),
    said: {
      assumed: all.flatMap(({ assumed }) => assumed),
      lacks: all.flatMap(({ lacks }) => lacks),
    },
  };
}

/** Which layers turn by the near one. */
const tableOf = ({ sizes }: Draft, local: string | undefined): string =>
  Array.isArray(sizes.find([perLayer.near])?.value)
    ? 'near[i] == 1'
    : local === undefined
      ? 'kinds[i] == "sliding_attention"'
      : 'local';

/** Kinds of attention that are drafted like those that see all. */
function otherKinds({ sizes }: Draft): Said {
  const kinds = sizes.look([perLayer.kinds])?.value;
  const others = (Array.isArray(kinds) ? [...new Set(kinds)] : []).filter(
    (kind) =>
      typeof kind === 'string' &&
      /attention$/.test(kind) &&
      !/^(full_|sliding_|linear_)?attention$/.test(kind),
  );
  return {
    assumed: [],
    lacks: others.map(
      (kind) => `what layers of the kind ${JSON.stringify(kind)} see; all tokens stand for it`,
    ),
  };
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
  /** A condition, where only some layers have it. */
  readonly local?: string;
  readonly said: Said;
}

/** Lists of the config tell which layers have one: of kinds, or of ones and zeros. */
function windowOf({ sizes, family }: Draft): Window {
  const none = { said: nothingSaid };
  if (sizes.peek('window') === undefined) return none;
  if (sizes.look(['use_sliding_window'])?.value === false) {
    sizes.find(sizeKeys.window);
    return none;
  }
  sizes.find(['use_sliding_window']);
  const flags = sizes.look([perLayer.windowed])?.value;
  const kinds = sizes.look([perLayer.kinds])?.value;
  const isNear = Array.isArray(flags)
    ? flags.slice(0, sizes.peek('depth')).map((flag) => flag === 1 || flag === true)
    : Array.isArray(kinds)
      ? kinds.map((kind) => kind === 'sliding_attention')
      : undefined;
  if (isNear === undefined) {
    sizes.use('window');
    return {
      window: 'window',
      said: granted(
        family.sure,
        'every layer has the window',
        'which layers have the window, as no entry says it; all of them stand for it',
      ),
    };
  }
  sizes.find(Array.isArray(flags) ? [perLayer.windowed] : [perLayer.kinds]);
  if (!isNear.includes(true)) {
    sizes.find(sizeKeys.window);
    return none;
  }
  sizes.use('window');
  if (!isNear.includes(false)) return { window: 'window', ...none };
  return {
    window: 'if local then window else none',
    local: Array.isArray(flags) ? 'windowed[i] == 1' : 'kinds[i] == "sliding_attention"',
    said:
      family.farUnturned || Array.isArray(flags)
        ? nothingSaid
        : { assumed: ['layers with a window differ from the others in nothing else'], lacks: [] },
  };
}

function turnedWhere(
  { sizes, family, tables }: Draft,
  mixed: boolean,
): { readonly when?: string; readonly said: Said } {
  if (tables === 0) return { said: nothingSaid };
  const list = sizes.find([perLayer.turns])?.value;
  if (Array.isArray(list)) {
    sizes.find(['no_rope_layer_interval']);
    return {
      when: 'turns[i] == 1',
      said: granted(
        family.sure,
        "1 in no_rope_layers stands for a layer that does turn, as SmolLM3's code has it",
        'which layers turn queries and keys: those with 1 in no_rope_layers, or those with 0',
      ),
    };
  }
  return mixed && family.farUnturned
    ? {
        when: 'local',
        said: granted(
          true,
          `layers without the window do not turn queries and keys, as ${family.by} code has it`,
          '',
        ),
      }
    : { said: nothingSaid };
}
