import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sha256 } from '../../../compiler/bytes/sha256.ts';

test('a hash is that of the standard: the examples of FIPS 180-4', () => {
  assert.is(sha256().update('abc').hex(), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  assert.is(sha256().hex(), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('a hash is that of Node, whatever the length and however it comes', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 31 + (i >> 3)) & 255);
  for (let length = 0; length < 300; length++) {
    const part = bytes.subarray(length, 3 * length);
    const theirs = createHash('sha256').update(part).digest('hex');
    assert.is(sha256().update(part).hex(), theirs, `${length}`);
    assert.is(
      sha256().update(part.subarray(0, 7)).update(part.subarray(7)).hex(),
      theirs,
      `${length} in two`,
    );
  }
  assert.is(sha256().update('müde ✓').hex(), createHash('sha256').update('müde ✓').digest('hex'));
});

test('one bit makes another hash', () => {
  assert.is.not(
    sha256()
      .update(new Uint8Array([0]))
      .hex(),
    sha256()
      .update(new Uint8Array([1]))
      .hex(),
  );
});

test.run();
