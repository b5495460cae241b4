import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { add, atom, size, sub } from '../../../spec/dim.ts';
import { inferPrimitive } from '../../../spec/primitives/index.ts';
import { showType } from '../../../spec/type.ts';
import { floats, ints, nested, refusal, run } from './plain.ts';

const x = floats([
  [1, 2, 3],
  [4, 5, 6],
]);
const between = (start: number, stop: number, step = 1, axis = 1) => ({
  axis,
  start: size(start),
  stop: size(stop),
  step,
});

test('reshape keeps the order of the elements and their number', () => {
  assert.equal(nested(run('reshape', [x], { shape: [size(3), size(2)] })), [
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  assert.match(refusal('reshape', [x], { shape: [size(4)] }), 'has not as many elements as [4]');
});

test('transpose puts axis perm[i] at place i', () => {
  assert.equal(nested(run('transpose', [x], { perm: [1, 0] })), [
    [1, 4],
    [2, 5],
    [3, 6],
  ]);
  const cube = floats([[[1, 2]], [[3, 4]], [[5, 6]]]); // [3, 1, 2]
  assert.equal(nested(run('transpose', [cube], { perm: [2, 0, 1] })), [
    [[1], [3], [5]],
    [[2], [4], [6]],
  ]);
  assert.match(refusal('transpose', [x], { perm: [0, 0] }), 'does not order the axes');
  assert.match(refusal('transpose', [x], { perm: [0] }), 'does not order the axes');
});

test('slices count from zero, leave the stop out, and step', () => {
  assert.equal(nested(run('slice', [x], between(1, 3))), [
    [2, 3],
    [5, 6],
  ]);
  assert.equal(nested(run('slice', [x], between(0, 3, 2))), [
    [1, 3],
    [4, 6],
  ]);
  assert.equal(nested(run('slice', [x], between(1, 2, 1, 0))), [[4, 5, 6]]);
});

test('slices beyond the axis, backwards, or standing still are refused', () => {
  assert.match(refusal('slice', [x], between(0, 4)), '0 : 4 is not inside 3');
  assert.match(refusal('slice', [x], between(-1, 2)), '-1 : 2 is not inside 3');
  assert.match(refusal('slice', [x], between(2, 1)), '2 : 1 is not inside 3');
  assert.match(refusal('slice', [x], between(0, 2, 0)), 'a step must be a whole number above 0');
  assert.match(refusal('slice', [x], between(0, 2, 1, 2)), 'axis 2 is not one of the 2 axes');
});

test('a slice of a size known only when running keeps its name', () => {
  const [T, P] = [atom('T'), atom('P')];
  const type = { dtype: 'float32', shape: [add(P, T), size(4)] } as const;
  const cut = inferPrimitive('slice', [type], { axis: 0, start: P, stop: add(P, T), step: 1 });
  assert.is(typeof cut === 'string' ? cut : showType(cut), 'float32[T, 4]');
  const newest = { axis: 0, start: sub(add(P, T), size(1)), stop: add(P, T), step: 1 };
  const one = inferPrimitive('slice', [type], newest);
  assert.is(typeof one === 'string' ? one : showType(one), 'float32[1, 4]');
  assert.is(
    inferPrimitive('slice', [type], { ...newest, start: size(0), step: 2 }),
    'a step of 2 needs a size known when compiling',
  );
});

test('concat joins along one axis and wants the others equal', () => {
  assert.equal(nested(run('concat', [x, floats([[9], [8]]), x], { axis: 1 })), [
    [1, 2, 3, 9, 1, 2, 3],
    [4, 5, 6, 8, 4, 5, 6],
  ]);
  assert.equal(nested(run('concat', [x, floats([[7, 8, 9]])], { axis: 0 })), [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ]);
  assert.match(refusal('concat', [x, floats([[9], [8]])], { axis: 0 }), 'differ beside axis 0');
  assert.match(refusal('concat', [x, ints([[9], [8]])], { axis: 1 }), 'dtypes float32 and int64 differ');
});

test('broadcast stretches axes of one and missing leading ones', () => {
  assert.equal(nested(run('broadcast', [floats([[7], [8]])], { shape: [size(2), size(2), size(3)] })), [
    [
      [7, 7, 7],
      [8, 8, 8],
    ],
    [
      [7, 7, 7],
      [8, 8, 8],
    ],
  ]);
  assert.match(refusal('broadcast', [x], { shape: [size(1), size(3)] }), 'does not stretch');
  assert.match(refusal('broadcast', [x], { shape: [size(2), size(4)] }), 'do not broadcast');
});

test('write puts rows at a place and leaves the buffer as it was', () => {
  const buffer = floats([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  const rows = floats([[5, 6]]);
  assert.equal(nested(run('write', [buffer, rows, ints(1)], { axis: 0 })), [
    [0, 0],
    [5, 6],
    [0, 0],
  ]);
  assert.equal(nested(run('write', [buffer, floats([[1], [2], [3]]), ints(1)], { axis: 1 })), [
    [0, 1],
    [0, 2],
    [0, 3],
  ]);
  assert.equal(nested(buffer), [
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  assert.throws(
    () => run('write', [buffer, rows, ints(3)], { axis: 0 }),
    /write of 1 rows at 3 leaves 3 slots/,
  );
  assert.match(refusal('write', [buffer, floats([[5]]), ints(1)], { axis: 0 }), 'does not fit into [3, 2]');
  assert.match(refusal('write', [buffer, rows, floats(1)], { axis: 0 }), 'must be an int64 of rank 0');
});

test('stack puts inputs of one type along a new first axis', () => {
  assert.equal(nested(run('stack', [floats([1, 2]), floats([3, 4])], {})), [
    [1, 2],
    [3, 4],
  ]);
  assert.match(refusal('stack', [floats([1, 2]), floats([3])], {}), 'differ');
  assert.match(refusal('stack', [floats([1]), ints([3])], {}), 'differ');
});

test.run();
