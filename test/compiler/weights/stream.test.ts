/** Elements of stored tensors: in logical order whatever the strides, their checksums compared, from the file that was opened. */

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LazyTensor } from '../../../compiler/checkpoint/checkpoint.ts';
import { openCheckpoint } from '../../../compiler/checkpoint/open_checkpoint.ts';
import { contiguousStrides } from '../../../compiler/checkpoint/place_tensor.ts';
import { chunkBytes } from '../../../compiler/weights/scratch.ts';
import { rawBytes } from '../../../compiler/weights/stream.ts';
import { elements, viewBytes } from '../../../compiler/weights/view_stream.ts';
import { product } from '../../../spec/tensor.ts';
import { refusal } from '../../harness/refusal.ts';
import { inFolder } from '../checkpoint/in_folder.ts';
import { type TorchTensor, torchBytes } from '../checkpoint/torch_bytes.ts';

const read = (tensor: LazyTensor): Buffer => Buffer.concat(Array.from(rawBytes(tensor), (c) => c.slice()));

/** Elements that say where they are. */
const numbered = (n: number): Uint32Array => Uint32Array.from({ length: n }, (_, i) => i);

function stored<R>(
  tensors: Readonly<Record<string, TorchTensor>>,
  use: (t: LazyTensor, path: string) => R,
): R {
  return inFolder({ 'model.pt': torchBytes(tensors) }, (folder) => {
    const path = join(folder, 'model.pt');
    return use([...openCheckpoint(path).tensors.values()][0]!, path);
  });
}

function picked({ shape, strides = contiguousStrides(shape), start = 0 }: TorchTensor): Uint32Array {
  return Uint32Array.from(elements(shape, strides, start));
}

/** Elements that a view needs. */
const reach = ({ shape, strides = contiguousStrides(shape), start = 0 }: Omit<TorchTensor, 'data'>): number =>
  shape.reduce((sum, size, i) => sum + Math.max(0, size - 1) * strides[i]!, start + 1);

const views: Readonly<Record<string, Omit<TorchTensor, 'data'>>> = {
  'row-major': { shape: [70, 90] },
  transposed: { shape: [90, 70], strides: [1, 90] },
  'a large transposed one': { shape: [600, 700], strides: [1, 600] },
  'every third column': { shape: [700, 300], strides: [900, 3], start: 1 },
  'a middle piece': { shape: [10, 5], strides: [900, 1], start: 4321 },
  'three axes, turned': { shape: [30, 20, 50], strides: [1, 1500, 30], start: 7 },
  expanded: { shape: [5, 40, 3], strides: [0, 0, 2] },
  scalar: { shape: [], strides: [], start: 5 },
  'one column far apart': { shape: [700], strides: [900], start: 3 },
  empty: { shape: [0, 4] },
};

for (const [name, view] of Object.entries(views)) {
  test(`reads a view in logical order: ${name}`, () => {
    const data = numbered(reach(view));
    stored({ w: { ...view, data } }, (tensor) => {
      const bytes = read(tensor);
      assert.is(bytes.length, 4 * product(view.shape));
      const found = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
      assert.is(
        Buffer.compare(
          Buffer.from(found.buffer, found.byteOffset, found.byteLength),
          Buffer.from(picked({ ...view, data }).buffer),
        ),
        0,
      );
    });
  });
}

test('a view of the wrong strides would be seen', () => {
  const data = numbered(63);
  stored({ w: { shape: [9, 7], strides: [1, 9], data } }, (tensor) => {
    assert.not.equal(read(tensor), Buffer.from(picked({ shape: [9, 7], strides: [7, 1], data }).buffer));
  });
});

for (const [type, data] of [
  ['ByteStorage', Uint8Array.of(250, 251, 252, 253, 254, 255)],
  ['HalfStorage', Uint16Array.of(1, 0x7c01, 3, 0xffff, 5, 6)],
  ['DoubleStorage', BigUint64Array.of(1n, 0x7ff8000000000001n, 3n, 0xfff0000000000001n, 5n, 6n)],
] as const) {
  test(`moves elements of ${data.BYTES_PER_ELEMENT} bytes whole`, () => {
    const item = data.BYTES_PER_ELEMENT;
    const whole = Buffer.from(data.buffer);
    stored({ w: { type, shape: [3, 2], strides: [1, 3], data } }, (tensor) => {
      const parts = [0, 3, 1, 4, 2, 5].map((i) => whole.subarray(i * item, (i + 1) * item));
      assert.is(read(tensor).toString('hex'), Buffer.concat(parts).toString('hex'));
    });
  });
}

