/** Every primitive as an expression of TorchScript; a missing one is a compile error. */

import type { Node, NodeId } from '../../compiler/graph/ir.ts';
import { constant, equal, size, sub } from '../../spec/dim.ts';
import type { Primitive, PrimitiveAttrs } from '../../spec/op.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import {
  atom,
  called,
  type Expr,
  float,
  type Infix,
  indexed,
  infix,
  inverted,
  method,
  negative,
  torch,
} from './expr.ts';
import { expertMatmul } from './functions.ts';
import type { OperatorName } from './operators.ts';
import type { Site } from './site.ts';

type Type = TensorType<GraphDType>;
export type LowerWith<A> = (site: Site, inputs: readonly NodeId[], attrs: A, type: Type) => Expr;
type Lower<P extends Primitive> = LowerWith<PrimitiveAttrs[P]>;

const unary =
  (name: OperatorName): LowerWith<unknown> =>
  (site, [x]) =>
    torch(name, site.tensor(x!));

/** Operands as expressions, with at most one written as a number. */
function operands(
  site: Site,
  [a, b]: readonly NodeId[],
): { a: Expr; b: Expr; numbers: 'a' | 'b' | undefined } {
  const [left, right] = [site.number(a!), site.number(b!)];
  if (left && !right) return { a: left, b: site.tensor(b!), numbers: 'a' };
  return { a: site.tensor(a!), b: right ?? site.tensor(b!), numbers: right && 'b' };
}

const sign =
  (op: Infix): LowerWith<unknown> =>
  (site, inputs) => {
    const { a, b } = operands(site, inputs);
    return infix(op, a, b);
  };

/** A comparison with a number is written with the tensor on the left. */
const comparison =
  (op: Infix, mirrored: Infix): LowerWith<unknown> =>
  (site, inputs) => {
    const { a, b, numbers } = operands(site, inputs);
    return numbers === 'a' ? infix(mirrored, b, a) : infix(op, a, b);
  };

const extreme =
  (both: OperatorName, bounded: OperatorName): LowerWith<unknown> =>
  (site, inputs) => {
    const { a, b, numbers } = operands(site, inputs);
    if (numbers === undefined) return torch(both, a, b);
    return numbers === 'a' ? torch(bounded, b, a) : torch(bounded, a, b);
  };

const elementwise = {
  neg: (site, [x]) => negative(site.tensor(x!)),
  abs: unary('abs'),
  exp: unary('exp'),
  log: unary('log'),
  sqrt: unary('sqrt'),
  rsqrt: unary('rsqrt'),
  sin: unary('sin'),
  cos: unary('cos'),
  tanh: unary('tanh'),
  sigmoid: unary('sigmoid'),
  relu: unary('relu'),
  erf: unary('erf'),
  floor: unary('floor'),
  not: (site, [x]) => inverted(site.tensor(x!)),
  add: sign('add'),
  sub: sign('sub'),
  mul: sign('mul'),
  div: sign('div'),
  floordiv(site, inputs) {
    const { a, b } = operands(site, inputs);
    return torch('div', a, b, 'rounding_mode="floor"');
  },
  mod(site, inputs) {
    const { a, b } = operands(site, inputs);
    return torch('remainder', a, b);
  },
  pow(site, inputs) {
    const { a, b } = operands(site, inputs);
    return torch('pow', a, b);
  },
  min: extreme('minimum', 'clamp_max'),
  max: extreme('maximum', 'clamp_min'),
  eq: comparison('eq', 'eq'),
  lt: comparison('lt', 'gt'),
  le: comparison('le', 'ge'),
  and: (site, [a, b]) => infix('__and__', site.tensor(a!), site.tensor(b!)),
  or: (site, [a, b]) => infix('__or__', site.tensor(a!), site.tensor(b!)),
  where(site, [c, a, b]) {
    const [first, second] = [site.number(a!), site.number(b!)];
    const condition = site.tensor(c!);
    if (second && !first)
      return method(site.tensor(a!), 'masked_fill', inverted(condition).text, second.text);
    if (first && !second) return method(site.tensor(b!), 'masked_fill', condition.text, first.text);
    return torch('where', condition, site.tensor(a!), site.tensor(b!));
  },
  cast: (site, [x], { dtype }) => site.cast(site.tensor(x!), site.node(x!).type.dtype, dtype),
} satisfies Partial<{ [P in Primitive]: Lower<P> }>;

