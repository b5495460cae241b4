/** What a test file leaves behind in the process that other files are run in afterwards. */

import { setTimeout as wait } from 'node:timers/promises';

export interface Traces {
  readonly values: Readonly<Record<string, unknown>>;
  readonly resources: readonly string[];
}

/** What tests like to replace, and might forget to put back. */
const replaced = () => ({
  'the working directory': process.cwd(),
  'the environment': JSON.stringify(process.env),
  'process.stdout.write': process.stdout.write,
  'process.stderr.write': process.stderr.write,
  'names of globalThis': Object.getOwnPropertyNames(globalThis).sort().join(' '),
  'Math.random': Math.random,
  Date: Date,
  'Date.now': Date.now,
  'performance.now': performance.now,
  'console.log': console.log,
  'console.error': console.error,
  'console.warn': console.warn,
  setTimeout: setTimeout,
  'listeners of the process': process
    .eventNames()
    .map((name) => `${String(name)} ${process.listenerCount(name)}`)
    .sort()
    .join(', '),
});

/** Once nothing that has ended is still about to be told: one turn of the event loop does for promises. */
export async function traces(): Promise<Traces> {
  await wait(0);
  return { values: replaced(), resources: process.getActiveResourcesInfo() };
}

/** What is open now that was not before. */
function opened(before: readonly string[]): readonly string[] {
  const left = [...before];
  return process.getActiveResourcesInfo().filter((name) => {
    const at = left.indexOf(name);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

interface Leaving {
  /** Whether other files follow: only they could meet what is changed. */
  readonly shared: boolean;
  /** Seconds for what was closed to be so. */
  readonly patience: number;
}

/** Sentences for what is not as it was before. */
export async function leftBehind(before: Traces, { shared, patience }: Leaving): Promise<readonly string[]> {
  await wait(0);
  for (let step = 1; opened(before.resources).length > 0 && step < patience * 500; step *= 2)
    await wait(step);
  const open = opened(before.resources);
  const { values } = await traces();
  const changed = Object.keys(values).filter((name) => shared && values[name] !== before.values[name]);
  return [
    ...(open.length > 0 ? [`it left open: ${open.join(', ')}`] : []),
    ...changed.map((name) => `it left ${name} changed`),
  ];
}
