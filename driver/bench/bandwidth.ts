/** How many bytes a second all hardware threads together read from memory, which is what a step of a large model waits for. */

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

export interface BandwidthProbe {
  /** Bytes a second. */
  measure(): Promise<number>;
  close(): Promise<void>;
}

/** Far more than caches hold, and shared by all threads. */
const bytesInAll = 512 * 2 ** 20;
/** More threads read no faster. */
const mostThreads = 16;
const milliseconds = 80;

/** The search for a byte that is not there reads each byte once, by the fastest instructions that the C library knows. */
const source = `
const { parentPort, workerData } = require('node:worker_threads');
const memory = Buffer.alloc(workerData.bytes, 1);
parentPort.on('message', () => {
  const start = performance.now();
  let passes = 0;
  do {
    if (memory.indexOf(2) !== -1) throw new Error('the memory has changed');
    passes++;
  } while (performance.now() - start < workerData.milliseconds);
  parentPort.postMessage((1000 * passes * memory.length) / (performance.now() - start));
});
parentPort.postMessage(0);`;

const answerOf = (worker: Worker): Promise<number> =>
  new Promise((done, fail) => {
    const answered = (rate: number): void => {
      worker.off('error', fail);
      done(rate);
    };
    worker.once('message', answered);
    worker.once('error', fail);
  });

export async function bandwidthProbe(): Promise<BandwidthProbe> {
  const threads = Math.min(mostThreads, availableParallelism());
  const workerData = { bytes: Math.ceil(bytesInAll / threads), milliseconds };
  const workers = Array.from(
    { length: threads },
    () => new Worker(source, { eval: true, execArgv: [], workerData }),
  );
  await Promise.all(workers.map(answerOf)); // its memory is there by then
  return {
    async measure() {
      const answers = workers.map(answerOf);
      for (const worker of workers) worker.postMessage('go');
      return (await Promise.all(answers)).reduce((sum, rate) => sum + rate, 0);
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