/** Places of the k largest along the last axis. */
const placesOfLargest = (value: Expr, k: number): Expr =>
  indexed(atom(`${torch('sort', value, 'stable=True', 'dim=-1', 'descending=True').text}[1]`), `..., :${k}`);

const along =
  (name: OperatorName): LowerWith<{ readonly axis: number }> =>
  (site, [x], { axis }) =>
    torch(name, site.tensor(x!), `[${axis}]`, 'True');

const reductions = {
  reduce_sum: along('sum'),
  reduce_mean: along('mean'),
  reduce_max: along('amax'),
  reduce_min: along('amin'),
  cumsum: (site, [x], { axis }) => torch('cumsum', site.tensor(x!), String(axis)),
  /** Uses a stable sort, since `topk` does not define the order of equal values. */
  is_top(site, [x], { k }) {
    const value = site.tensor(x!);
    const none = torch('zeros_like', value, 'dtype=11');
    return method(none, 'scatter', '-1', placesOfLargest(value, k).text, '1');
  },
  argtop: (site, [x], { k }) => placesOfLargest(site.tensor(x!), k),
} satisfies Partial<{ [P in Primitive]: Lower<P> }>;

const leaves = {
  scalar: (site, _, { value, dtype }) =>
    torch('full', '[]', scalarText(value, dtype), `dtype=${site.dtype(dtype)}`, `device=${site.device()}`),
  constant(site, _, { tensor: { data, shape, dtype } }) {
    const values = Array.from(data, (v) => scalarText(v, dtype)).join(', ');
    const flat = torch('tensor', `[${values}]`, `dtype=${site.dtype(dtype)}`, `device=${site.device()}`);
    return shape.length === 1 ? flat : method(flat, 'reshape', `[${shape.join(', ')}]`);
  },
  size: (site, _, { dim }) => torch('full', '[]', site.int(dim), 'dtype=4', `device=${site.device()}`),
  iota: (site, _, { size: n }) => torch('arange', site.int(n), 'dtype=4', `device=${site.device()}`),
} satisfies Partial<{ [P in Primitive]: Lower<P> }>;

export function scalarText(value: number, dtype: GraphDType): string {
  return dtype === 'int64' || dtype === 'bool' ? String(value) : float(value);
}

const list = (site: Site, shape: Type['shape']): string =>
  `[${shape.map((d) => site.int(d).text).join(', ')}]`;

/** `x[..., :24]`, `x[:, 1:]` */
function subscript(site: Site, from: Type, { axis, start, stop, step }: PrimitiveAttrs['slice']): string {
  const rank = from.shape.length;
  const first = equal(start, size(0)) ? '' : site.int(start).text;
  const last = equal(stop, from.shape[axis]!) ? '' : site.int(stop).text;
  const range = `${first}:${last}${step === 1 ? '' : `:${step}`}`;
  if (axis === rank - 1 && rank > 2) return `..., ${range}`;
  return [...Array<string>(axis).fill(':'), range].join(', ');
}

/** One place of an axis that a reshape then drops: `lambdas[3]`. */
function picked(site: Site, x: NodeId, shape: Type['shape']): Expr | undefined {
  const slice = site.node(x);
  if (slice.op !== 'slice') return undefined;
  const { axis, start, stop } = slice.attrs as unknown as PrimitiveAttrs['slice']; // the op says which attributes
  const from = slice.inputs[0]!;
  const dropped = slice.type.shape.toSpliced(axis, 1);
  const [at, one] = [constant(start), constant(sub(stop, start))];
  if (one !== 1 || at === undefined || !sameShape(dropped, shape)) return undefined;
  return indexed(site.tensor(from), [...Array<string>(axis).fill(':'), at].join(', '));
}

const sameShape = (a: Type['shape'], b: Type['shape']): boolean =>
  a.length === b.length && a.every((d, i) => equal(d, b[i]!));

