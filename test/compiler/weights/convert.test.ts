/** Numbers on their way from one dtype to another: exact where they fit, to the nearest and even where not, counted where lost. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { converter, convertible } from '../../../compiler/weights/convert.ts';
import { countNotFinite } from '../../../compiler/weights/not_finite.ts';
import { roundTo } from '../../../spec/round.ts';
import type { GraphDType } from '../../../spec/type.ts';

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Every pattern of 32 bits in steps that are odd, and all the neighbours of powers of two. */
function samples(): Float32Array {
  const bits = new Uint32Array(400_000);
  for (let i = 0; i < bits.length; i++) bits[i] = Math.imul(i, 0x9e3779b1) >>> 0;
  for (let e = 0; e < 256; e++) {
    for (let k = 0; k < 8; k++) {
      bits[e * 16 + k] = (e << 23) + k * 0x0fff;
      bits[e * 16 + k + 8] = (0x80000000 + (e << 23) - k) >>> 0;
    }
  }
  return new Float32Array(bits.buffer);
}

function through(dtypes: readonly GraphDType[], values: Float32Array): Float32Array {
  const bytes = converter('float32', dtypes).run(bytesOf(values));
  return new Float32Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
  );
}

const firstDifference = (a: Float32Array, b: (i: number) => number): number =>
  a.findIndex((value, i) => !Object.is(value, b(i)));

for (const dtype of ['float16', 'bfloat16'] as const) {
  test(`float32 to ${dtype} and back is the reference's rounding`, () => {
    const values = samples();
    const found = through([dtype, 'float32'], values);
    assert.is(
      firstDifference(found, (i) => roundTo(dtype, values[i]!)),
      -1,
    );
    assert.ok(firstDifference(found, (i) => values[i]!) >= 0, 'something was rounded');
  });

  test(`every ${dtype} survives float32`, () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const wide = converter(dtype, ['float32']).run(bytesOf(all)).slice();
    const back = converter('float32', [dtype]).run(wide);
    const found = new Uint16Array(back.buffer, back.byteOffset, 65536);
    const isNan = (i: number): boolean => Number.isNaN(new Float32Array(wide.buffer)[i]);
    assert.is(
      all.findIndex((bits, i) => found[i] !== bits && !isNan(i)),
      -1,
    );
  });
}

test('a double is rounded once', () => {
  const twice = 1 + 2 ** -11 + 2 ** -40; // by way of float32 it would become the tie 1 + 2 ** -11, and that 1
  const [once] = new Float32Array(
    converter('float16', ['float32'])
      .run(
        converter('float64', ['float16'])
          .run(bytesOf(Float64Array.of(twice)))
          .slice(),
      )
      .slice().buffer,
  );
  assert.is(once, 1 + 2 ** -10);
  assert.is(roundTo('float16', Math.fround(twice)), 1);
});

test('what becomes infinite is counted, what was infinite is not', () => {
  const values = Float32Array.of(65504, 65519.99, 65520, -1e6, Infinity, Number.NaN, 3.4e38);
  const half = converter('float32', ['float16']);
  half.run(bytesOf(values));
  assert.is(half.overflows(), 3);
  const brain = converter('float32', ['bfloat16']);
  brain.run(bytesOf(values));
  assert.is(brain.overflows(), 1);
  const single = converter('float64', ['float32']);
  single.run(bytesOf(Float64Array.of(1e39, 1)));
  assert.is(single.overflows(), 1);
});

test('integers become int64, and nothing else', () => {
  const { run } = converter('int8', ['int64']);
  const bytes = run(Uint8Array.of(255, 7));
  assert.equal([...new BigInt64Array(bytes.buffer.slice(bytes.byteOffset) as ArrayBuffer)], [-1n, 7n]);
  assert.is(convertible('int8', 'float32'), false);
  assert.is(convertible('float32', 'int64'), false);
  assert.is(convertible('bool', 'int64'), false);
  assert.is(convertible('float64', 'bfloat16'), true);
});

test('NaN, infinity and what cannot be squared are counted wherever they stand', () => {
  for (const n of [1, 2, 3, 7, 64, 1001]) {
    for (const at of [0, n >> 1, n - 1]) {
      const single = new Float32Array(n).fill(-3.4e38);
      const double = new Float64Array(n).fill(1e308);
      const half = new Uint16Array(n).fill(0xfbff);
      const brain = new Uint16Array(n).fill(0xff7f);
      const all = [single, double, half, brain] as const;
      const dtypes = ['float32', 'float64', 'float16', 'bfloat16'] as const;
      // Nothing in float16 is that large.
      const hugeOf = (i: number, all: number): number => (dtypes[i] === 'float16' ? 0 : all);
      for (const [i, array] of all.entries())
        assert.equal(countNotFinite(dtypes[i]!, bytesOf(array)), { nan: 0, infinite: 0, huge: hugeOf(i, n) });
      single[at] = Number.NaN;
      double[at] = -Infinity;
      half[at] = 0x7c00;
      brain[at] = 0xff81;
      const expected = [
        { nan: 1, infinite: 0 },
        { nan: 0, infinite: 1 },
      ];
      for (const [i, array] of all.entries())
        assert.equal(countNotFinite(dtypes[i]!, bytesOf(array)), {
          ...expected[[0, 1, 1, 0][i]!],
          huge: hugeOf(i, n - 1),
        });
    }
  }
});

test('a number counts as huge from 2 ** 64 on, whose square float32 cannot hold', () => {
  for (const [value, huge] of [
    [2 ** 64, 1],
    [-(2 ** 64), 1],
    [2 ** 64 - 2 ** 40, 0],
    [0, 0],
  ] as const) {
    const expected = { nan: 0, infinite: 0, huge };
    assert.equal(countNotFinite('float32', bytesOf(Float32Array.of(1, value, 3))), expected);
    assert.equal(countNotFinite('float64', bytesOf(Float64Array.of(1, value, 3))), expected);
  }
  assert.is(countNotFinite('bfloat16', bytesOf(Uint16Array.of(1, 0x5f80, 3))).huge, 1);
  assert.is(countNotFinite('bfloat16', bytesOf(Uint16Array.of(0x5f7f, 1, 0x5f7f))).huge, 0);
});

test.run();
