/**
 * Tells when a process and all that it started hang. Not by the clock, which a busy machine would trip: by the
 * processor time they use, where the system tells it.
 */

import { readdirSync, readFileSync } from 'node:fs';

export interface Patience {
  /** As long as this a process may do nothing. */
  readonly idleSeconds: number;
  /** So much processor time a test file may use, with all that it starts. */
  readonly busySeconds: number;
}

/** Below this share of one core it does nothing: what waits for something often looks around every now and then. */
const idleShare = 0.01;
const ticksInSecond = 100;

interface Times {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly seconds: number;
}

/** One line of Linux's /proc/PID/stat; the name in brackets may hold anything. */
function timesOf(pid: number): Times | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const words = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const ticks = words.slice(11, 15).reduce((sum, n) => sum + n, 0); // its own, and of children that ended
    return { pid, parent: words[1]!, session: words[3]!, seconds: ticks / ticksInSecond };
  } catch {
    return undefined; // it has ended meanwhile
  }
}

/** Processor seconds of `leader`, of its session and of what those started; nothing where the system has no /proc. */
export function processorSeconds(leader: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => timesOf(Number(name)) ?? []);
  const members = new Set(all.filter((p) => p.pid === leader || p.session === leader).map(({ pid }) => pid));
  for (const member of members) for (const { pid, parent } of all) if (parent === member) members.add(pid);
  return all.filter(({ pid }) => members.has(pid)).reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Calls `hung` with the reason, once; returns what ends the watch. */
export function watchForHang(
  leader: number,
  { idleSeconds, busySeconds }: Patience,
  hung: (why: string) => void,
): () => void {
  const step = Math.min(10, idleSeconds / 4);
  const start = processorSeconds(leader) ?? 0;
  let [quietFor, last] = [0, start];
  const timer = setInterval(() => {
    const now = processorSeconds(leader);
    // Without processor times the clock is left; then it may be this long at work in all.
    quietFor = now !== undefined && now - last > step * idleShare ? 0 : quietFor + step;
    last = now ?? last;
    const longest = now === undefined ? busySeconds : idleSeconds;
    if (quietFor >= longest) end(`it hung: it did nothing for ${longest} s, and was ended`);
    else if (last - start > busySeconds)
      end(`it was ended after ${busySeconds} s of processor time: a loop without end?`);
  }, step * 1000);
  const stop = (): void => clearInterval(timer);
  const end = (why: string): void => {
    stop();
    hung(why);
  };
  return stop;
}
