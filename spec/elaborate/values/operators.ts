/** Operators on two values: numbers are computed, sizes keep their names, tensors become ops. */

import type * as ast from '../../ast.ts';
import * as dim from '../../dim.ts';
import type { Primitive } from '../../op.ts';
import { broadcast, factHint, isProtected, isTokens } from './axes.ts';
import type { Context, Site } from './context.ts';
import { arithmetic, showNumber } from './number.ts';
import { shapeNote, sizeNotes } from './size_notes.ts';
import { same, sameNumber, showSize } from './sizes.ts';
import { asTensor, emit, needTensor, reportSize, showTensor, together } from './tensors.ts';
import {
  bool,
  describeKind,
  type NumberValue,
  type Poison,
  plainOf,
  poison,
  type SizeValue,
  type TensorValue,
  type Value,
} from './value.ts';

const arithmeticOps = ['+', '-', '*', '/', '//', '%', '**'] as const;
type ArithmeticOp = (typeof arithmeticOps)[number];
const isArithmetic = (op: ast.BinaryOp): op is ArithmeticOp =>
  (arithmeticOps as readonly string[]).includes(op);

const primitiveOf: Readonly<Record<ArithmeticOp, Primitive>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '//': 'floordiv',
  '%': 'mod',
  '**': 'pow',
};

/** Comparisons by `eq`, `lt` and `le`, with operands exchanged or the result negated. */
const comparisons: Readonly<
  Record<string, { readonly op: Primitive; readonly swap?: true; readonly not?: true }>
> = {
  '==': { op: 'eq' },
  '!=': { op: 'eq', not: true },
  '<': { op: 'lt' },
  '<=': { op: 'le' },
  '>': { op: 'lt', swap: true },
  '>=': { op: 'le', swap: true },
};

export function binary<V>(site: Site<V, ast.Binary>): Value<V> {
  const { node } = site;
  const { op } = node;
  const left = site.evaluate(node.left);
  if ((op === 'and' || op === 'or') && left.kind === 'bool') {
    if (left.value === (op === 'or')) return left;
    return logic(site, site.evaluate(node.right));
  }
  const right = site.evaluate(node.right);
  if (left.kind === 'poison' || right.kind === 'poison') return poison;
  if (op === '@') return product(site, left, right);
  if (op === 'and' || op === 'or') return elementwiseLogic(site, op, left, right);
  if (isArithmetic(op)) return compute(site, op, left, right);
  return compare(site, op, left, right);
}

const logic = <V>(site: Site<V, ast.Binary>, right: Value<V>): Value<V> =>
  right.kind === 'bool' || right.kind === 'poison' || asTensor(site.cx, right)?.type.dtype === 'bool'
    ? right
    : site
        .at(site.node.right)
        .fail('N314', `\`${site.node.op}\` takes true or false, found ${describeKind(right)}`);

function elementwiseLogic<V>(
  site: Site<V, ast.Binary>,
  op: 'and' | 'or',
  left: Value<V>,
  right: Value<V>,
): Value<V> {
  const { cx, node } = site;
  const [x, y] = [asTensor(cx, left), asTensor(cx, right)];
  const wrong =
    x?.type.dtype !== 'bool' ? left : y?.type.dtype !== 'bool' && right.kind !== 'bool' ? right : undefined;
  if (wrong) {
    const at = wrong === left ? node.left : node.right;
    const found = asTensor(cx, wrong)
      ? `a tensor of ${asTensor(cx, wrong)!.type.dtype}`
      : describeKind(wrong);
    return site.at(at).fail('N314', `\`${op}\` takes true or false, found ${found}`, {
      hint: 'compare first: x > 0',
    });
  }
  if (right.kind === 'bool') return right.value === (op === 'or') ? right : left;
  if (!x || !y) return poison;
  return elementwiseOp(site, op, [x, y], 'bool');
}

/** An op on broadcast operands of one dtype. */
export function elementwiseOp<V>(
  site: Site<V>,
  op: Primitive,
  [x, y]: readonly [TensorValue<V>, TensorValue<V>],
  dtype = x.type.dtype,
): Value<V> {
  const shape = broadcast(site, x.type.shape, y.type.shape);
  return shape ? emit(site, op, [x, y], {}, { dtype, shape }) : poison;
}

