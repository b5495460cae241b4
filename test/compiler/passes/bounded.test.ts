/** Bounds that ops claim, against numbers: no result leaves one that is claimed, and one that is not claimed is left. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boundsBySteps, boundsOf } from '../../../compiler/passes/bounded.ts';
import { random } from '../../../runtime/sample.ts';
import { isComposite, opOf } from '../../../spec/ops/index.ts';
import {
  all,
  always,
  type Bounded,
  type Bounds,
  both,
  fromBelow,
  neither,
  ofFirst,
  onlyBelow,
} from '../../../spec/primitives/bounds.ts';
import { empty, type Tensor } from '../../../spec/tensor.ts';
import { addOps } from '../added_ops.ts';
import { apply, type Call, calls } from '../op_calls.ts';

await addOps();

/** What no bounded result of the small operands here reaches, and what unbounded numbers exceed by far. */
const [limit, far] = [1e3, 1e12];

/** Numbers from -1 to 1, or of one sign, also close to zero; half or all of those on a side without a bound are far out. */
function numbers({ dtype, shape }: Tensor, { below, above }: Bounded, seed: number): Tensor {
  const next = random(seed);
  const y = empty(dtype, shape);
  for (let i = 0; i < y.data.length; i++) {
    const drawn = (2 * next() - 1) * (next() < 0.3 ? 1e-9 : 1);
    const x = [drawn, Math.abs(drawn), -Math.abs(drawn)][seed % 3]!;
    const grows = next() < (seed % 2 ? 0.5 : 1) && !(x < 0 ? below : above);
    y.data[i] = grows ? x * far : x;
  }
  return y;
}

const isReal = ({ dtype, data }: Tensor): boolean => dtype === 'float32' && data.length > 0;

/** Which operands have bounds: all ways for two, and else one operand that differs from all others. */
function ways({ values }: Call): readonly (readonly Bounded[])[] {
  const kinds = [both, { below: true, above: false }, { below: false, above: true }, neither];
  const floats = values.flatMap((x, i) => (isReal(x) ? [i] : []));
  const start = values.map(() => both);
  if (floats.length <= 2)
    return floats.reduce<readonly (readonly Bounded[])[]>(
      (before, i) => before.flatMap((given) => kinds.map((kind) => given.with(i, kind))),
      [start],
    );
  const none = values.map((x) => (isReal(x) ? neither : both));
  return [start, none].flatMap((given) => floats.flatMap((i) => kinds.map((kind) => given.with(i, kind))));
}

interface Reached {
  readonly least: number;
  readonly most: number;
}

const reachedBy = (call: Call, given: readonly Bounded[]): Reached => {
  const { op, attrs, env, values } = call;
  let [least, most] = [0, 0];
  for (let seed = 1; seed <= 6; seed++) {
    const inputs = values.map((x, i) => (isReal(x) ? numbers(x, given[i]!, 30 * i + seed) : x));
    for (const v of apply(op, inputs, attrs, env).data) {
      if (v < least) least = v;
      if (v > most) most = v;
    }
  }
  return { least, most };
};

const claimOf = ({ op, attrs, types }: Call, given: readonly Bounded[]): Bounded =>
  boundsOf({ op, attrs }, types, given);

const kindName = ({ below, above }: Bounded): string =>
  below ? (above ? 'both' : 'below') : above ? 'above' : 'none';

/** Claims that the numbers leave. */
const broken = (call: Call, claim: (given: readonly Bounded[]) => Bounded): readonly string[] =>
  ways(call).flatMap((given) => {
    const { below, above } = claim(given);
    const { least, most } = reachedBy(call, given);
    return (below && least < -limit) || (above && most > limit)
      ? [`${call.name} of ${given.map(kindName)}: from ${least} to ${most}`]
      : [];
  });

/** Ops whose result is bounded here without their saying so. */
const careful: Readonly<Record<string, string>> = {
  exp: 'of a moderate x it is too large for any dtype',
  log: 'of a small x it is no more than the bits of the dtype',
  pow: 'a negative power of a small x',
  floordiv: 'of a small divisor',
  reduce_sum: 'it grows with how many there are',
  cumsum: 'it grows with how many there are',
  matmul: 'it grows with how many there are',
  expert_matmul: 'it grows with how many there are',
  linear: 'it is a matmul',
  projected: 'it is a matmul',
  softsign: 'its steps do not tell that the divisor is as large as x',
  gated: 'its steps do not tell that the divisor is as large as x',
  div: 'of a small divisor',
};

const real = (): readonly Call[] =>
  calls().filter(({ values, type }) => values.some(isReal) && type.dtype === 'float32');

test('what an op claims holds in numbers', () => {
  const tested = real();
  assert.ok(tested.length > 80, String(tested.length));
  assert.equal(
    tested.flatMap((call) => broken(call, (given) => claimOf(call, given))),
    [],
  );
});

test('what it does not claim does not hold, but for what depends on sizes and on steps', () => {
  const [seen, left] = [new Set<string>(), new Set<string>()];
  for (const call of real())
    for (const given of ways(call)) {
      const claim = claimOf(call, given);
      const { least, most } = reachedBy(call, given);
      const at = `${call.op} of ${given.map(kindName)}`;
      if (!claim.below) seen.add(`${at}, below`);
      if (!claim.above) seen.add(`${at}, above`);
      if (least < -limit) left.add(`${at}, below`);
      if (most > limit) left.add(`${at}, above`);
    }
  const loose = new Set([...seen].filter((side) => !left.has(side)).map((side) => side.split(' ')[0]!));
  assert.equal([...loose].sort(), Object.keys(careful).sort());
});

test('a claim that is wrong is noticed', () => {
  const wrong: Readonly<Record<string, Bounds<unknown>>> = {
    ...{
      mul: all,
      silu: always,
      gelu: always,
      exp: always,
      sub: all,
      neg: ofFirst,
      max: ofFirst,
      abs: ofFirst,
    },
    ...{ relu: always, where: ofFirst, concat: ofFirst, attention: ofFirst, shrink: always, add: onlyBelow },
    ...{ centred: always, linear: all, rotary: always, sqrt: always, gather: fromBelow },
  };
  for (const [op, claim] of Object.entries(wrong)) {
    const found = real().some(
      (call) => call.op === op && broken(call, (given) => claim(given, call.attrs)).length > 0,
    );
    assert.ok(found, op);
  }
});

test('an op that declares bounds has sharper ones than its steps', () => {
  const sharper = new Set<string>();
  for (const call of real()) {
    const { op, attrs, types } = call;
    if (!isComposite(op) || !opOf(op).bounds) continue;
    for (const given of ways(call)) {
      const [said, derived] = [claimOf(call, given), boundsBySteps(opOf(op), attrs, types, given)];
      assert.ok((said.below || !derived.below) && (said.above || !derived.above), op);
      if (said.below !== derived.below || said.above !== derived.above) sharper.add(op);
    }
  }
  const declared = new Set(real().flatMap(({ op }) => (isComposite(op) && opOf(op).bounds ? [op] : [])));
  assert.equal([...sharper].sort(), [...declared].sort());
  assert.ok(declared.size > 5);
});

test.run();
