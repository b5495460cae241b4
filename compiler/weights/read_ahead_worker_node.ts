/** The thread that reads ahead: fills slots, sums them, and looks through them while the other one is behind. */

import { workerData } from 'node:worker_threads';
import { crc32 } from '../bytes/crc32.ts';
import { readInto } from '../checkpoint/file_node.ts';
import { countNotFinite } from './not_finite.ts';
import { broken, changed, looked, type Ring, slot, slotBytes, slots, tell, word } from './read_ahead_ring.ts';

const ring: Ring = workerData;
const { words, range, sums, finite } = ring;

for (let job = 0; ; ) {
  tell(ring, word.ready, 1);
  job = changed(ring, word.asked, job);
  if (!fillAll()) tell(ring, word.filled, broken);
  tell(ring, word.done, job);
}

/** False when the file could not be read: whoever asked reads it again, and says what is wrong with it. */
function fillAll(): boolean {
  const [file, wantsSum] = [words[word.file]!, words[word.sum] === 1];
  const dtype = looked[words[word.dtype]!]!;
  const [offset = 0, length = 0] = range;
  let sum = 0;
  for (let turn = 0, at = 0; at < length; turn++) {
    let taken = Atomics.load(words, word.taken);
    while (taken !== broken && turn - taken >= slots) taken = changed(ring, word.taken, taken);
    if (taken === broken) return true;
    const bytes = slot(ring, turn, Math.min(slotBytes, length - at));
    if (!fill(file, bytes, offset + at)) return false;
    if (wantsSum) sum = crc32(bytes, sum);
    sums[turn % slots] = sum;
    const ahead = turn - taken >= 2;
    finite[turn % slots] = ahead && allFinite(countNotFinite(dtype, bytes)) ? 1 : 0;
    at += bytes.length;
    tell(ring, word.filled, turn + 1);
  }
  return true;
}

function fill(fd: number, bytes: Uint8Array, offset: number): boolean {
  try {
    readInto({ path: '', fd }, offset, bytes);
    return true;
  } catch {
    return false;
  }
}

function allFinite({ nan, infinite, huge }: ReturnType<typeof countNotFinite>): boolean {
  return nan + infinite + huge === 0;
}
