/** Feed-forward parts: plain, gated, gate and up in one matrix, and mixtures of experts. */

import { extents, matrixKind, plainMember, shapeText, unknownBlock } from './leaf.ts';
import { addBlock, assumedIf, type Block, type Draft, noOpenPoints, type OpenPoints } from './notes.ts';
import type { SizeName } from './sizes.ts';
import { aliased, isMatrix, listOf, type Module, partsWithin, shapeOf, signature } from './tree.ts';

/** Names of the matrix of the gate and of the value that it gates, where no project uses them otherwise. */
const upByGate: Readonly<Record<string, string>> = {
  gate_proj: 'up_proj',
  w1: 'w3',
  wi_0: 'wi_1',
  gate: 'up',
  w_gate: 'w_up',
};
/** Names of the matrix of the gate, for code that is known. */
const gateNames = ['gate_proj', 'w1', 'fc1', 'fc_1', 'gate', 'linear_1', 'wi_0', 'c_fc1', 'gate_fc'];
const downNames = ['down_proj', 'w2', 'c_proj', 'dense_4h_to_h', 'fc2', 'proj', 'out_proj', 'wo'];
const routerNames = ['gate', 'router', 'gate_proj', 'router.layer'];

/** Returns the block's name. `width` is the name of its hidden size. */
export function draftMlp(draft: Draft, module: Module, width: SizeName = 'hidden', name = 'Mlp'): string {
  const block = mixture(draft, module) ?? feedForward(draft, module, width, name)?.block;
  return addBlock(draft, block ?? unknownBlock(draft, module));
}

/** A feed-forward part whose matrices are members of the layer itself, without a module of their own. */
export function inlineMlp(draft: Draft, parts: readonly Module[]): FeedForward | undefined {
  if (parts.length < 2) return undefined;
  const modules = new Map(parts.map((part) => [part.name, part]));
  const found = feedForward(draft, { path: '', name: '', tensors: new Map(), modules }, 'hidden', 'Mlp');
  return found?.call && found;
}

export interface FeedForward {
  readonly block: Block;
  /** Names of its members. */
  readonly names: readonly string[];
  /** The result as one expression of its input; absent where it takes a statement. */
  readonly call?: (x: string) => string;
}

function feedForward(draft: Draft, module: Module, width: SizeName, name: string): FeedForward | undefined {
  const parts = partsWithin(module);
  if (module.tensors.size > 0 || !parts.every(isMatrix)) return undefined;
  const dim = draft.sizes.use('dim')!;
  const sized = parts.map((part) => ({ part, ...extents(draft, part) }));
  // Where the hidden size equals the model's width, only names tell which matrix is the last.
  const isDown = ({ part, rows, columns }: (typeof sized)[number]): boolean =>
    rows === dim && (columns !== dim || downNames.includes(part.name));
  const downs = sized.filter(isDown);
  const ups = sized.filter((s) => s.columns === dim && !isDown(s));
  const [down, ...more] = downs;
  if (!down || more.length > 0 || ups.length + 1 !== parts.length) return undefined;
  const [up, second, ...others] = ups;
  const hidden = down.columns;
  if (!up || others.length > 0) return undefined;
  if (draft.sizes.peek(width) !== hidden && hidden !== 4 * dim) draft.sizes.know(width, hidden);
  const kind = (part: Module, twice = ''): string => {
    const inner = [`${twice}${width}`, `${twice}4 * dim`];
    return part === down.part
      ? matrixKind(draft, part, [width, '4 * dim'], ['dim'])
      : matrixKind(draft, part, ['dim'], inner);
  };
  if (!second && up.rows === hidden) {
    const { fn, ...said } = draft.activation(false);
    const members = [up.part, down.part].map((part) => memberOf(part, kind(part)));
    const [upName, downName] = [aliased(up.part).name, aliased(down.part).name];
    const call = (x: string): string => `${downName}(${fn.replace('$', `${upName}(${x})`)})`;
    return { block: blockOf(name, members, call, said), names: [upName, downName], call };
  }
  const isOne = !second && up.rows === 2 * hidden;
  if (!isOne && (!second || up.rows !== hidden || second.rows !== hidden)) return undefined;
  const half = isOne ? draft.sizes.say(hidden, width, '4 * dim') : '';
  const written = second ? gateAndUp(draft, up.part, second.part) : gateWithUp(draft, up.part, half);
  const { fn, ...said } = draft.activation(true);
  const call = (x: string): string => {
    const [gate, value] = [written.gate(x), written.value(x)];
    const gated = fn === 'silu($)' ? `swiglu(${gate}, ${value})` : `${fn.replace('$', gate)} * ${value}`;
    return `${aliased(down.part).name}(${gated})`;
  };
  const all = [...written.parts, down.part];
  const members = all.map((part) => memberOf(part, kind(part, isOne && part !== down.part ? '2 * ' : '')));
  return {
    block: blockOf(name, members, call, both(said, written.said), written.split),
    names: all.map((part) => aliased(part).name),
    ...(written.split === undefined ? { call } : {}),
  };
}

const blockOf = (
  name: string,
  members: readonly string[],
  call: (x: string) => string,
  said: OpenPoints,
  split?: string,
): Block => ({
  name,
  params: [],
  members,
  forward: split === undefined ? `(x) = ${call('x')}` : `(x) { ${split} return ${call('x')} }`,
  ...said,
});

function memberOf(part: Module, kind: string): string {
  const { name, from } = aliased(part);
  return `${name}: ${kind}${from}`;
}