function compute<V>(site: Site<V, ast.Binary>, op: ArithmeticOp, left: Value<V>, right: Value<V>): Value<V> {
  if (left.kind === 'number' && right.kind === 'number') return numbers(site, op, left, right);
  if (left.kind === 'expert_index' && right.kind === 'number' && op === '+')
    return { ...left, plus: left.plus + right.value };
  const sized = sizes(left, right);
  if (sized) return computeSize(site, op, ...sized);
  const size = left.kind === 'size' ? left : right;
  if (size.kind === 'size') return reportSize(site, size.dim);
  if (left.kind === 'list' && right.kind === 'list' && op === '+' && !left.several && !right.several) {
    return { kind: 'list', items: [...left.items, ...right.items] };
  }
  if (!operands(site, left, right)) return poison;
  if (dividesByZero(op, right)) return byZero(site);
  const pair = together(site, left, right);
  if (!pair) return poison;
  const { dtype } = pair[0].type;
  const whole = dtype === 'int64' && (op === '/' || op === '**');
  if (whole || dtype === 'bool') {
    return site.fail('N308', `\`${op}\` does not take ${dtype}`, {
      hint: dtype === 'bool' ? 'use where(condition, a, b)' : 'cast to float first, or floor with `//`',
    });
  }
  return elementwiseOp(site, primitiveOf[op], pair);
}

/** Numbers and tensors, or a report of the first that is neither. */
function operands<V>(site: Site<V, ast.Binary>, left: Value<V>, right: Value<V>): boolean {
  const { cx, node } = site;
  for (const [value, at] of [
    [left, node.left],
    [right, node.right],
  ] as const) {
    if (value.kind === 'number' || asTensor(cx, value)) continue;
    const hint =
      value.kind === 'module' || value.kind === 'entries' ? { hint: 'call it, or name its tensor' } : {};
    site.at(at).fail('N314', `\`${node.op}\` takes numbers and tensors, found ${describeKind(value)}`, hint);
    return false;
  }
  return true;
}

function numbers<V>(
  site: Site<V, ast.Binary>,
  op: ArithmeticOp,
  left: NumberValue,
  right: NumberValue,
): Value<V> {
  const { cx } = site;
  if (dividesByZero(op, right)) return byZero(site);
  const result = arithmetic(cx.sizes, op, left, right);
  const finite = Number.isFinite(left.value) && Number.isFinite(right.value);
  if (finite ? Number.isFinite(result.value) : !Number.isNaN(result.value)) return result;
  const text = `\`${showNumber(left.value)} ${op} ${showNumber(right.value)}\``;
  return site.fail('N314', `${text} is ${Number.isNaN(result.value) ? 'no' : 'too large a'} number`);
}

const dividesByZero = <V>(op: ArithmeticOp, by: Value<V>): boolean =>
  (op === '/' || op === '//' || op === '%') && by.kind === 'number' && by.value === 0;

const byZero = <V>(site: Site<V, ast.Binary>) =>
  site.fail('N320', 'division by zero', { hint: 'check the config entries it is made of' });

/** Both as sizes when one is known only when running and the other is a size or a number. */
function sizes<V>(a: Value<V>, b: Value<V>): readonly [dim.Dim, dim.Dim] | undefined {
  if (a.kind !== 'size' && b.kind !== 'size') return undefined;
  const of = (x: Value<V>) => (x.kind === 'size' || x.kind === 'number' ? x.dim : undefined);
  const [x, y] = [of(a), of(b)];
  return x && y ? [x, y] : undefined;
}

function computeSize<V>(
  site: Site<V, ast.Binary>,
  op: ArithmeticOp,
  a: dim.Dim,
  b: dim.Dim,
): SizeValue | NumberValue | Poison {
  const result =
    op === '+' ? dim.add(a, b) : op === '-' ? dim.sub(a, b) : op === '*' ? dim.mul(a, b) : undefined;
  if (!result) {
    return site.fail('N311', `\`${op}\` on a size known only when running`, {
      hint: 'sizes with B, T and P can be added, subtracted and multiplied',
    });
  }
  const number = dim.constant(result);
  return number === undefined
    ? { kind: 'size', dim: result }
    : { kind: 'number', value: number, dim: result };
}

function compare<V>(site: Site<V, ast.Binary>, op: ast.BinaryOp, left: Value<V>, right: Value<V>): Value<V> {
  const known = comparePlain(op, left, right);
  if (known !== undefined) return bool(known);
  const size = left.kind === 'size' ? left : right;
  if (size.kind === 'size') {
    return site.fail('N312', `\`${dim.show(size.dim)}\` is known only when running and cannot be compared`, {
      hint: 'the result would depend on how the text is cut into calls',
    });
  }
  if (!operands(site, left, right)) return poison;
  const pair = together(site, left, right);
  if (!pair) return poison;
  const { op: primitive, swap, not } = comparisons[op]!;
  const result = elementwiseOp(site, primitive, swap ? [pair[1], pair[0]] : pair, 'bool');
  return not && result.kind === 'tensor' ? emit(site, 'not', [result], {}, result.type) : result;
}

/** Undefined when a tensor or a running size is involved, or an order is asked of what has none. */
function comparePlain<V>(op: ast.BinaryOp, a: Value<V>, b: Value<V>): boolean | undefined {
  if (a.kind === 'number' && b.kind === 'number') {
    const order = { '==': a.value === b.value, '!=': a.value !== b.value, '<': a.value < b.value };
    const rest = { '<=': a.value <= b.value, '>': a.value > b.value, '>=': a.value >= b.value };
    return { ...order, ...rest }[op as '==']; // the operators of a comparison are these six
  }
  const [x, y] = [plainOf(a), plainOf(b)];
  if (x === undefined || y === undefined || (op !== '==' && op !== '!=')) return undefined;
  return (x === y) === (op === '==');
}

