import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decode, encode } from '../../../backends/onnx/schema.ts';
import { tensorBytes } from '../../../backends/onnx/tensor_bytes.ts';
import { framed, held, joined, totalSize, varint } from '../../../backends/onnx/wire.ts';
import { random } from '../../../runtime/sample.ts';
import { roundTo } from '../../../spec/round.ts';
import { tensor } from '../../../spec/tensor.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const all = (chunks: Iterable<Uint8Array>): Buffer => Buffer.concat([...chunks]);

test('numbers are base 128, the least significant digits first', () => {
  assert.is(hex(varint(0)), '00');
  assert.is(hex(varint(127)), '7f');
  assert.is(hex(varint(128)), '8001');
  assert.is(hex(varint(300)), 'ac02');
  assert.is(hex(varint(2 ** 53 - 1)), 'ffffffffffffff0f');
});

test('framed raw bytes read as protobufjs would have written them', () => {
  const raw = Uint8Array.from({ length: 300 }, (_, i) => i);
  const head = { name: 'w', dims: [10, 30], dataType: 9 };
  const ours = joined([held(encode('TensorProto', head)), ...framed('TensorProto', 'rawData', [held(raw)])]);
  const bytes = all(ours.bytes());
  assert.is(bytes.length, ours.size);
  assert.is(hex(bytes), hex(encode('TensorProto', { ...head, rawData: raw })));
  const read = decode('TensorProto', bytes);
  assert.equal([read['name'], read['dims'], read['dataType']], ['w', [10, 30], 9]);
  assert.is(hex(read['rawData'] as Uint8Array), hex(raw)); // the schema says bytes
});

test('nested frames add up to their own size', () => {
  const inner = framed('GraphProto', 'initializer', [held(new Uint8Array(200))]);
  const outer = framed('ModelProto', 'graph', inner);
  assert.is(all(joined(outer).bytes()).length, totalSize(outer));
  assert.is(totalSize(outer), 200 + 3 + 3);
});

test('whole numbers go both ways, negative and large ones too', () => {
  const node = {
    name: 'n',
    opType: 'Op',
    input: ['a', ''],
    output: ['b'],
    attribute: [
      { name: 'i', type: 2, i: -1 },
      { name: 'ints', type: 7, ints: [0, -3, 2 ** 40] },
      { name: 'f', type: 1, f: 0.5 },
    ],
  };
  const read = decode('NodeProto', encode('NodeProto', node));
  const [i, ints, f] = read['attribute'] as Record<string, unknown>[]; // a list, by the schema
  assert.equal(read['input'], ['a', '']);
  assert.is(i!['i'], -1);
  assert.equal(ints!['ints'], [0, -3, 2 ** 40]);
  assert.is(f!['f'], 0.5);
});

/** A half or a brain float by the definition of its bits. */
function numberOf(bits: number, fraction: number, bias: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits & 0x7fff) >> fraction;
  const rest = (bits & ((1 << fraction) - 1)) / 2 ** fraction;
  return sign * (exponent === 0 ? 2 ** (1 - bias) * rest : 2 ** (exponent - bias) * (1 + rest));
}

test('narrow floats are stored as the bits that stand for them', () => {
  const next = random(3);
  const drawn = Array.from({ length: 500 }, () => (next() - 0.5) * 10 ** (12 * next() - 8));
  for (const [dtype, fraction, bias] of [
    ['float16', 10, 15],
    ['bfloat16', 7, 127],
  ] as const) {
    const values = [...drawn, 0, -0, 1, -2, 2 ** -24, 65504].map((v) => roundTo(dtype, v));
    const bytes = tensorBytes(tensor(dtype, [values.length], values));
    const bits = new Uint16Array(bytes.buffer, bytes.byteOffset, values.length);
    const finite = values.filter(Number.isFinite);
    assert.ok(finite.length > 490);
    values.forEach((v, i) => {
      if (Number.isFinite(v)) assert.ok(Object.is(numberOf(bits[i]!, fraction, bias), v), `${dtype} ${v}`);
    });
    const special = tensorBytes(tensor(dtype, [2], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]));
    assert.is(hex(special), dtype === 'float16' ? '007c00fc' : '807f80ff');
  }
});

test('int64 and bool are little-endian', () => {
  assert.is(hex(tensorBytes(tensor('int64', [2], [-2, 2 ** 33]))), 'feffffffffffffff0000000002000000');
  assert.is(hex(tensorBytes(tensor('bool', [3], [1, 0, 1]))), '010001');
});

test.run();
