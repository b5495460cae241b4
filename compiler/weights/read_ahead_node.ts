/** A second thread that reads ranges of a file a few slots ahead of the caller. */

import { Worker } from 'node:worker_threads';
import { knownFinite } from './not_finite.ts';
import { type ReadRequest, readAheadBy, type Slot } from './read_ahead.ts';
import {
  aborted,
  inspectedDtypes,
  newRing,
  type Ring,
  setWord,
  slot,
  slotBytes,
  waitForChange,
  wordIndex,
} from './read_ahead_ring.ts';

/** For fewer bytes, waking the thread takes longer than reading them here. */
const shortestRequest = 2 * slotBytes;

let ring: Ring | undefined;
let busy = false;

/** Starts the thread, which takes some ten milliseconds; until it runs `readAhead` gives nothing. */
export function startReadAhead(): void {
  if (ring) return;
  const own = newRing();
  const worker = newThread(own);
  worker.unref();
  worker.on('error', () => {
    ring = undefined; // from now on every caller reads for itself
    setWord(own, wordIndex.filled, aborted);
    setWord(own, wordIndex.done, own.words[wordIndex.asked]!);
  });
  ring = own;
  readAheadBy(fromThread);
}

/** The bundled worker is JavaScript; in a source tree it needs the same TypeScript loader as this thread. */
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
  return ring !== undefined && Atomics.wait(ring.words, wordIndex.ready, 0, 30_000) !== 'timed-out';
}

/** Yields the range slot by slot: all of it, less when a read fails, or nothing. Only one range is read at a time. */
function* fromThread({ file, offset, length, sum, dtype }: ReadRequest): Generator<Slot> {
  if (
    !ring ||
    busy ||
    file.fd === undefined ||
    length < shortestRequest ||
    Atomics.load(ring.words, wordIndex.ready) === 0
  )
    return;
  const own = ring;
  busy = true;
  const job = postJob(own, { fd: file.fd, offset, length, sum, dtype });
  try {
    for (let turn = 0, at = 0; at < length; turn++) {
      let filled = Atomics.load(own.words, wordIndex.filled);
      while (filled !== aborted && filled <= turn) filled = waitForChange(own, wordIndex.filled, filled);
      if (filled === aborted) return;
      const bytes = slot(own, turn, Math.min(slotBytes, length - at));
      const place = turn % own.sums.length;
      if (own.finite[place] === 1) knownFinite.add(bytes);
      yield { bytes, sum: own.sums[place]! >>> 0 };
      at += bytes.length;
      setWord(own, wordIndex.taken, turn + 1);
    }
  } finally {
    setWord(own, wordIndex.taken, aborted);
    while (Atomics.load(own.words, wordIndex.done) !== job) waitForChange(own, wordIndex.done, job - 1);
    busy = false;
  }
}

type Job = Omit<ReadRequest, 'file'> & { readonly fd: number };

/** Returns the number of the job. */
function postJob(own: Ring, { fd, offset, length, sum, dtype }: Job): number {
  const { words, range } = own;
  words[wordIndex.file] = fd;
  words[wordIndex.dtype] = Math.max(0, dtype ? inspectedDtypes.indexOf(dtype) : 0);
  words[wordIndex.sum] = sum ? 1 : 0;
  range.set([offset, length]);
  words[wordIndex.filled] = 0;
  words[wordIndex.taken] = 0;
  const job = words[wordIndex.asked]! + 1;
  setWord(own, wordIndex.asked, job);
  return job;
}
