/** Drafts the rotary table: its base, the part of a head that it rotates, and its scaling for long texts. */

import type { JsonObject } from '../../compiler/checkpoint/checkpoint.ts';
import { isObject } from '../../compiler/checkpoint/safetensors.ts';
import { assumedIf, type Draft, noOpenPoints, type OpenPoints } from './notes.ts';
import { perLayerLists } from './per_layer_lists.ts';
import { type Sizes, sizeKeys } from './sizes.ts';

export interface RotaryTable extends OpenPoints {
  readonly lines: readonly string[];
  /** Whether frequencies are scaled for long texts. */
  readonly slowed: boolean;
}

/** Two where some of the layers have a window, and a base of their own with it, or a list says which have it. */
export function tablesOf(sizes: Sizes): 1 | 2 {
  if (sizes.peek('near_base') === undefined) return 1;
  const flags = sizes.look([perLayerLists.near])?.value;
  const kinds = sizes.look([perLayerLists.kinds])?.value;
  if (Array.isArray(flags)) return sizes.peek('base') === undefined ? 1 : 2;
  return Array.isArray(kinds) && new Set(kinds).size > 1 && sizes.peek('far_base') !== undefined ? 2 : 1;
}

/** True when an entry exists that only models with rotary embeddings have. */
const hasRotaryEntry = (sizes: Sizes): boolean =>
  [...flatKeys(sizes.config)].some((key) => /(^|_|\.)(rope|rotary|rot|roformer)(_|\.|$)/i.test(key));

function* flatKeys(config: JsonObject, prefix = ''): Generator<string> {
  for (const [key, value] of Object.entries(config)) {
    if (isObject(value)) yield* flatKeys(value, `${prefix}${key}.`);
    else if (value !== null && value !== false && !/no_rope/.test(key)) yield `${prefix}${key}`;
  }
}

const onlyKind = (sizes: Sizes): unknown => {
  const kinds = sizes.look(['layer_types'])?.value;
  return Array.isArray(kinds) && new Set(kinds).size === 1 ? kinds[0] : undefined;
};

/** Call it once the width of a head is known. `neighbours` names the code that rotates neighbouring numbers, if it does. */
export function rotaryOf(draft: Draft, neighbours: string | undefined): RotaryTable {
  const { sizes, family } = draft;
  const two = tablesOf(sizes) === 2;
  const far = two && sizes.peek('far_base') !== undefined ? 'far_base' : 'base';
  // Bases by the kind of a layer, and all layers are of one.
  const one = onlyKind(sizes) === 'sliding_attention' ? 'near_base' : 'far_base';
  const base = !two && sizes.peek('base') === undefined && sizes.peek(one) !== undefined ? one : 'base';
  const said = two || sizes.peek(base) !== undefined;
  if (!said) sizes.know('base', 10_000);
  const { fn, lacks } = slowing(sizes);
  const turned = rotatedWidthText(sizes);
  const table = (name: string, base: 'base' | 'far_base' | 'near_base', slowed: boolean): string => {
    sizes.use(base);
    const options = [
      turned.text,
      `base=${base}`,
      ...(slowed ? ['scaling=slowed'] : []),
      ...(neighbours ? ['pairing="interleaved"'] : []),
      ...(family.turnedBack ? ['turn=-1'] : []),
      ...(family.rounded ? ['rounded=bfloat16'] : []),
      'length=context',
    ];
    return `${name}: Rotary(${options.join(', ')})`;
  };
  sizes.use('context');
  const slowed = fn === undefined ? [] : [`fn slowed(f, j) = ${fn}`];
  return {
    lines: two
      ? [...slowed, table('far_rope', far, slowed.length > 0), table('near_rope', 'near_base', false)]
      : [...slowed, table('rope', base, slowed.length > 0)],
    slowed: fn !== undefined || lacks.length > 0,
    ...rotaryAssumptions(draft, neighbours, said),
    lacks: [...rotaryAssumptions(draft, neighbours, said).lacks, ...turned.lacks, ...lacks],
  };
}

