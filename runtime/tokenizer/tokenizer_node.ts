/**
 * Encoding with a deadline, on Node: what a pattern of a stranger does to a text cannot be told in full beforehand, so that
 * the engine is stopped from outside. Ctrl-C stops it, too.
 */

import { createContext, Script } from 'node:vm';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { openTokenizer as openAnywhere } from './open_tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

export const openTokenizer = (bytes: Uint8Array, file: string, config?: Uint8Array): Tokenizer =>
  interruptible(openAnywhere(bytes, file, config), file);

/** Milliseconds for a text of so many characters: a thousand times what a tokenizer in use needs, on a slow machine. */
const deadlineOf = (length: number): number => 10_000 + Math.ceil(length / 20);

/** The same tokenizer; refuses (N621) to encode a text for longer than its deadline. */
export function interruptible(tokenizer: Tokenizer, file: string, deadline = deadlineOf): Tokenizer {
  const room: { act?: () => number[] } = {};
  createContext(room);
  const script = new Script('act()');
  return {
    ...tokenizer,
    encode: (text, options) => {
      room.act = () => tokenizer.encode(text, options);
      try {
        const timeout = deadline(text.length);
        return script.runInContext(room, { timeout, breakOnSigint: true }) as number[]; // what `act` gives
      } catch (cause) {
        throw stopped(cause, file, text.length) ?? cause;
      } finally {
        delete room.act;
      }
    },
  };
}

function stopped(cause: unknown, file: string, length: number): Refusal | undefined {
  // The error may be one of the room's own, and then no instance of Error here.
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  if (code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED') {
    process.emit('SIGINT', 'SIGINT'); // whoever listens for it has not heard
    return new Refusal([]);
  }
  if (code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
  const found = `${length} characters were not split in time`;
  const hint = 'a pattern of this tokenizer goes over the text again and again: give another tokenizer';
  return new Refusal([error('N621', 'the tokenizer does not come to an end', { file, found, hint })]);
}
