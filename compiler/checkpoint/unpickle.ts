/**
 * Reads a pickle as data: a fixed set of opcodes, and only those globals that a policy maps to functions of ours.
 * Nothing in the file is ever looked up by name anywhere else, so there is nothing to execute.
 */

import { Machine, PickleEnd } from './pickle_machine.ts';
import { opcodes } from './pickle_opcodes.ts';

/** `T` is whatever the policy's functions make. */
export type Pickled<T> =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Pickled<T>[]
  | Tuple<T>
  | Dict<T>
  | Global<T>
  | Made<T>;

export interface Tuple<T> {
  readonly kind: 'tuple';
  readonly items: readonly Pickled<T>[];
}

/** A Map, so that a key like `__proto__` is a key like any other; keys of bytes are not merged. */
export interface Dict<T> {
  readonly kind: 'dict';
  readonly entries: Map<Pickled<T>, Pickled<T>>;
  /** The global whose call made it: `collections OrderedDict`. */
  readonly maker?: Global<T>;
}

export interface Made<T> {
  readonly kind: 'made';
  readonly maker: Global<T>;
  readonly value: T;
}

/** A global as the policy has it; inert until REDUCE, NEWOBJ or BUILD, and only what is defined here may be done to it. */
export interface Global<T> {
  readonly kind: 'global';
  /** `collections OrderedDict`: module, a space, name. */
  readonly name: string;
  readonly behaviour: Behaviour<T>;
}

/** Each function may throw `PickleProblem` to say what is wrong. */
export interface Behaviour<T> {
  /** REDUCE. */
  readonly call?: (args: readonly Pickled<T>[], self: Global<T>) => Pickled<T>;
  /** NEWOBJ. */
  readonly create?: (args: readonly Pickled<T>[], self: Global<T>) => Pickled<T>;
  /** BUILD on something this global made. */
  readonly build?: (target: Dict<T> | Made<T>, state: Pickled<T>) => void;
}

export interface Policy<T> {
  /** By `module name`. */
  readonly globals: ReadonlyMap<string, Behaviour<T>>;
  /** BINPERSID. */
  readonly persistent?: (id: Pickled<T>) => Pickled<T>;
  /** A better refusal than N605 for a global that is not in the table; throws or returns. */
  readonly unknown?: (module: string, name: string, bytes: Uint8Array) => void;
}

/** What a policy throws; it becomes N606 with the place in the file. */
export class PickleProblem extends Error {}

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
