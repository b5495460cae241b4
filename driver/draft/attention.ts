/** Drafts attention: with three matrices or one, with norms on heads, and with what the config says about windows and caps. */

import { attentionOptions } from './attention_options.ts';
import { fusedHeads, type Heads, separateHeads, widthOf } from './heads.ts';
import {
  bareNorm,
  extents,
  matrixKind,
  matrixOf,
  normKind,
  plainMember,
  shapeText,
  unknownBlock,
} from './leaf.ts';
import {
  addBlock,
  assumedIf,
  type Block,
  type Draft,
  type Feature,
  noOpenPoints,
  type OpenPoints,
} from './notes.ts';
import { gainOf, isMatrix, type Module, shapeOf } from './tree.ts';

/** Names that projects give to the parts of attention. */
const roles = {
  q: ['q_proj', 'wq', 'W_query', 'c_q', 'q', 'query', 'q_lin', 'to_q', 'query_proj'],
  k: ['k_proj', 'wk', 'W_key', 'c_k', 'k', 'key', 'k_lin', 'to_k', 'key_proj'],
  v: ['v_proj', 'wv', 'W_value', 'c_v', 'v', 'value', 'v_lin', 'to_v', 'value_proj'],
  qkv: [
    'c_attn',
    'qkv_proj',
    'qkv',
    'Wqkv',
    'query_key_value',
    'wqkv',
    'in_proj',
    'W_pack',
    'att_proj',
    'c_qkv',
    'attn',
  ],
  o: [
    'o_proj',
    'wo',
    'out_proj',
    'c_proj',
    'dense',
    'proj',
    'o',
    'to_out',
    'out',
    'attn_out',
    'output_proj',
    'out_lin',
  ],
  qNorm: ['q_norm', 'q_layernorm', 'query_norm', 'query_layernorm', 'q_ln', 'norm_q'],
  kNorm: ['k_norm', 'k_layernorm', 'key_norm', 'key_layernorm', 'k_ln', 'norm_k'],
} as const;
type Role = keyof typeof roles;
type Parts = Partial<Record<Role, Module>>;

export const isFused = (name: string): boolean => (roles.qkv as readonly string[]).includes(name);

/** Whether the parts of a module are those of an attention. */
export const isAttention = (module: Module): boolean => {
  const { q, k, v, qkv } = partsOf(module).parts;
  return qkv !== undefined || (q !== undefined && k !== undefined && v !== undefined);
};

function partsOf(module: Module) {
  const parts: Parts = {};
  const rest: Module[] = [];
  for (const inner of module.modules.values()) {
    const role = (Object.keys(roles) as Role[]).find((r) =>
      (roles[r] as readonly string[]).includes(inner.name),
    );
    const fits = role?.endsWith('Norm') ? gainOf(inner) !== undefined : isMatrix(inner);
    if (role && fits && !parts[role]) parts[role] = inner;
    else rest.push(inner);
  }
  return { parts, rest };
}

/** Returns the block's name, and whether it needs the number of its layer. */
export function draftAttention(
  draft: Draft,
  module: Module,
): { readonly name: string; readonly perLayer: boolean } {
  const { parts, rest } = partsOf(module);
  const block = parts.o && draftedBlock(draft, module, { ...parts, o: parts.o }, rest);
  const name = addBlock(draft, block ?? unknownBlock(draft, module));
  return { name, perLayer: block?.params.includes('i') ?? false };
}

/** Queries, keys and values up to `cache`: members, statements, and the names of the three values. */
interface Projected {
  readonly members: readonly string[];
  readonly lines: readonly string[];
  readonly locals: readonly [q: string, k: string, v: string];
  readonly said: OpenPoints;
}