/** A gate and the value that it gates, as expressions of the input. */
interface Gated {
  readonly parts: readonly Module[];
  readonly gate: (x: string) => string;
  readonly value: (x: string) => string;
  /** The statement that splits both out of the result of one matrix, as locals. */
  readonly split?: string;
  readonly said: OpenPoints;
}

const gateWithUp = ({ family }: Draft, up: Module, half: string): Gated => ({
  parts: [up],
  gate: () => 'gate',
  value: () => 'up',
  split: `gate, up = split(${aliased(up).name}(x), [${half}, ${half}])`,
  said: assumedIf(
    family.sure,
    `${up.name} holds the gate first, then what it gates`,
    `whether ${up.name} holds the gate first or last; first stands for it`,
  ),
});

function gateAndUp({ family }: Draft, one: Module, other: Module): Gated {
  const [gate, by] = gateNames.includes(other.name) ? [other, one] : [one, other];
  return {
    parts: [gate, by],
    gate: (x) => `${aliased(gate).name}(${x})`,
    value: (x) => `${aliased(by).name}(${x})`,
    said:
      upByGate[gate.name] === by.name
        ? noOpenPoints
        : assumedIf(
            family.sure,
            `${gate.name} is the gate, not ${by.name}`,
            `which is the gate, ${gate.name} or ${by.name}; the former stands for it`,
          ),
  };
}

const both = (a: OpenPoints, b: OpenPoints): OpenPoints => ({
  assumed: [...a.assumed, ...b.assumed],
  lacks: [...a.lacks, ...b.lacks],
});

function mixture(draft: Draft, module: Module): Block | undefined {
  const { sizes } = draft;
  const list = module.modules.get('experts');
  const experts = list && listOf(list);
  const router = routerNames.map((name) => module.modules.get(name)).find((m) => m && isMatrix(m));
  if (!experts || !router || shapeOf(router)?.[0] !== experts.length) return undefined;
  if (new Set(experts.map(signature)).size > 1) return undefined;
  sizes.know('n_experts', experts.length);
  const chosen = sizes.use('chosen');
  const inner = draftMlp(
    draft,
    experts[0]!,
    sizes.peek('expert_hidden') === undefined ? 'hidden' : 'expert_hidden',
    'Expert',
  );
  const { shared, gate, rest } = alwaysOn(module, [list, router]);
  const { share, said } = sharesOf(draft, chosen);
  const sum = `${sizes.peek('share') === undefined || sizes.use('share') === 1 ? '' : 'share * '}sum([p[..., e:e+1] * f(x) for e, f in experts])`;
  const lines = [
    `p = softmax(float32(${router.name}(x)))`,
    chosen === undefined ? '' : 'p = where(is_top(p, chosen), p, 0)',
    share,
    `return ${shared ? `${gate ? `sigmoid(${gate.name}(x)) * ` : ''}${shared.name}(x) + ` : ''}${sum}`,
  ];
  const matrix = (m: Module, rows: string): string => `${m.name}: ${matrixKind(draft, m, ['dim'], [rows])}`;
  const loose = [...module.tensors];
  return {
    name: 'Moe',
    params: [],
    members: [
      matrix(router, 'n_experts'),
      `experts[${sizes.say(experts.length, 'n_experts')}]: ${inner}`,
      ...(shared ? [`${shared.name}: ${draftMlp(draft, shared, 'shared_hidden', 'Shared')}`] : []),
      ...(gate ? [matrix(gate, '1')] : []),
      ...rest.map((m) => plainMember(draft, m)),
      ...loose.map(([name, { shape }]) => `${name}: ${shapeText(draft, shape)}`),
    ],
    forward: `(x: [B, T, dim]) -> [B, T, dim] { ${lines.join('\n')} }`,
    assumed: [
      ...said.assumed,
      ...(shared
        ? [`${shared.name} counts for every token${gate ? `, as far as sigmoid(${gate.name}) says` : ''}`]
        : []),
    ],
    lacks: [
      ...said.lacks,
      ...[...rest.map((m) => m.name), ...loose.map(([name]) => name)].map((name) => `where ${name} goes`),
    ],
  };
}

/** How a router weighs the experts that it chose. litgpt has the entry, but for another router only. */
function sharesOf({ sizes, family }: Draft, chosen: number | undefined) {
  const told = sizes.find(['norm_topk_prob', 'route_norm'])?.value;
  const shares = family.addsUp ? true : told;
  const softmax = assumedIf(
    family.sure,
    `the router's shares are a softmax over all experts${shares === undefined ? ', and the chosen ones are made to add up to 1' : ''}`,
    'what the router makes of its scores; a softmax over all experts stands for it',
  );
  const counted =
    chosen === undefined
      ? assumedIf(false, '', 'how many experts are chosen for a token, as no entry says it; all stand for it')
      : noOpenPoints;
  return {
    share: shares === false ? 'p = float(p)' : 'p = float(p / sum(p, axis=-1))',
    said: both(softmax, counted),
  };
}

/** Experts that are always active, and the gate that weighs them. */
function alwaysOn({ modules }: Module, taken: readonly Module[]) {
  const others = [...modules.values()].filter((m) => !taken.includes(m));
  const shared = others.find((m) => /^shared_experts?$/.test(m.name) && m.modules.size > 0);
  const gate =
    shared && others.find((m) => m.name === 'shared_expert_gate' && isMatrix(m) && shapeOf(m)![0] === 1);
  return { shared, gate, rest: others.filter((m) => m !== shared && m !== gate) };
}
