/** The command's side of `supervise.ts`: what it tells the process that started it, and what it hears from there. */

import { Worker } from 'node:worker_threads';
import type { Ending } from './exit_codes.ts';

/** What a supervised command tells its supervisor. */
export type SupervisorMessage =
  | { readonly heard: true }
  /** The command is about to end because of this signal. */
  | { readonly ending: Ending }
  /** Files that are about to be written, and folders that are made for them, outer ones first. */
  | { readonly writing: readonly string[]; readonly making: readonly string[] }
  /** Code of this plugin starts to run, and may take this many seconds; no plugin when it has returned. */
  | { readonly plugin?: string; readonly seconds: number };

let supervisor: number | undefined;

/** Whether this process was started by a supervisor; asked once, at the start. */
export function isSupervised(): boolean {
  const said = process.env['NANOC_SUPERVISOR'];
  delete process.env['NANOC_SUPERVISOR']; // not for processes that are started from here
  if (said !== String(process.ppid) || !process.send) return false;
  supervisor = process.ppid;
  endWith(supervisor);
  return true;
}

/** Ends the command when its supervisor is killed, even if it is busy, because nothing else could end it. */
function endWith(pid: number): void {
  const source = `setInterval(() => {
    if (process.ppid !== ${pid}) process.kill(process.pid, 'SIGKILL');
  }, 250);`;
  new Worker(source, { eval: true, execArgv: [], env: {} }).unref();
}

export function tell(said: SupervisorMessage): void {
  if (supervisor !== undefined && process.connected) process.send?.(said, () => {});
}

/**
 * Calls `interrupt` for each signal. Ctrl-C on a terminal reaches the supervisor and this process, and counts once: what counts is how
 * often either was sent one. Gives what ends the listening.
 */
export function onSignals(names: readonly Ending[], interrupt: (name: Ending) => void): () => void {
  const seen = new Map<string, number>();
  const count = (by: string, name: Ending): void => {
    const other = by === 'own' ? 'supervisor' : 'own';
    const n = (seen.get(`${by} ${name}`) ?? 0) + 1;
    seen.set(`${by} ${name}`, n);
    if (n > (seen.get(`${other} ${name}`) ?? 0)) interrupt(name);
  };
  const own = (name: NodeJS.Signals): void => count('own', name as Ending); // of those listened for
  const message = (said: unknown): void => {
    const name = names.find((known) => (said as { readonly signal?: unknown }).signal === known); // an object, as sent
    if (!name) return;
    tell({ heard: true });
    count('supervisor', name);
  };
  for (const name of names) process.on(name, own);
  if (supervisor !== undefined) {
    process.on('message', message);
    process.channel?.unref();
  }
  return () => {
    for (const name of names) process.off(name, own);
    process.off('message', message);
  };
}
