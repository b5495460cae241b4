/** Attention: three matrices or one, norms on heads, what the config says of windows and caps. */

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
import { addBlock, type Block, type Draft, granted, nothingSaid, type Said } from './notes.ts';
import { seenBy } from './seen.ts';
import { gainOf, isMatrix, type Module, shapeOf } from './tree.ts';

/** What the parts of an attention are called in the wild. */
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

/** The block's name, and whether it wants the number of its layer. */
export function draftAttention(
  draft: Draft,
  module: Module,
): { readonly name: string; readonly perLayer: boolean } {
  const { parts, rest } = partsOf(module);
  const block = parts.o && written(draft, module, { ...parts, o: parts.o }, rest);
  const name = addBlock(draft, block ?? unknownBlock(draft, module));
  return { name, perLayer: block?.params.includes('i') ?? false };
}

/** Queries, keys and values as far as `cache`: the members, the statements, and what the values are called. */
interface Projected {
  readonly members: readonly string[];
  readonly lines: readonly string[];
  readonly locals: readonly [q: string, k: string, v: string];
  readonly said: Said;
}

function written(
  draft: Draft,
  module: Module,
  parts: Parts & { readonly o: Module },
  rest: readonly Module[],
): Block | undefined {
  const { q, k, v, qkv, o, qNorm, kNorm } = parts;
  const apart = q && k && v && { q, k, v };
  const heads = qkv ? fusedHeads(draft, qkv) : apart && separateHeads(draft, apart, qNorm);
  const seen = seenBy(draft);
  const ready = readyBy(draft, seen.when);
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
    ...turnWhere(projected.locals, seen.when),
    ...attend(o, projected.locals, [...seen.options, ...sinks.map((name) => `${name}=${name}`)]),
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
    assumed: [
      ...heads.said.assumed,
      ...projected.said.assumed,
      ...normedWhen(draft, qNorm !== undefined),
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

/** The output takes all heads, and norms are of a head's width or of all heads'. */
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

/** From the cache to what goes back into the stream. */
function attend(o: Module, [q, k, v]: Projected['locals'], options: readonly string[]): readonly string[] {
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

/** Queries or keys in heads as the scores read them: normed and turned, in the family's order. */
type Ready = (heads: string, norm: Module | undefined) => string;

const readyBy =
  (draft: Draft, when: string | undefined): Ready =>
  (heads, norm) => {
    const { tables, family } = draft;
    const turn = (value: string): string => (tables > 0 && !when ? `rope(${value})` : value);
    const normed = (value: string): string => (norm ? `${norm.name}(${value})` : value);
    if (family.headsNormed && !norm) return bareNorm(draft, turn(heads));
    return family.normedTurned ? normed(turn(heads)) : turn(normed(heads));
  };

function normedWhen({ tables, family }: Draft, weights: boolean): readonly string[] {
  if (!weights)
    return family.headsNormed
      ? [`queries and keys are normed behind their rotation, as ${family.by} code does`]
      : [];
  if (tables === 0) return [];
  return family.normedTurned
    ? [`queries and keys are turned before they are normed, as in ${family.by} code`]
    : ['queries and keys are normed before they are turned'];
}

const turnWhere = ([q, k]: Projected['locals'], when: string | undefined): readonly string[] =>
  when ? [`if ${when} { ${q}, ${k} = rope(${q}), rope(${k}) }`] : [];

function separate(
  draft: Draft,
  parts: Parts & { readonly q: Module; readonly k: Module; readonly v: Module },
  { kv }: Heads,
  ready: Ready,
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
    said: nothingSaid,
  };
}

function fused(draft: Draft, qkv: Module, { qNorm, kNorm }: Parts, { kv }: Heads, ready: Ready): Projected {
  for (const name of ['heads', 'head_dim', kv] as const) draft.sizes.use(name);
  const { lines, order } = taken(qkv.name, kv, draft.family.grouped ?? groupedNames.includes(qkv.name));
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
    said: granted(
      draft.family.sure || oneOrder.includes(qkv.name),
      `${qkv.name} holds ${order}`,
      `in which order ${qkv.name} holds queries, keys and values; ${order} stands for it`,
    ),
  };
}

/** GPT-NeoX's, and litgpt's before it changed its own. */
const groupedNames: readonly string[] = ['query_key_value', 'attn'];

/** Names that nobody uses for another order. */
const oneOrder: readonly string[] = ['c_attn', 'W_pack'];

/** How one matrix is taken apart, and the order that this takes for granted: its name is a hint. */
function taken(
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
