/** The rotary table: its base, the part of a head it turns, and how it is slowed for long texts. */

import type { Draft } from './notes.ts';
import { type Sizes, sizeKeys } from './sizes.ts';

export interface RotaryTable {
  readonly lines: readonly string[];
  readonly assumed: readonly string[];
  readonly lacks: readonly string[];
}

/** Two where some of the layers have a window, and a base of their own with it. */
export function tablesOf(sizes: Sizes): 1 | 2 {
  const kinds = sizes.find(['layer_types'])?.value;
  const mixed = Array.isArray(kinds) && new Set(kinds).size > 1;
  return mixed && sizes.peek('near_base') !== undefined && sizes.peek('far_base') !== undefined ? 2 : 1;
}

const onlyKind = (sizes: Sizes): unknown => {
  const kinds = sizes.find(['layer_types'])?.value;
  return Array.isArray(kinds) && new Set(kinds).size === 1 ? kinds[0] : undefined;
};

/** To be called when the width of a head is known; `neighbours` is whose code turns those. */
export function rotaryOf({ sizes, family }: Draft, neighbours: string | undefined): RotaryTable {
  const two = tablesOf(sizes) === 2;
  // Bases by the kind of a layer, and all layers are of one.
  const one = onlyKind(sizes) === 'sliding_attention' ? 'near_base' : 'far_base';
  const base = !two && sizes.peek('base') === undefined && sizes.peek(one) !== undefined ? one : 'base';
  const said = two || sizes.peek(base) !== undefined;
  if (!said) sizes.know('base', 10_000);
  const { fn, lacks } = slowing(sizes);
  const table = (name: string, base: 'base' | 'far_base' | 'near_base', slowed: boolean): string => {
    sizes.use(base);
    const options = [
      width(sizes),
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
      ? [...slowed, table('far_rope', 'far_base', slowed.length > 0), table('near_rope', 'near_base', false)]
      : [...slowed, table('rope', base, slowed.length > 0)],
    assumed: [
      ...(said ? [] : ['order enters by rotating queries and keys, with base 10000: no entry says so']),
      `${neighbours ? `a rotation pairs neighbours, as ${neighbours} code does` : halves}, and turns by ${
        family.turnedBack ? `minus the angle, as ${family.by} code does` : 'plus the angle'
      }`,
      ...(family.rounded ? [`rotary tables are rounded to bfloat16, as ${family.by} code does`] : []),
      ...(sizes.find(sizeKeys.context)
        ? []
        : ['the rotary table has 2048 positions: no entry says how long a text may be']),
    ],
    lacks,
  };
}

const halves =
  'a rotation pairs number j of a head with number j + head_dim / 2, as Hugging Face does, not neighbours';

/** How many numbers of a head are turned. */
function width(sizes: Sizes): string {
  const part = sizes.peek('part');
  sizes.use('head_dim');
  if (sizes.use('turned') !== undefined) return 'turned';
  if (part === undefined || part === 1) return 'head_dim';
  sizes.use('part');
  return 'floor(head_dim * part)';
}

const kindKeys = [
  'rope_parameters.rope_type',
  'rope_parameters.full_attention.rope_type',
  'rope_scaling.rope_type',
  'rope_scaling.type',
];

function slowing(sizes: Sizes): { readonly fn?: string; readonly lacks: readonly string[] } {
  const kind = sizes.find(kindKeys)?.value ?? (sizes.peek('low') === undefined ? 'default' : 'llama3');
  if (kind === 'default') return { lacks: [] };
  const wanted = kind === 'llama3' ? (['factor', 'low', 'high', 'original'] as const) : (['factor'] as const);
  if ((kind === 'llama3' || kind === 'linear') && wanted.every((name) => sizes.use(name) !== undefined))
    return {
      fn: kind === 'linear' ? 'f / factor' : 'llama3_slowed(f, factor, low, high, original)',
      lacks: [],
    };
  return { lacks: [`how rotations are slowed (rope_type ${JSON.stringify(kind)})`] };
}