function draftedBlock(
  draft: Draft,
  module: Module,
  parts: Parts & { readonly o: Module },
  rest: readonly Module[],
): Block | undefined {
  const { q, k, v, qkv, o, qNorm, kNorm } = parts;
  const apart = q && k && v && { q, k, v };
  const heads = qkv ? fusedHeads(draft, qkv) : apart && separateHeads(draft, apart, qNorm);
  const seen = attentionOptions(draft);
  const ready = prepareHeads(draft, seen.when);
  const projected =
    heads &&
    (qkv
      ? fused(draft, qkv, parts, heads, ready)
      : apart && separate(draft, { ...parts, ...apart }, heads, ready));
  if (!projected || !fits(draft, parts, heads)) return undefined;
  const sinks = isSinks(draft, module) ? ['sinks'] : [];
  const extra = [...module.tensors.keys()].filter((name) => !sinks.includes(name));
  const lines = [
    ...projected.lines,
    ...rotationLines(projected.locals, seen.when),
    ...attentionLines(o, projected.locals, [...seen.options, ...sinks.map((name) => `${name}=${name}`)]),
  ];
  return {
    name: 'Attention',
    params: seen.perLayer ? ['i'] : [],
    members: [
      ...seen.members,
      ...projected.members,
      `${o.name}: ${matrixKind(draft, o, [qWidth, 'dim'], ['dim'])}`,
      ...normMembers(draft, [
        [qNorm, 'heads'],
        [kNorm, heads.kv],
      ]),
      ...sinks.map((name) => `${name}: [heads]`),
      ...extra.map((name) => `${name}: ${shapeText(draft, shapeOf(module, name)!)}`),
      ...rest.map((inner) => plainMember(draft, inner)),
    ],
    forward: `(x: [B, T, dim]) -> [B, T, dim] { ${lines.join('\n')} }`,
    features: [...featuresOf(draft), ...seen.lists],
    assumed: [
      ...heads.said.assumed,
      ...projected.said.assumed,
      ...normOrder(draft, qNorm !== undefined),
      ...seen.said.assumed,
      ...sinks.map(() => 'each head has one further score, its sink, without a value'),
    ],
    lacks: [
      ...heads.said.lacks,
      ...projected.said.lacks,
      ...seen.said.lacks,
      ...[...extra, ...rest.map((inner) => inner.name)].map((name) => `where ${name} goes`),
    ],
  };
}

const featuresOf = ({ tables, alibi }: Draft): readonly Feature[] => [
  'attention',
  ...(tables > 0 ? (['rotation'] as const) : []),
  ...(alibi ? (['alibi'] as const) : []),
];

/** Checks that the output reads all heads, and that norms have the width of one head or of all. */
function fits(draft: Draft, { o, qNorm, kNorm }: Parts & { readonly o: Module }, { kv }: Heads): boolean {
  const head = draft.sizes.peek('head_dim')!;
  const normed = (norm: Module | undefined, count: number): boolean =>
    norm === undefined || [head, count * head].includes(widthOf(norm));
  const heads = draft.sizes.peek('heads')!;
  return (
    extents(draft, o).columns === heads * head &&
    extents(draft, o).rows === draft.sizes.peek('dim') &&
    normed(qNorm, heads) &&
    normed(kNorm, draft.sizes.peek(kv)!)
  );
}

/** Statements from the cache to the result of the block. */
function attentionLines(
  o: Module,
  [q, k, v]: Projected['locals'],
  options: readonly string[],
): readonly string[] {
  const named = (name: string, value: string): string => (name === value ? name : `${name}=${value}`);
  const call = `attention(${[q, k, v, ...options].join(', ')})`;
  const merged = 'as [B, T, heads * head_dim]';
  return [
    `${k}, ${v} = cache(${named('k', k)}, ${named('v', v)})`,
    ...(options.length > 1
      ? [`y = ${call}`, `return ${o.name}(y ${merged})`]
      : [`return ${o.name}(${call} ${merged})`]),
  ];
}

const qWidth = 'heads * head_dim';

const isSinks = ({ sizes }: Draft, module: Module): boolean =>
  module.tensors.has('sinks') && `${shapeOf(module, 'sinks')}` === `${sizes.use('heads')}`;

type Counted = readonly [norm: Module | undefined, count: 'heads' | 'kv_heads'];

const normMembers = (draft: Draft, norms: readonly Counted[]): readonly string[] =>
  norms.flatMap(([norm, n]) =>
    norm ? [`${norm.name}: ${normKind(draft, norm, 'head_dim', `${n} * head_dim`)}`] : [],
  );

/** Norms and rotates queries or keys, in the order of the family. */
type PrepareHeads = (heads: string, norm: Module | undefined) => string;

const prepareHeads =
  (draft: Draft, when: string | undefined): PrepareHeads =>
  (heads, norm) => {
    const { tables, family } = draft;
    const turn = (value: string): string => (tables > 0 && !when ? `rope(${value})` : value);
    const normed = (value: string): string => (norm ? `${norm.name}(${value})` : value);
    if (family.headsNormed && !norm) return bareNorm(draft, turn(heads));
    return family.normedTurned ? normed(turn(heads)) : turn(normed(heads));
  };

function normOrder({ tables, family }: Draft, weights: boolean): readonly string[] {
  if (!weights)
    return family.headsNormed
      ? [`queries and keys are normed behind their rotation, as ${family.by} code does`]
      : [];
  if (tables === 0) return [];
  return family.normedTurned
    ? [`queries and keys are turned before they are normed, as in ${family.by} code`]
    : ['queries and keys are normed before they are turned'];
}

const rotationLines = ([q, k]: Projected['locals'], when: string | undefined): readonly string[] =>
  when ? [`if ${when} { ${q}, ${k} = rope(${q}), rope(${k}) }`] : [];

