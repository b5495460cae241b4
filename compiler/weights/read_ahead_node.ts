/** Runs of a file read by a second thread, which is a few slots ahead; where there is none, nothing is read here. */

import { Worker } from 'node:worker_threads';
import { knownFinite } from './not_finite.ts';
import { type Run, readAheadBy, type Slot } from './read_ahead.ts';
import {
  broken,
  changed,
  looked,
  newRing,
  type Ring,
  slot,
  slotBytes,
  tell,
  word,
} from './read_ahead_ring.ts';

/** Shorter runs are not worth the waking. */
const worth = 2 * slotBytes;

let ring: Ring | undefined;
let busy = false;

/** Starts the thread, which takes some ten milliseconds; until it runs `readAhead` gives nothing. */
export function startReadAhead(): void {
  if (ring) return;
  const own = newRing();
  const worker = newThread(own);
  worker.unref();
  worker.on('error', () => {
    ring = undefined; // from now on whoever reads does it alone
    tell(own, word.filled, broken);
    tell(own, word.done, own.words[word.asked]!);
  });
  ring = own;
  readAheadBy(fromThread);
}

/** As bundled it runs as it is; in a source tree it needs the loader of TypeScript that this thread has. */
function newThread(workerData: Ring): Worker {
  const file = (extension: string): URL => new URL(`./read_ahead_worker_node.${extension}`, import.meta.url);
  if (!import.meta.url.endsWith('.ts')) return new Worker(file('js'), { workerData });
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const code = `import(${loader}).then((tsx) => (tsx.register(), import(${JSON.stringify(file('ts'))})))`;
  return new Worker(code, { eval: true, workerData });
}

/** For tests: blocks until the thread runs; false when it does not come. */
export function awaitReadAhead(): boolean {
  startReadAhead();
  return ring !== undefined && Atomics.wait(ring.words, word.ready, 0, 30_000) !== 'timed-out';
}

/** Slots from the start of the run on: all of it, or fewer when a read fails, or none. One run at a time. */
function* fromThread({ file, offset, length, sum, dtype }: Run): Generator<Slot> {
  if (!ring || busy || file.fd === undefined || length < worth || Atomics.load(ring.words, word.ready) === 0)
    return;
  const own = ring;
  busy = true;
  const job = ask(
    own,
    [file.fd, Math.max(0, dtype ? looked.indexOf(dtype) : 0), sum ? 1 : 0],
    offset,
    length,
  );
  try {
    for (let turn = 0, at = 0; at < length; turn++) {
      let filled = Atomics.load(own.words, word.filled);
      while (filled !== broken && filled <= turn) filled = changed(own, word.filled, filled);
      if (filled === broken) return;
      const bytes = slot(own, turn, Math.min(slotBytes, length - at));
      const place = turn % own.sums.length;
      if (own.finite[place] === 1) knownFinite.add(bytes);
      yield { bytes, sum: own.sums[place]! >>> 0 };
      at += bytes.length;
      tell(own, word.taken, turn + 1);
    }
  } finally {
    tell(own, word.taken, broken);
    while (Atomics.load(own.words, word.done) !== job) changed(own, word.done, job - 1);
    busy = false;
  }
}

function ask(
  own: Ring,
  [file, dtype, sum]: readonly [number, number, number],
  offset: number,
  length: number,
) {
  const { words, range } = own;
  words[word.file] = file;
  words[word.dtype] = dtype;
  words[word.sum] = sum;
  range.set([offset, length]);
  words[word.filled] = 0;
  words[word.taken] = 0;
  const job = words[word.asked]! + 1;
  tell(own, word.asked, job);
  return job;
}
