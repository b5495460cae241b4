/**
 * Reads a pickle as data: a fixed set of opcodes, and only those globals that a policy maps to functions of ours.
 * Nothing in the file is ever looked up by name anywhere else, so there is nothing to execute.
 */

import { Machine, PickleEnd } from './pickle_machine.ts';
import { opcodes } from './pickle_opcodes.ts';
import { type Pickled, PickleProblem, type Policy } from './pickled.ts';

/** The whole of `bytes` is one pickle. `where` names it in messages: `data.pkl`. */
export function unpickle<T>(
  bytes: Uint8Array,
  policy: Policy<T>,
  where: { file: string; label: string },
): Pickled<T> {
  const { value, end } = unpickleFrom(bytes, 0, policy, where);
  if (end !== bytes.length)
    new Machine(bytes, end, policy, where).fail('bytes after the end of the pickle', end);
  return value;
}

/** One pickle that begins at `start`; says where it ends. Throws `PickleEnd` when `bytes` is too short. */
export function unpickleFrom<T>(
  bytes: Uint8Array,
  start: number,
  policy: Policy<T>,
  where: { file: string; label: string; partial?: boolean },
): { readonly value: Pickled<T>; readonly end: number } {
  const machine: Machine<T> = new Machine<T>(bytes, start, policy, where);
  try {
    while (!machine.stopped) {
      machine.begin = machine.at;
      const code = machine.byte();
      const act = opcodes.get(code);
      if (!act)
        machine.fail(`opcode 0x${code.toString(16).padStart(2, '0')} is not one that checkpoints use`);
      act(machine);
    }
    return { value: machine.result(), end: machine.at };
  } catch (cause) {
    if (cause instanceof PickleProblem) machine.fail(`${machine.near()}${cause.message}`);
    if (cause instanceof PickleEnd && !where.partial) machine.fail('it ends in the middle');
    throw cause;
  }
}
