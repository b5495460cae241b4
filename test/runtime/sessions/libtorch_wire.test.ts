import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { byteLength, fromBytes, toBytes } from '../../../runtime/sessions/libtorch_wire.ts';
import { tensor } from '../../../spec/tensor.ts';
import type { GraphDType } from '../../../spec/type.ts';

const cases: readonly (readonly [GraphDType, readonly number[], string])[] = [
  ['float32', [1, -0.5], '0000803f000000bf'],
  ['float16', [1, -0.5], '003c00b8'],
  ['bfloat16', [1, -0.5], '803f00bf'],
  ['int64', [3, -2], '0300000000000000feffffffffffffff'],
  ['bool', [1, 0], '0100'],
];

for (const [dtype, values, hex] of cases) {
  test(`${dtype} is what torch has in memory, and comes back as it was`, () => {
    const bytes = toBytes(tensor(dtype, [2], values));
    assert.is(Buffer.from(bytes).toString('hex'), hex);
    assert.is(bytes.length, byteLength(dtype, [2]));
    const back = fromBytes(dtype, [2], Uint8Array.from(bytes));
    assert.equal([...back.data], values);
    const changed = Uint8Array.from(bytes);
    changed[0]! ^= 1;
    assert.not.equal([...fromBytes(dtype, [2], changed).data], values);
  });
}

test('nothing is no bytes', () => {
  assert.is(toBytes(tensor('float32', [2, 0], [])).length, 0);
  assert.equal(fromBytes('int64', [0, 3], new Uint8Array(0)).shape, [0, 3]);
});

test('numbers that are none stay so', () => {
  for (const dtype of ['float32', 'float16', 'bfloat16'] as const) {
    const back = fromBytes(
      dtype,
      [3],
      Uint8Array.from(
        toBytes(tensor(dtype, [3], [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])),
      ),
    );
    assert.equal([...back.data], [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  }
});

test.run();
