/** onnxruntime's telemetry: off, for what it sends holds the metadata of the model, unless whoever runs it asked for it. */

import { isMainThread } from 'node:worker_threads';
import { error, Refusal } from '../../spec/diagnostic.ts';

/** Read by onnxruntime when its library loads; any value that the user gave it stands. */
const off = 'ORT_DISABLE_TELEMETRY';
const wanted = 'NANOC_ORT_TELEMETRY';

/** To be called before onnxruntime is loaded. */
export function silenceTelemetry(): void {
  const { env } = process;
  if (env[off] !== undefined || env[wanted] === '1') return;
  // A worker has a copy of the environment, which the library never sees.
  if (!isMainThread) {
    throw new Refusal([
      error('N704', "onnxruntime's telemetry cannot be turned off from a worker thread", {
        hint: `start the process with ${off}=1, or load onnxruntime in the main thread first: \`silenceTelemetry()\``,
      }),
    ]);
  }
  env[off] = '1';
}
