import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bodyValues, type GraphValue, isBodyValue, nodeOf } from '../../../compiler/graph/body_value.ts';
import { Bug } from '../../../spec/diagnostic.ts';

test('what a body records is one value for each content, and none of it is a node', () => {
  const { recorded, contentOf } = bodyValues<number>();
  const [zero, one] = [recorded(0), recorded(1)];
  assert.is(recorded(0), zero);
  assert.is.not(zero, one);
  assert.equal([contentOf(zero), contentOf(one)], [0, 1]);
  const mixed: readonly GraphValue[] = [0, zero, 1, one];
  assert.equal(mixed.map(isBodyValue), [false, true, false, true]);
});

test('a value of a body is refused outside, and in another body', () => {
  const [a, b] = [bodyValues<number>(), bodyValues<number>()];
  const value = a.recorded(7);
  assert.throws(
    () => nodeOf(value),
    (error: unknown) => error instanceof Bug,
  );
  assert.throws(
    () => b.contentOf(value),
    (error: unknown) => error instanceof Bug,
  );
  assert.is(nodeOf(7), 7);
});

test.run();
