/** Turns onnxruntime's telemetry off unless the user asked for it, because it sends the metadata of models. */

import { isMainThread } from 'node:worker_threads';
import { error, Refusal } from '../../spec/diagnostic.ts';

/** Read by onnxruntime when its library loads; a value that the user has set is kept. */
const disableVariable = 'ORT_DISABLE_TELEMETRY';
const allowVariable = 'NANOC_ORT_TELEMETRY';

/** Call it before onnxruntime is loaded. */
export function silenceTelemetry(): void {
  const { env } = process;
  if (env[disableVariable] !== undefined || env[allowVariable] === '1') return;
  // A worker has a copy of the environment, which the library never sees.
  if (!isMainThread) {
    throw new Refusal([
      error('N704', "onnxruntime's telemetry cannot be turned off from a worker thread", {
        hint: `start the process with ${disableVariable}=1, or load onnxruntime in the main thread first: \`silenceTelemetry()\``,
      }),
    ]);
  }
  env[disableVariable] = '1';
}