function separate(
  draft: Draft,
  parts: Parts & { readonly q: Module; readonly k: Module; readonly v: Module },
  { kv }: Heads,
  ready: PrepareHeads,
): Projected {
  const { q, k, v, qNorm, kNorm } = parts;
  // A local may not have the name of a member.
  const taken = new Set(Object.values(parts).map((part) => part.name));
  const local = (name: string): string => (taken.has(name) ? `${name}_heads` : name);
  const locals = [local('q'), local('k'), local('v')] as const;
  const inHeads = ({ name }: Module, [norm, n]: Counted): string => {
    const shape = `[B, T, ${n}, head_dim]`;
    const whole = norm && widthOf(norm) === draft.sizes.peek('head_dim')! * draft.sizes.peek(n)!;
    return whole
      ? ready(`${norm.name}(${name}(x)) as ${shape}`, undefined)
      : ready(`${name}(x) as ${shape}`, norm);
  };
  return {
    members: [
      `${q.name}: ${matrixKind(draft, q, ['dim'], [qWidth, 'dim'])}`,
      ...[k, v].map((m) => `${m.name}: ${matrixKind(draft, m, ['dim'], [`${kv} * head_dim`])}`),
    ],
    lines: [
      `${locals[0]} = ${inHeads(q, [qNorm, 'heads'])}`,
      `${locals[1]} = ${inHeads(k, [kNorm, kv])}`,
      `${locals[2]} = ${v.name}(x) as [B, T, ${kv}, head_dim]`,
    ],
    locals,
    said: noOpenPoints,
  };
}

function fused(
  draft: Draft,
  qkv: Module,
  { qNorm, kNorm }: Parts,
  { kv }: Heads,
  ready: PrepareHeads,
): Projected {
  for (const name of ['heads', 'head_dim', kv] as const) draft.sizes.use(name);
  const { lines, order } = splitFused(qkv.name, kv, draft.family.grouped ?? groupedNames.includes(qkv.name));
  const turn = (
    name: 'q' | 'k',
    norm: Module | undefined,
    count: 'heads' | 'kv_heads',
  ): readonly string[] => {
    const n = draft.sizes.peek(count)!;
    const whole = norm && n > 1 && widthOf(norm) === n * draft.sizes.peek('head_dim')!;
    const all = `${norm?.name}(${name} as [B, T, ${count} * head_dim]) as [B, T, ${count}, head_dim]`;
    const value = whole ? ready(all, undefined) : ready(name, norm);
    return value === name ? [] : [`${name} = ${value}`];
  };
  const rows = kv === 'heads' ? '3 * heads * head_dim' : '(heads + 2 * kv_heads) * head_dim';
  return {
    members: [`${qkv.name}: ${matrixOf(draft, qkv, 'dim', rows)}`],
    lines: [...lines, ...turn('q', qNorm, 'heads'), ...turn('k', kNorm, kv)],
    locals: ['q', 'k', 'v'],
    said: assumedIf(
      draft.family.sure || unambiguousNames.includes(qkv.name),
      `${qkv.name} holds ${order}`,
      `in which order ${qkv.name} holds queries, keys and values; ${order} stands for it`,
    ),
  };
}

/** Names of fused matrices with one group after the other: GPT-NeoX's, and litgpt's until it changed its own. */
const groupedNames: readonly string[] = ['query_key_value', 'attn'];

/** Names of fused matrices that no project uses for another order. */
const unambiguousNames: readonly string[] = ['c_attn', 'W_pack'];

/** Statements that split the result of a fused matrix, and in words the order that they assume. */
function splitFused(
  name: string,
  kv: Heads['kv'],
  grouped: boolean,
): { readonly lines: readonly string[]; readonly order: string } {
  if (kv === 'heads') {
    const [axes, axis] = grouped ? ['heads, 3', 3] : ['3, heads', 2];
    return {
      lines: [`q, k, v = unbind(${name}(x) as [B, T, ${axes}, head_dim], axis=${axis})`],
      order: grouped
        ? 'query, key and value of one head after the other'
        : 'all queries, then all keys, then all values',
    };
  }
  if (!grouped)
    return {
      lines: [
        `q, k, v = split(${name}(x) as [B, T, heads + 2 * kv_heads, head_dim], [heads, kv_heads, kv_heads], axis=2)`,
      ],
      order: 'all queries, then all keys, then all values',
    };
  return {
    lines: [
      `y = ${name}(x) as [B, T, kv_heads, heads / kv_heads + 2, head_dim]`,
      'q, k, v = split(y, [heads / kv_heads, 1, 1], axis=3)',
      'q = q as [B, T, heads, head_dim]',
      'k = k as [B, T, kv_heads, head_dim]',
      'v = v as [B, T, kv_heads, head_dim]',
    ],
    order: "a group's queries, then its key and its value, one group after the other",
  };
}
