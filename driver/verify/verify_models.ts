/** Verifies compiled models one after the other, and compares each further one with the first. */

import type { OpenOptions } from '../../backends/opened_model.ts';
import type { Session } from '../../compiler/ports/session.ts';
import { Refusal } from '../../spec/diagnostic.ts';
import { openModel } from '../model_kinds.ts';
import { type Caller, silent } from '../reporter.ts';
import { type VerifyModelOptions, verifyModel } from './verify_model.ts';

export interface VerifyModelsOptions extends Omit<VerifyModelOptions, 'peer'> {
  readonly open?: OpenOptions;
}

/** Whether every check of every model passes. A signal ends it between two calls, with a Refusal that says nothing. */
export async function verifyModels(
  paths: readonly string[],
  { open = {}, ...options }: VerifyModelsOptions = {},
  caller: Caller = { io: silent },
): Promise<boolean> {
  const sessions: Session[] = [];
  let allPass = true;
  try {
    for (const path of paths) {
      const model = openModel(path, { ...open, compared: options });
      const [peer] = sessions;
      const session = stoppable(await model.open(options.device ?? 'cpu'), caller.signal);
      sessions.push(session);
      const { pass } = await verifyModel(model, session, { ...options, ...(peer ? { peer } : {}) }, caller);
      allPass &&= pass;
    }
    return allPass;
  } finally {
    for (const session of sessions) await session.close();
  }
}

/** Checks for the signal between calls, and does not count it as a failed check. */
const stoppable = (session: Session, signal: AbortSignal | undefined): Session => ({
  ...session,
  async run(feeds, fetches) {
    await new Promise((heard) => void setImmediate(heard));
    if (signal?.aborted) throw new Refusal([]);
    return session.run(feeds, fetches);
  },
});
