import { crc32 as native } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { byTable, crc32 } from '../../../compiler/bytes/crc32.ts';

const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 131 + (i >> 5)) & 255);

test('the table gives what zlib gives, from the start and continued', () => {
  for (const of of [byTable, crc32]) {
    assert.is(of(new TextEncoder().encode('123456789')), 0xcbf43926); // the check value of the polynomial
    for (const length of [0, 1, 7, 8, 255, 5000])
      assert.is(of(bytes.subarray(0, length)), native(bytes.subarray(0, length)));
    assert.is(of(bytes.subarray(100), of(bytes.subarray(0, 100))), native(bytes));
  }
});

test('a changed byte changes the sum', () => {
  const changed = bytes.slice();
  changed[17]! ^= 1;
  assert.is.not(byTable(changed), byTable(bytes));
});

test.run();
