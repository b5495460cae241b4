/** What was refused; anything else that is thrown is a fault of ours and goes through, and nothing refused fails. */

import { Refusal } from '../../spec/diagnostic.ts';

function refusalIn(cause: unknown): Refusal {
  if (cause instanceof Refusal) return cause;
  throw cause;
}

function nothingRefused(): never {
  throw new Error('nothing was refused');
}

export function refusal(act: () => unknown): Refusal {
  try {
    act();
  } catch (cause) {
    return refusalIn(cause);
  }
  return nothingRefused();
}

export const refusalOf = (work: Promise<unknown>): Promise<Refusal> => work.then(nothingRefused, refusalIn);
