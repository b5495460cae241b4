/** Feed-forward parts: plain, gated, gate and up in one matrix, and mixtures of experts. */

import { extents, matrixKind, plainMember, shapeText, unknownBlock } from './leaf.ts';
import { addBlock, type Block, type Draft } from './notes.ts';
import type { SizeName } from './sizes.ts';
import { isMatrix, listOf, type Module, shapeOf, signature } from './tree.ts';

const gateNames = ['gate_proj', 'w1', 'fc1', 'gate', 'linear_1', 'wi_0', 'c_fc1', 'gate_fc'];
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
  const parts = [...module.modules.values()];
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
  const say = { name, params: [], lacks: [] };
  if (!second && up.rows === hidden) {
    const { fn, assumed } = draft.activation(false);
    const members = [up.part, down.part].map((part) => `${part.name}: ${kind(part)}`);
    return {
      ...say,
      members,
      forward: `(x) = ${down.part.name}(${fn.replace('$', `${up.part.name}(x)`)})`,
      assumed,
    };
  }
  const { fn, assumed } = draft.activation(true);
  const gated = (gate: string, by: string): string =>
    fn === 'silu($)' ? `swiglu(${gate}, ${by})` : `${fn.replace('$', gate)} * ${by}`;
  if (!second && up.rows === 2 * hidden) {
    const half = draft.sizes.say(hidden, width, '4 * dim');
    return {
      ...say,
      members: [`${up.part.name}: ${kind(up.part, '2 * ')}`, `${down.part.name}: ${kind(down.part)}`],
      forward: `(x) { gate, up = split(${up.part.name}(x), [${half}, ${half}]) return ${down.part.name}(${gated('gate', 'up')}) }`,
      assumed: [...assumed, `${up.part.name} holds the gate first, then what it gates`],
    };
  }
  if (!second || up.rows !== hidden || second.rows !== hidden) return undefined;
  const [gate, by] = gateNames.includes(second.part.name) ? [second.part, up.part] : [up.part, second.part];
  return {
    ...say,
    members: [gate, by, down.part].map((part) => `${part.name}: ${kind(part)}`),
    forward: `(x) = ${down.part.name}(${gated(`${gate.name}(x)`, `${by.name}(x)`)})`,
    assumed: gateNames.includes(gate.name)
      ? assumed
      : [...assumed, `${gate.name} is the gate, not ${by.name}`],
  };
}

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
  const shares = sizes.find(['norm_topk_prob', 'route_norm'])?.value;
  const sum = 'sum([p[..., e:e+1] * f(x) for e, f in experts])';
  const lines = [
    `p = softmax(float32(${router.name}(x)))`,
    chosen === undefined ? '' : 'p = where(is_top(p, chosen), p, 0)',
    shares === false ? 'p = float(p)' : 'p = float(p / sum(p, axis=-1))',
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
      `the router's shares are a softmax over all experts${shares === undefined ? ', and the chosen ones are made to add up to 1' : ''}`,
      ...(chosen === undefined
        ? ['every expert counts for every token: no entry says how many are chosen']
        : []),
      ...(shared
        ? [`${shared.name} counts for every token${gate ? `, as far as sigmoid(${gate.name}) says` : ''}`]
        : []),
    ],
    lacks: [...rest.map((m) => m.name), ...loose.map(([name]) => name)].map((name) => `where ${name} goes`),
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
