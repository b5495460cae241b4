/** What a pickle holds once it is read, and what a policy may do with the globals that it names. */

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
