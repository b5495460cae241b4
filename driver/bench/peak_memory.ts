/** How much larger this process and those that it started became at most, as Linux counts it. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

export interface MemoryWatch {
  /** Bytes beyond what there was at the start; undefined where the system does not tell. */
  peak(): number | undefined;
}

interface Status {
  readonly parent: number;
  /** Bytes. */
  readonly now: number;
  readonly most: number;
}

function statusOf(pid: number): Status | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
    return { parent: field('PPid'), now: 1024 * field('VmRSS'), most: 1024 * field('VmHWM') };
  } catch {
    return undefined; // it has ended, or this is no Linux
  }
}

/** This process and all below it. */
function family(): ReadonlyMap<number, Status> {
  const all = new Map<number, Status>();
  for (const name of readdirSync('/proc')) {
    const status = /^\d+$/.test(name) ? statusOf(Number(name)) : undefined;
    if (status) all.set(Number(name), status);
  }
  const below = (pid: number): boolean => {
    if (pid === process.pid) return true;
    const status = all.get(pid);
    return status !== undefined && status.parent > 1 && below(status.parent);
  };
  return new Map([...all].filter(([pid]) => below(pid)));
}

export function watchMemory(): MemoryWatch {
  if (!statusOf(process.pid)?.most) return { peak: () => undefined };
  try {
    writeFileSync('/proc/self/clear_refs', '5'); // the peak begins anew
  } catch {
    return { peak: () => undefined };
  }
  const before = family();
  return {
    peak: () =>
      [...family()].reduce(
        (sum, [pid, { most }]) => sum + Math.max(0, most - (before.get(pid)?.now ?? 0)),
        0,
      ),
  };
}
