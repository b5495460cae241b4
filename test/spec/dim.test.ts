import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  add,
  atom,
  constant,
  type Dim,
  div,
  equal,
  evaluate,
  exact,
  isOne,
  mentions,
  mul,
  names,
  product,
  provablyNonNegative,
  scale,
  show,
  showShape,
  size,
  sub,
  substitute,
} from '../../spec/dim.ts';

const [B, T, P, heads, head] = ['B', 'T', 'P', 'heads', 'head'].map(atom) as [Dim, Dim, Dim, Dim, Dim];
const over = (a: Dim, b: Dim): Dim => {
  const quotient = div(a, b);
  assert.ok(quotient, `${show(a)} / ${show(b)}`);
  return quotient;
};

test('sizes are equal when they are the same expression, in whatever order it is written', () => {
  const same: readonly (readonly [Dim, Dim])[] = [
    [add(P, T), add(T, P)],
    [mul(heads, head), mul(head, heads)],
    [mul(add(heads, size(1)), sub(heads, size(1))), sub(mul(heads, heads), size(1))],
    [over(mul(heads, head), heads), head],
    [over(size(6), size(4)), over(size(3), size(2))],
    [add(over(heads, size(2)), over(heads, size(2))), heads],
    [sub(T, T), size(0)],
    [product([heads, head, size(2)]), scale(mul(head, heads), 2)],
    [over(heads, size(-2)), scale(over(heads, size(2)), -1)],
  ];
  for (const [a, b] of same) assert.ok(equal(a, b), `${show(a)} = ${show(b)}`);
});

test('sizes of different expressions are not, though one config may make them so', () => {
  const different: readonly (readonly [Dim, Dim])[] = [
    [heads, head],
    [mul(heads, heads), heads],
    [over(heads, head), over(head, heads)],
    [scale(heads, 2), add(heads, size(2))],
    [size(1), size(-1)],
    [over(heads, size(2)), scale(heads, 2)],
  ];
  for (const [a, b] of different) assert.not(equal(a, b), `${show(a)} = ${show(b)}`);
});

test('a quotient by a sum or by nothing has no exact form', () => {
  assert.is(div(heads, add(T, P)), undefined);
  assert.is(div(heads, size(0)), undefined);
});

test('a number is exact where a small fraction says it, and refused elsewhere', () => {
  assert.is(constant(exact(0.125)!), 0.125);
  assert.is(exact(0.125)!.key, '1/8:');
  assert.is(exact(Number.NaN), undefined);
  assert.is(exact(Number.POSITIVE_INFINITY), undefined);
  assert.is(exact(2 ** 60), undefined);
  assert.is(exact(Math.PI * 1e-9), undefined);
  assert.throws(() => scale(size(2 ** 52), 4), /left the exact integers/);
});

test('a number comes back, and an expression with a name has none', () => {
  assert.is(constant(sub(size(3), size(5))), -2);
  assert.is(constant(sub(T, T)), 0);
  assert.is(constant(T), undefined);
  assert.is(constant(add(T, size(1))), undefined);
  assert.equal(
    [isOne(size(1)), isOne(over(heads, heads)), isOne(T), isOne(size(2))],
    [true, true, false, false],
  );
});

test('a size says which names it holds', () => {
  const a = add(over(heads, head), T);
  assert.equal([...names(a)].sort(), ['T', 'head', 'heads']);
  assert.equal([mentions(a, 'head'), mentions(a, 'P')], [true, false]);
});

test('names are replaced by sizes, and one below a fraction line stays where it would become a sum', () => {
  const by = (from: string, to: Dim) => (name: string) => (name === from ? to : undefined);
  assert.is(show(substitute(mul(T, T), by('T', add(P, size(1))))), '1 + 2 * P + P ** 2');
  assert.ok(equal(substitute(over(heads, head), by('head', size(4))), over(heads, size(4))));
  assert.ok(equal(substitute(over(heads, head), by('head', add(P, size(1)))), over(heads, head)));
});

test('a size has the value of its expression, and none without a value for each name', () => {
  const env = new Map([
    ['heads', 6],
    ['head', 4],
    ['T', 3],
  ]);
  assert.is(evaluate(mul(heads, head), env), 24);
  assert.is(evaluate(over(heads, head), env), 1.5);
  assert.is(evaluate(over(heads, mul(head, head)), env), 6 / 16);
  assert.is(evaluate(sub(mul(T, T), size(10)), env), -1);
  assert.ok(Number.isNaN(evaluate(P, env)));
});

test('what is never negative is known from B, T, S >= 1 and P >= 0', () => {
  const never = [
    size(0),
    P,
    sub(T, size(1)),
    sub(mul(B, T), size(1)),
    sub(add(P, T), size(1)),
    sub(mul(T, T), T),
  ];
  for (const a of never) assert.ok(provablyNonNegative(a), show(a));
  const perhaps = [sub(P, size(1)), sub(T, size(2)), sub(T, P), size(-1), sub(B, T), heads];
  for (const a of perhaps) assert.not(provablyNonNegative(a), show(a));
});

test('a size is shown as one would write it', () => {
  const shown: readonly (readonly [string, Dim])[] = [
    ['0', size(0)],
    ['-2', size(-2)],
    ['heads * head', mul(heads, head)],
    ['P + T', add(P, T)],
    ['1 + T', add(T, size(1))],
    ['heads + 1', add(size(1), heads)],
    ['T - 1', sub(T, size(1))],
    ['heads / 2 / head', over(over(heads, head), size(2))],
    ['1 / head', over(size(1), head)],
    ['head ** 2', mul(head, head)],
    ['2 * (vocab // 64)', scale(atom('vocab // 64'), 2)],
  ];
  for (const [text, a] of shown) assert.is(show(a), text);
  assert.is(showShape([B, add(P, T), size(8)]), '[B, P + T, 8]');
});

test.run();