/** Open points: that queries and keys are rotated at all, and which numbers form a pair. */
function rotaryAssumptions(
  { sizes, family, pairs }: Draft,
  neighbours: string | undefined,
  base: boolean,
): OpenPoints {
  const turned = assumedIf(
    family.sure || hasRotaryEntry(sizes),
    'order enters by rotating queries and keys, with base 10000: no entry says so',
    'how order enters, as no entry says it; a rotation with base 10000 stands for it',
  );
  const paired = assumedIf(
    neighbours !== undefined || family.sure || pairs === 'halves',
    `${neighbours ? `a rotation pairs neighbours, as ${neighbours} code does` : halves}, and turns by ${
      family.turnedBack ? `minus the angle, as ${family.by} code does` : 'plus the angle'
    }`,
    'which numbers of a head a rotation pairs, neighbours or those half a head apart; the latter stands for it',
  );
  return {
    assumed: [
      ...(base ? [] : turned.assumed),
      ...paired.assumed,
      ...(family.rounded ? [`rotary tables are rounded to bfloat16, as ${family.by} code does`] : []),
      ...(sizes.look(sizeKeys.context)
        ? []
        : ['the rotary table has 2048 positions: no entry says how long a text may be']),
    ],
    lacks: [...(base ? [] : turned.lacks), ...paired.lacks],
  };
}

const halves =
  'a rotation pairs number j of a head with number j + head_dim / 2, as Hugging Face does, not neighbours';

/** How many numbers of a head are rotated, as text; an odd number, which has no pairs, is an open point. */
function rotatedWidthText(sizes: Sizes): OpenPoints & { readonly text: string } {
  const turned = rotatedWidth(sizes) ?? 0;
  if (turned % 2 === 1)
    return {
      text: String(Math.max(2, turned - 1)),
      ...assumedIf(false, '', `how ${turned} numbers of a head, which have no pairs, are turned`),
    };
  const part = sizes.peek('part');
  sizes.use('head_dim');
  if (sizes.use('turned') !== undefined) return { text: 'turned', ...noOpenPoints };
  if (part === 1) sizes.find(sizeKeys.part);
  if (part === undefined || part === 1) return { text: 'head_dim', ...noOpenPoints };
  sizes.use('part');
  return { text: 'floor(head_dim * part)', ...noOpenPoints };
}

/** How many numbers of a head the draft rotates. */
export function rotatedWidth(sizes: Sizes): number | undefined {
  const head = sizes.peek('head_dim');
  return (
    sizes.peek('turned') ?? (head === undefined ? undefined : Math.floor(head * (sizes.peek('part') ?? 1)))
  );
}

const kindKeys = [
  'rope_parameters.rope_type',
  'rope_parameters.full_attention.rope_type',
  'rope_scaling.rope_type',
  'rope_scaling.type',
];

const yarn = ['rope_adjustments.beta_fast', 'rope_adjustments.beta_slow'];

/** The kind of scaling of frequencies; entries of litgpt and Meta do not name it. */
function slowingKind(sizes: Sizes): string {
  const said = sizes.find(kindKeys)?.value;
  if (typeof said === 'string') return said;
  if (sizes.look(yarn)) return 'yarn';
  if (sizes.peek('low') !== undefined) return 'llama3';
  return sizes.look(['rope_adjustments.factor']) ? 'linear' : 'default';
}

function slowing(sizes: Sizes): { readonly fn?: string; readonly lacks: readonly string[] } {
  const kind = slowingKind(sizes);
  const condensed = sizes.peek('condensed') ?? 1;
  const by = condensed === 1 || sizes.use('condensed') === undefined ? '' : ' / condensed';
  if (kind === 'default') return { ...(by ? { fn: `f${by}` } : {}), lacks: [] };
  const wanted = kind === 'llama3' ? (['factor', 'low', 'high', 'original'] as const) : (['factor'] as const);
  if ((kind === 'llama3' || kind === 'linear') && wanted.every((name) => sizes.use(name) !== undefined))
    return {
      fn: `${kind === 'linear' ? 'f / factor' : 'llama3_slowed(f, factor, low, high, original)'}${by}`,
      lacks: [],
    };
  for (const within of ['rope_parameters', 'rope_scaling', 'rope_adjustments', 'rope_freq'])
    for (const key of flatKeys(sizes.config)) if (key.startsWith(`${within}.`)) sizes.find([key]);
  return { lacks: [`how rotations are slowed (rope_type ${JSON.stringify(kind)})`] };
}
