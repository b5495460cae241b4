import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { add, atom, size } from '../../../spec/dim.ts';
import { erf } from '../../../spec/primitives/erf.ts';
import { evaluatePrimitive, inferPrimitive } from '../../../spec/primitives/index.ts';
import { floats, nested, run } from './plain.ts';

test('a scalar is rounded to its dtype', () => {
  assert.is(nested(run('scalar', [], { value: 0.1, dtype: 'float32' })), Math.fround(0.1));
  assert.is(nested(run('scalar', [], { value: 1 + 2 ** -9, dtype: 'bfloat16' })), 1);
  assert.is(nested(run('scalar', [], { value: 7, dtype: 'int64' })), 7);
});

test('a constant is itself', () => {
  assert.equal(nested(run('constant', [], { tensor: floats([[1, 2.5]]) })), [[1, 2.5]]);
});

test('sizes known only when running come from the run', () => {
  const all = add(atom('P'), atom('T'));
  const env = new Map([
    ['P', 5],
    ['T', 3],
  ]);
  assert.is(nested(evaluatePrimitive('size', [], { dim: all }, env)), 8);
  assert.equal(nested(evaluatePrimitive('iota', [], { size: atom('T') }, env)), [0, 1, 2]);
  assert.equal(nested(evaluatePrimitive('iota', [], { size: size(2) }, new Map())), [0, 1]);
  assert.equal(inferPrimitive('iota', [], { size: all }), { dtype: 'int64', shape: [all] });
});

test('erf to the last digits, where the series ends and where the fraction begins', () => {
  // from the C library's erf
  const known: readonly (readonly [number, number])[] = [
    [0, 0],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [2.999, 0.9999777698314002],
    [3.001, 0.9999780483390822],
    [4, 0.9999999845827421],
    [6, 1],
  ];
  for (const [x, y] of known) {
    assert.ok(Math.abs(erf(x) - y) < 1e-15, `${x}: ${erf(x)}`);
    assert.is(erf(-x), -erf(x));
  }
  assert.ok(Math.abs(erf(3 - 1e-12) - erf(3 + 1e-12)) < 1e-14);
  assert.ok(Number.isNaN(erf(Number.NaN)));
});

test.run();