/** The axis of size one that `more` has and `fewer` has not. */
function extraOne(more: Type['shape'], fewer: Type['shape']): number | undefined {
  if (more.length !== fewer.length + 1) return undefined;
  const at = more.findIndex((d, i) => constant(d) === 1 && sameShape(more.toSpliced(i, 1), fewer));
  return at < 0 ? undefined : at;
}

const shapes = {
  reshape(site, [x], { shape }) {
    const one = picked(site, x!, shape);
    if (one) return one;
    const own = site.node(x!).type.shape;
    const [added, removed] = [extraOne(shape, own), extraOne(own, shape)];
    if (added !== undefined) return method(site.tensor(x!), 'unsqueeze', String(added));
    if (removed !== undefined) return method(site.tensor(x!), 'squeeze', String(removed));
    const sizes = shape.map((d) => site.int(d).text);
    return method(site.tensor(x!), 'reshape', sizes.length > 0 ? sizes.join(', ') : '[]');
  },
  transpose(site, [x], { perm }) {
    const moved = perm.flatMap((p, i) => (p === i ? [] : [i]));
    const [i, j] = moved;
    return moved.length === 2
      ? method(site.tensor(x!), 'transpose', String(i), String(j))
      : method(site.tensor(x!), 'permute', perm.join(', '));
  },
  slice: (site, [x], attrs) => indexed(site.tensor(x!), subscript(site, site.node(x!).type, attrs)),
  concat: (site, inputs, { axis }) =>
    torch('cat', `[${inputs.map((x) => site.tensor(x).text).join(', ')}]`, String(axis)),
  stack: (site, inputs) => torch('stack', `[${inputs.map((x) => site.tensor(x).text).join(', ')}]`),
  broadcast(site, [x], { shape }) {
    const number = site.number(x!);
    const { dtype } = site.node(x!).type;
    return number
      ? torch('full', list(site, shape), number, `dtype=${site.dtype(dtype)}`, `device=${site.device()}`)
      : method(site.tensor(x!), 'expand', list(site, shape));
  },
  gather: (site, [table, ids]) =>
    site.node(table!).type.shape.length === 2
      ? torch('embedding', site.tensor(table!), site.tensor(ids!))
      : indexed(site.tensor(table!), site.tensor(ids!).text),
  take_along(site, [x, index]) {
    const { shape } = site.node(x!).type;
    if (shape.length === 2) return torch('gather', site.tensor(x!), '1', site.tensor(index!));
    const wide = indexed(site.tensor(index!), [':', ':', ...shape.slice(2).map(() => 'None')].join(', '));
    return torch('take_along_dim', site.tensor(x!), wide, '1');
  },
  pick: (site, [x, index]) => torch('gather', site.tensor(x!), '-1', site.tensor(index!)),
  expert_matmul(site, [x, choice, ...weights], { transposed }) {
    const [first] = weights;
    const whole = site.node(first!).type.shape.length === 3;
    const matrices = weights.map((w) => site.tensor(w).text).join(', ');
    const name = site.function(expertMatmul(whole, transposed));
    return called(name, [
      site.tensor(x!).text,
      site.tensor(choice!).text,
      whole ? matrices : `[${matrices}]`,
    ]);
  },
  matmul: (site, [a, b]) => torch('matmul', site.tensor(a!), site.tensor(b!)),
  /** Writes in place; `slots.ts` has made the third operand the slots to be written. */
  write: (site, [buffer, rows, slots], { axis }) =>
    method(
      site.tensor(buffer!),
      'index_copy_',
      String(axis),
      site.tensor(slots!).text,
      site.tensor(rows!).text,
    ),
} satisfies Partial<{ [P in Primitive]: Lower<P> }>;

/** Where the type checker says that this lacks a primitive, add it to one of the tables above. */
interface LoweringsInBackendsTorchscript extends Readonly<{ [P in Primitive]: Lower<P> }> {}

const lowerings: LoweringsInBackendsTorchscript = {
  ...elementwise,
  ...reductions,
  ...leaves,
  ...shapes,
};

export function lowerPrimitive(op: Primitive, site: Site, { inputs, attrs, type }: Node): Expr {
  // The node's attributes are those of its op, as the builder saw to.
  const lower = lowerings[op] as unknown as LowerWith<unknown>;
  return lower(site, inputs, attrs, type);
}