test('a view that repeats a tensor reads it again for each place, in the order of the storage or not', () => {
  const data = numbered(63);
  const view = { of: 'w', dtype: 'float32', whole: [9, 7], shape: [3, 9, 7], start: 0, apply: [] } as const;
  for (const strides of [undefined, [1, 9]]) {
    stored({ w: { shape: [9, 7], data, ...(strides ? { strides } : {}) } }, (tensor) => {
      const bytes = (of: readonly number[]): Buffer =>
        Buffer.concat(Array.from(viewBytes(tensor, { ...view, strides: of }, new Set()), (c) => c.slice()));
      const one = read(tensor);
      assert.is(Buffer.compare(bytes([0, 7, 1]), Buffer.concat([one, one, one])), 0);
      assert.not.equal(bytes([7, 7, 1]), bytes([0, 7, 1]));
    });
  }
});

test('chunks hold whole elements and no more than they may', () => {
  stored({ w: { shape: [1300, 1100], strides: [1, 1300], data: numbered(1300 * 1100) } }, (tensor) => {
    for (const chunk of rawBytes(tensor)) assert.ok(chunk.length % 4 === 0 && chunk.length <= chunkBytes);
  });
});

test('a tensor of the other byte order is turned round', () => {
  const data = Buffer.from('3f800000c0000000', 'hex'); // 1 and -2, big end first
  const file = torchBytes({ w: { shape: [2], data } }, [{ name: 'm/byteorder', data: Buffer.from('big') }]);
  inFolder({ 'model.pt': file }, (folder) => {
    const bytes = read(openCheckpoint(join(folder, 'model.pt')).tensors.get('w')!);
    assert.equal([bytes.readFloatLE(0), bytes.readFloatLE(4)], [1, -2]);
  });
});

/** With one bit of the last element turned over, which every view of it must notice. */
function damaged(tensors: Readonly<Record<string, TorchTensor>>): Buffer {
  const file = torchBytes(tensors);
  const { data } = Object.values(tensors)[0]!;
  const at = file.indexOf(Buffer.from(data.buffer, data.byteOffset, data.byteLength)) + data.byteLength - 4;
  file[at]! ^= 1;
  return file;
}

for (const [name, view] of Object.entries({
  whole: { shape: [500_000] },
  'its beginning only': { shape: [10] },
  'its end only': { shape: [10], start: 499_990 },
  transposed: { shape: [1000, 500], strides: [1, 1000] },
})) {
  test(`a wrong checksum is refused when a storage is read: ${name}`, () => {
    inFolder({ 'model.pt': damaged({ w: { ...view, data: numbered(500_000) } }) }, (folder) => {
      const tensor = openCheckpoint(join(folder, 'model.pt')).tensors.get('w')!;
      const [found] = refusal(() => read(tensor)).diagnostics;
      assert.is(found?.code, 'N604');
      assert.match(found!.message, /crc of data\/0/);
    });
    stored({ w: { ...view, data: numbered(500_000) } }, (tensor) => assert.ok(read(tensor).length > 0));
  });
}

test('a storage is summed once, however many views of it are read', () => {
  stored({ w: { shape: [4], data: numbered(4) } }, (tensor) => {
    const checked = new Set<string>();
    for (const _ of rawBytes(tensor, checked)) void _;
    assert.is(checked.size, 1);
    const wrong = { ...tensor, storage: { ...tensor.storage, crc: 1 } };
    assert.is(Array.from(rawBytes(wrong, checked)).length, 1);
    assert.is(refusal(() => Array.from(rawBytes(wrong))).diagnostics[0]?.code, 'N604');
  });
});

test('a file that was written to after it was opened is refused', () => {
  stored({ w: { shape: [4], data: numbered(4) } }, (tensor, path) => {
    assert.is(read(tensor).length, 16);
    appendFileSync(path, 'x');
    assert.is(refusal(() => read(tensor)).diagnostics[0]?.code, 'N623');
  });
});

test.run();
