import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { converter } from '../../../compiler/weights/convert.ts';
import { readers } from '../../../compiler/weights/plain_values.ts';
import { fixture, make } from '../../golden/compile_fixture.ts';

test('two bytes are read as what the writer of models widens them to, and another format is not', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const bytes = new DataView(all.buffer);
  const differ = (read: (at: number) => number, wide: Float32Array): number =>
    wide.findIndex((x, i) => !(Object.is(read(2 * i), x) || (Number.isNaN(x) && Number.isNaN(read(2 * i)))));
  for (const [dtype, other] of [
    ['float16', 'bfloat16'],
    ['bfloat16', 'float16'],
  ] as const) {
    const made = converter(dtype, ['float32']).run(new Uint8Array(all.buffer)).slice();
    const wide = new Float32Array(made.buffer);
    assert.is(
      differ((at) => readers[dtype].read(bytes, at), wide),
      -1,
    );
    assert.ok(differ((at) => readers[other].read(bytes, at), wide) >= 0);
  }
});

test('weights come to the same by the code that writes models and by code of their own, and narrower ones to others', () => {
  const values = (storage: 'float32' | 'float16' | 'bfloat16') => {
    const { reference, weightsOf, plainWeights } = make(fixture('nanochat-g6-mha'), undefined, {
      storage,
    }).compiled;
    const names = reference.nodes.flatMap(({ op, attrs }) => (op === 'param' ? [String(attrs['name'])] : []));
    const written = weightsOf(reference);
    return names.map((name) => [written.values(name), plainWeights.values(name)] as const);
  };
  const whole = values('float32');
  for (const storage of ['float32', 'float16', 'bfloat16'] as const) {
    const found = values(storage);
    for (const [a, b] of found) assert.equal(a, b);
    const rounded = found.some(([a], i) => a.some((x, j) => x !== whole[i]![0][j]));
    assert.is(rounded, storage !== 'float32');
  }
});

test.run();
