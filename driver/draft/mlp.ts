/** Feed-forward parts: plain, gated, gate and up in one matrix, and mixtures of experts. */

import { extents, matrixKind, plainMember, shapeText, unknownBlock } from './leaf.ts';
import { addBlock, type Block, type Draft, granted, nothingSaid, type Said } from './notes.ts';
import type { SizeName } from './sizes.ts';
import { aliased, isMatrix, listOf, type Module, partsWithin, shapeOf, signature } from './tree.ts';

/** A gate and what it gates, by names that say so or are nobody else's. */
const pairs: Readonly<Record<string, string>> = {
  gate_proj: 'up_proj',
  w1: 'w3',
  wi_0: 'wi_1',
  gate: 'up',
  w_gate: 'w_up',
};
/** The same where the code is known. */
const gateNames = ['gate_proj', 'w1', 'fc1', 'fc_1', 'gate', 'linear_1', 'wi_0', 'c_fc1', 'gate_fc'];
const downNames = ['down_proj', 'w2', 'c_proj', 'dense_4h_to_h', 'fc2', 'proj', 'out_proj', 'wo'];
const routerNames = ['gate', 'router', 'gate_proj', 'router.layer'];

/** The block's name. `width` is what its hidden size is called. */
export function draftMlp(draft: Draft, module: Module, width: SizeName = 'hidden', name = 'Mlp'): string {
  const block = mixture(draft, module) ?? feedForward(draft, module, width, name);
  return addBlock(draft, block ?? unknownBlock(draft, module));
}

/** The matrices of a layer that has no module for them: members of the layer, and `(x) = ...` over them. */
export function inlineMlp(draft: Draft, parts: readonly Module[]): Block | undefined {
  if (parts.length < 2) return undefined;
  const modules = new Map(parts.map((part) => [part.name, part]));
  const block = feedForward(draft, { path: '', name: '', tensors: new Map(), modules }, 'hidden', 'Mlp');
  return block?.forward?.startsWith('(x) = ') ? block : undefined;
}

function feedForward(draft: Draft, module: Module, width: SizeName, name: string): Block | undefined {
  const parts = partsWithin(module);
  if (module.tensors.size > 0 || !parts.every(isMatrix)) return undefined;
  const dim = draft.sizes.use('dim')!;
  const sized = parts.map((part) => ({ part, ...extents(draft, part) }));
  // Where the hidden size is that of the model, only names can tell.
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
  const say = { name, params: [] };
  if (!second && up.rows === hidden) {
    const { fn, ...said } = draft.activation(false);
    const members = [up.part, down.part].map((part) => memberOf(part, kind(part)));
    return {
      ...say,
      members,
      forward: `(x) = ${aliased(down.part).name}(${fn.replace('$', `${aliased(up.part).name}(x)`)})`,
      ...said,
    };
  }
  const isOne = !second && up.rows === 2 * hidden;
  if (!isOne && (!second || up.rows !== hidden || second.rows !== hidden)) return undefined;
  const half = isOne ? draft.sizes.say(hidden, width, '4 * dim') : '';
  const written = second ? gateAndUp(draft, up.part, second.part) : gateWithUp(draft, up.part, half);
  const { fn, ...said } = draft.activation(true);
  const { gate, by, first = '' } = written;
  const gated = fn === 'silu($)' ? `swiglu(${gate}, ${by})` : `${fn.replace('$', gate)} * ${by}`;
  const result = `${aliased(down.part).name}(${gated})`;
  return {
    ...say,
    members: [...written.parts, down.part].map((part) =>
      memberOf(part, kind(part, isOne && part !== down.part ? '2 * ' : '')),
    ),
    forward: isOne ? `(x) { ${first} return ${result} }` : `(x) = ${result}`,
    ...both(said, written.said),
  };
}

function memberOf(part: Module, kind: string): string {
  const { name, from } = aliased(part);
  return `${name}: ${kind}${from}`;
}

/** What is the gate, what it gates, and a statement that takes them out of one matrix. */
interface Gated {
  readonly parts: readonly Module[];
  readonly gate: string;
  readonly by: string;
  readonly first?: string;
  readonly said: Said;
}

const gateWithUp = ({ family }: Draft, up: Module, half: string): Gated => ({
  parts: [up],
  gate: 'gate',
  by: 'up',
  first: `gate, up = split(${aliased(up).name}(x), [${half}, ${half}])`,
  said: granted(
    family.sure,
    `${up.name} holds the gate first, then what it gates`,
    `whether ${up.name} holds the gate first or last; first stands for it`,
  ),
});

function gateAndUp({ family }: Draft, one: Module, other: Module): Gated {
  const [gate, by] = gateNames.includes(other.name) ? [other, one] : [one, other];
  return {
    parts: [gate, by],
    gate: `${aliased(gate).name}(x)`,
    by: `${aliased(by).name}(x)`,
    said:
      pairs[gate.name] === by.name
        ? nothingSaid
        : granted(
            family.sure,
            `${gate.name} is the gate, not ${by.name}`,
            `which is the gate, ${gate.name} or ${by.name}; the former stands for it`,
          ),
  };
}

const both = (a: Said, b: Said): Said => ({
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

/** What a router gives to the experts that it chose. litgpt has the entry for another router only. */
function sharesOf({ sizes, family }: Draft, chosen: number | undefined) {
  const told = sizes.find(['norm_topk_prob', 'route_norm'])?.value;
  const shares = family.addsUp ? true : told;
  const softmax = granted(
    family.sure,
    `the router's shares are a softmax over all experts${shares === undefined ? ', and the chosen ones are made to add up to 1' : ''}`,
    'what the router makes of its scores; a softmax over all experts stands for it',
  );
  const counted =
    chosen === undefined
      ? granted(false, '', 'how many experts are chosen for a token, as no entry says it; all stand for it')
      : nothingSaid;
  return {
    share: shares === false ? 'p = float(p)' : 'p = float(p / sum(p, axis=-1))',
    said: both(softmax, counted),
  };
}

/** Experts that no router chooses, and what weighs them. */
function alwaysOn({ modules }: Module, taken: readonly Module[]) {
  const others = [...modules.values()].filter((m) => !taken.includes(m));
  const shared = others.find((m) => /^shared_experts?$/.test(m.name) && m.modules.size > 0);
  const gate =
    shared && others.find((m) => m.name === 'shared_expert_gate' && isMatrix(m) && shapeOf(m)![0] === 1);
  return { shared, gate, rest: others.filter((m) => m !== shared && m !== gate) };
}
