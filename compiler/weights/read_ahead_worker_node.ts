/** The thread that reads ahead: fills slots, adds to checksums, and looks for numbers that are not finite when it has time. */

import { workerData } from 'node:worker_threads';
import { crc32 } from '../bytes/crc32.ts';
import { readInto } from '../checkpoint/file_node.ts';
import { countNotFinite } from './not_finite.ts';
import {
  aborted,
  inspectedDtypes,
  type Ring,
  setWord,
  slot,
  slotBytes,
  slots,
  waitForChange,
  wordIndex,
} from './read_ahead_ring.ts';

const ring: Ring = workerData;
const { words, range, sums, finite } = ring;

for (let job = 0; ; ) {
  setWord(ring, wordIndex.ready, 1);
  job = waitForChange(ring, wordIndex.asked, job);
  if (!fillAll()) setWord(ring, wordIndex.filled, aborted);
  setWord(ring, wordIndex.done, job);
}

/** False when the file could not be read; the caller then reads it again itself, and reports what is wrong. */
function fillAll(): boolean {
  const [file, wantsSum] = [words[wordIndex.file]!, words[wordIndex.sum] === 1];
  const dtype = inspectedDtypes[words[wordIndex.dtype]!]!;
  const [offset = 0, length = 0] = range;
  let sum = 0;
  for (let turn = 0, at = 0; at < length; turn++) {
    let taken = Atomics.load(words, wordIndex.taken);
    while (taken !== aborted && turn - taken >= slots) taken = waitForChange(ring, wordIndex.taken, taken);
    if (taken === aborted) return true;
    const bytes = slot(ring, turn, Math.min(slotBytes, length - at));
    if (!fill(file, bytes, offset + at)) return false;
    if (wantsSum) sum = crc32(bytes, sum);
    sums[turn % slots] = sum;
    const ahead = turn - taken >= 2;
    finite[turn % slots] = ahead && allFinite(countNotFinite(dtype, bytes)) ? 1 : 0;
    at += bytes.length;
    setWord(ring, wordIndex.filled, turn + 1);
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
