/** What figures are measured on. */

import { availableParallelism, cpus, totalmem } from 'node:os';

export interface Machine {
  readonly processor: string;
  readonly threads: number;
  /** Bytes. */
  readonly memory: number;
  readonly node: string;
}

export const machineHere = (): Machine => ({
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  threads: availableParallelism(),
  ...{ memory: totalmem(), node: process.version },
});
