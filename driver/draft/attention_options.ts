/** Which parts of attention depend on the config: scale and cap of scores, windows, and which layers rotate queries and keys. */

import { assumedIf, type Draft, noOpenPoints, type OpenPoints } from './notes.ts';
import { type PerLayerList, perLayerLists } from './per_layer_lists.ts';
import { sizeKeys } from './sizes.ts';

export interface AttentionOptions {
  /** Options in the call of `attention`. */
  readonly options: readonly string[];
  /** Members that the options refer to. */
  readonly members: readonly string[];
  /** Whether the block needs the number of its layer. */
  readonly perLayer: boolean;
  /** Lists that the block reads the entry of its layer in. */
  readonly lists: readonly PerLayerList[];
  /** The condition under which a layer rotates queries and keys; absent where all do or none does. */
  readonly when?: string;
  readonly said: OpenPoints;
}

export function attentionOptions(draft: Draft): AttentionOptions {
  const windows = windowOf(draft);
  const { window, local } = windows;
  const rotation = rotatedWhere(draft, local !== undefined);
  const { when } = rotation;
  const table = draft.tables === 2 ? nearTable(draft, local) : undefined;
  const all = [windows.said, rotation.said, otherKinds(draft)];
  return {
    options: [
      ...(window ? [`window=${window}`] : []),
      ...(draft.alibi ? ['bias=alibi'] : []),
      ...scoreOptions(draft),
    ],
    members: [
      ...(local ? [`local = ${local}`] : []),
      ...(table ? [`rope = if ${table.when} then near_rope else far_rope`] : []),
    ],
    perLayer: local !== undefined || table !== undefined || when !== undefined,
    lists: [windows, rotation, ...(table ? [table] : [])].flatMap(({ list }) => list ?? []),
    ...(when ? { when } : {}),
    said: {
      assumed: all.flatMap(({ assumed }) => assumed),
      lacks: all.flatMap(({ lacks }) => lacks),
    },
  };
}

/** A condition, and the list that it reads. */
interface Condition {
  readonly when: string;
  readonly list?: PerLayerList;
}

const isSliding: Condition = { when: 'kinds[i] == "sliding_attention"', list: 'kinds' };

/** The condition for layers that rotate by the table for windows. */
function nearTable({ sizes }: Draft, local: string | undefined): Condition {
  if (Array.isArray(sizes.find([perLayerLists.near])?.value)) return { when: 'near[i] == 1', list: 'near' };
  return local === undefined ? isSliding : { when: 'local' };
}

/** Other kinds of attention, which are drafted as if they saw all tokens. */
function otherKinds({ sizes }: Draft): OpenPoints {
  const kinds = sizes.look([perLayerLists.kinds])?.value;
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

const scoreOptions = ({ sizes }: Draft): readonly string[] => [
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
  /** The condition for layers with a window, where only some have one. */
  readonly local?: string;
  readonly list?: PerLayerList;
  readonly said: OpenPoints;
}

/** Which layers have a window, from a list of kinds or of ones and zeros in the config. */
function windowOf({ sizes, family }: Draft): Window {
  const none = { said: noOpenPoints };
  if (sizes.peek('window') === undefined) return none;
  if (sizes.look(['use_sliding_window'])?.value === false) {
    sizes.find(sizeKeys.window);
    return none;
  }
  sizes.find(['use_sliding_window']);
  const flags = sizes.look([perLayerLists.windowed])?.value;
  const kinds = sizes.look([perLayerLists.kinds])?.value;
  const isNear = Array.isArray(flags)
    ? flags.slice(0, sizes.peek('depth')).map((flag) => flag === 1 || flag === true)
    : Array.isArray(kinds)
      ? kinds.map((kind) => kind === 'sliding_attention')
      : undefined;
  if (isNear === undefined) {
    sizes.use('window');
    return {
      window: 'window',
      said: assumedIf(
        family.sure,
        'every layer has the window',
        'which layers have the window, as no entry says it; all of them stand for it',
      ),
    };
  }
  sizes.find(Array.isArray(flags) ? [perLayerLists.windowed] : [perLayerLists.kinds]);
  if (!isNear.includes(true)) {
    sizes.find(sizeKeys.window);
    return none;
  }
  sizes.use('window');
  if (!isNear.includes(false)) return { window: 'window', ...none };
  const isLocal: Condition = Array.isArray(flags)
    ? { when: 'windowed[i] == 1', list: 'windowed' }
    : isSliding;
  return {
    window: 'if local then window else none',
    local: isLocal.when,
    ...(isLocal.list && { list: isLocal.list }),
    said:
      family.farUnturned || Array.isArray(flags)
        ? noOpenPoints
        : { assumed: ['layers with a window differ from the others in nothing else'], lacks: [] },
  };
}

function rotatedWhere(
  { sizes, family, tables }: Draft,
  mixed: boolean,
): Partial<Condition> & { readonly said: OpenPoints } {
  if (tables === 0) return { said: noOpenPoints };
  const list = sizes.find([perLayerLists.turns])?.value;
  if (Array.isArray(list)) {
    sizes.find(['no_rope_layer_interval']);
    return {
      when: 'turns[i] == 1',
      list: 'turns',
      said: assumedIf(
        family.sure,
        "1 in no_rope_layers stands for a layer that does turn, as SmolLM3's code has it",
        'which layers turn queries and keys: those with 1 in no_rope_layers, or those with 0',
      ),
    };
  }
  return mixed && family.farUnturned
    ? {
        when: 'local',
        said: assumedIf(
          true,
          `layers without the window do not turn queries and keys, as ${family.by} code has it`,
          '',
        ),
      }
    : { said: noOpenPoints };
}