export function unary<V>(site: Site<V, ast.Unary>): Value<V> {
  const { cx, node } = site;
  const value = site.evaluate(node.operand);
  if (value.kind === 'poison') return poison;
  if (node.op === 'not') {
    if (value.kind === 'bool') return bool(!value.value);
    const x = asTensor(cx, value);
    if (x?.type.dtype === 'bool') return emit(site, 'not', [x], {}, x.type);
    const found = x ? `a tensor of ${x.type.dtype}` : describeKind(value);
    return site.fail('N314', `\`not\` takes true or false, found ${found}`, {
      ...(x ? { hint: 'compare first: not x > 0' } : {}),
    });
  }
  if (value.kind === 'number') {
    return { kind: 'number', value: -value.value, ...(value.dim ? { dim: dim.scale(value.dim, -1) } : {}) };
  }
  if (value.kind === 'size') return { kind: 'size', dim: dim.scale(value.dim, -1) };
  const x = needTensor(site, value, 'the operand of `-`');
  if (!x) return poison;
  if (x.type.dtype === 'bool') return site.fail('N308', '`-` does not take bool');
  return emit(site, 'neg', [x], {}, x.type);
}

/** `x @ w`: the right side is a matrix of weights. */
function product<V>(site: Site<V, ast.Binary>, left: Value<V>, right: Value<V>): Value<V> {
  const { cx, node } = site;
  const x = needTensor(site.at(node.left), left, 'the left side of `@`');
  const w = needTensor(site.at(node.right), right, 'the right side of `@`');
  if (!x || !w) return poison;
  if (w.type.shape.length !== 2) {
    return site
      .at(node.right)
      .fail('N302', `the right side of \`@\` must be a matrix, found ${showTensor(cx, w.type)}`);
  }
  if (w.type.shape.some(isProtected)) {
    return site.fail('N310', '`@` of two activations mixes tokens', {
      hint: 'products of two activations exist only inside attention',
    });
  }
  const [inner, outer] = w.type.shape as [dim.Dim, dim.Dim];
  const last = x.type.shape.at(-1);
  if (!last || !same(cx.sizes, last, inner)) return misfit(site, x, [inner, outer]);
  if (isTokens(last)) return site.fail('N310', '`@` along the token axis mixes tokens');
  const pair = together(site, x, w);
  if (!pair) return poison;
  const type = { dtype: pair[0].type.dtype, shape: [...x.type.shape.slice(0, -1), outer] };
  if (right.kind === 'tensor' && right.transposed && pair[1].v === w.v) {
    return emit(site, 'linear', [pair[0], right.transposed], {}, type);
  }
  return x.type.shape.length > 1
    ? emit(site, 'matmul', pair, {}, type)
    : site.fail('N302', 'the left side of `@` needs two axes at least');
}

function misfit<V>(
  site: Site<V, ast.Binary>,
  x: TensorValue<V>,
  [inner, outer]: readonly [dim.Dim, dim.Dim],
): Value<V> {
  const { cx, frame } = site;
  const last = x.type.shape.at(-1);
  const found = showTensor(cx, x.type);
  const expected = `[..., ${showSize(cx.sizes, inner)}]`;
  const who = frame.userCall && frame.label ? `\`${frame.label}\`` : 'the product';
  if (last && !isProtected(last) && sameNumber(cx.sizes, last, inner)) {
    return site.fail('N305', 'these sizes are equal in this config only', {
      expected: `${expected}, which ${who} takes`,
      found,
      hint: factHint(last, inner),
      related: [...shapeNote(x), ...sizeNotes(cx, [last, inner])],
    });
  }
  const made = frame.userCall && frame.member && frame.label;
  const related = [
    ...(made ? [{ message: `\`${frame.label}\` is made here`, span: frame.member }] : []),
    ...shapeNote(x),
  ];
  const exchanged = last && !isProtected(last) && same(cx.sizes, last, outer);
  const turned = made ? 'are its inputs and outputs exchanged?' : 'turn the matrix: x @ transpose(w)';
  const hint = exchanged ? { hint: turned } : mergeHint(cx, x, inner);
  return site.fail('N301', `${who} takes ${expected}`, { expected, found, related, ...hint });
}

/** A hint for the usual reason, heads that were not merged. */
function mergeHint<V>(cx: Context<V>, { type }: TensorValue<V>, inner: dim.Dim): { readonly hint?: string } {
  const [first, second] = type.shape.slice(-2);
  if (!first || !second || isProtected(first) || !same(cx.sizes, dim.mul(first, second), inner)) return {};
  return { hint: `merge its last two axes first: as ${dim.showShape([...type.shape.slice(0, -2), inner])}` };
}
