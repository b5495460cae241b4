/** The thread that reads ahead gives the bytes that lie in the file, finds what is wrong with them, and can be left midway. */

import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LazyTensor } from '../../../compiler/checkpoint/checkpoint.ts';
import { openCheckpoint } from '../../../compiler/checkpoint/open_checkpoint.ts';
import { WeightFindings } from '../../../compiler/weights/findings.ts';
import { awaitReadAhead } from '../../../compiler/weights/read_ahead_node.ts';
import { slotBytes, slots } from '../../../compiler/weights/read_ahead_ring.ts';
import { rawBytes } from '../../../compiler/weights/stream.ts';
import { refusal } from '../../harness/refusal.ts';
import { inFolder } from '../checkpoint/in_folder.ts';
import { torchBytes } from '../checkpoint/torch_bytes.ts';

test.before(() => assert.ok(awaitReadAhead()));

/** More than the ring holds, and no whole number of slots. */
const count = (slotBytes * (2 * slots + 1)) / 4 + 5;
const data = Float32Array.from({ length: count }, (_, i) => i);
const bytes = Buffer.from(data.buffer);
const file = torchBytes({ w: { shape: [count], data } });

const opened = <R>(content: Uint8Array, use: (tensor: LazyTensor, path: string) => R): R =>
  inFolder({ 'model.pt': content }, (folder) => {
    const path = join(folder, 'model.pt');
    return use(openCheckpoint(path).tensors.get('w')!, path);
  });

const read = (tensor: LazyTensor): Buffer => Buffer.concat(Array.from(rawBytes(tensor), (c) => c.slice()));

/** The file with four bytes of its tensor replaced; its checksum is left as it was. */
function changed(place: number, by: Uint8Array): Buffer {
  const copy = Buffer.from(file);
  copy.set(by, copy.indexOf(bytes.subarray(0, 64)) + place);
  return copy;
}

test('gives the bytes of the file, from the other thread', () => {
  opened(file, (tensor) => {
    const [first] = rawBytes(tensor);
    assert.instance(first!.buffer, SharedArrayBuffer);
    assert.ok(read(tensor).equals(bytes));
    const half = { ...tensor, shape: [count - 7], start: 7 };
    const plain = { ...half, storage: (({ crc: _, ...rest }) => rest)(tensor.storage) };
    for (const view of [half, plain]) assert.ok(read(view).equals(bytes.subarray(28)));
  });
});

test('a wrong checksum is refused wherever the damage is', () => {
  for (const place of [0, slotBytes * slots, 4 * count - 4]) {
    opened(changed(place, Buffer.from('what')), (tensor) => {
      assert.is(refusal(() => read(tensor)).diagnostics[0]?.code, 'N604');
    });
  }
});

test('a reading that was left midway, or beside another one, disturbs nobody', () => {
  opened(file, (tensor) => {
    for (const _ of rawBytes(tensor)) break;
    const left = rawBytes(tensor);
    left.next();
    assert.ok(read(tensor).equals(bytes)); // alone, since the thread is at the other one
    left.return(undefined);
    assert.ok(read(tensor).equals(bytes));
  });
});

test('a file that ends before its tensor is refused', () => {
  opened(file, (tensor, path) => {
    const { stamp: _, ...storage } = tensor.storage;
    truncateSync(path, 3 * slotBytes);
    assert.is(refusal(() => read({ ...tensor, storage })).diagnostics[0]?.code, 'N623');
  });
});

test('numbers that are not finite are counted, whichever thread looks', () => {
  const nan = Buffer.from(Float32Array.of(Number.NaN).buffer);
  for (const place of [0, slotBytes * (slots + 3), 4 * count - 4]) {
    opened(changed(place, nan), (tensor) => {
      const { crc: _, ...storage } = tensor.storage;
      const findings = new WeightFindings(() => new Set());
      const reading = findings.of('w', tensor);
      for (const chunk of rawBytes({ ...tensor, storage })) reading.see(chunk);
      reading.done();
      assert.match(findings.list()[0]?.message ?? '', '1 NaN');
    });
  }
});

test.run();
