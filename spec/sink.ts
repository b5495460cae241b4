/**
 * What elaboration writes to. The checker passes a sink that keeps nothing; the compiler passes one that builds the graph.
 * One walk over the program therefore serves both, and they cannot disagree.
 */

import type { Dim } from './dim.ts';
import type { Attrs } from './op.ts';
import type { Span } from './source.ts';
import type { DType, GraphDType, TensorType } from './type.ts';

/** Where a graph value came from. */
export interface Origin {
  /** Path of the block instance: `transformer.h.3.attn`; empty at the model. */
  readonly scope: string;
  readonly span: Span;
  /** Names of the functions and ops it was expanded through, outermost first: `softcap`. */
  readonly via: readonly string[];
}

/** A parameter that a spec declares. */
export interface ParamDecl {
  /** Its path in the spec: `transformer.h.3.attn.c_q.weight`. */
  readonly path: string;
  /** The checkpoint's key: the path with `from` applied; the name of the initialiser in every target. */
  readonly key: string;
  readonly shape: readonly number[];
  /** The shape with names and numbers, for messages: `[heads * head (2048), dim (2048)]`. */
  readonly shapeText: string;
  readonly dtype: DType;
  readonly span: Span;
  /** Fills the tensor when the checkpoint has none. */
  readonly default?: number;
}

/** One `cache` as executed: what earlier calls leave for later ones. */
export interface PortDecl {
  /** `transformer.h.3.attn.k`, `x`; the second execution of one instance's cache is `first.k#2`. Unique. */
  readonly name: string;
  /** Type of the value of one call: [B, T, s...], with numbers for sizes. */
  readonly type: TensorType<GraphDType>;
  /** Keeps this many last tokens; everything when absent. */
  readonly last?: number;
  /** Set for the state of a `scan`, which is carried from token to token and has the type [B, s...]. */
  readonly carried?: true;
  /** The value before the first token, of a `last` cache or of a scan. */
  readonly fill: number;
  readonly span: Span;
}

/**
 * Ambient values, which depend on the call and not on the model; a pass computes them from the inputs of the form of the cache.
 * past: int64 [], tokens before this call. positions, order: int64 [B, T]. key_order: int64 [B, P + T].
 * real: bool [B, P + T], false at padding.
 */
export const ambients = ['past', 'positions', 'order', 'key_order', 'real'] as const;
export type Ambient = (typeof ambients)[number];

/** All types have numbers and `B`, `T`, `P` for sizes, and decided dtypes. */
export interface Sink<V> {
  input(name: string, type: TensorType<GraphDType>, at: Origin): V;
  param(decl: ParamDecl, at: Origin): V;
  /** A primitive or a composite op. */
  op(name: string, inputs: readonly V[], attrs: Attrs, at: Origin): V;
  /** [B, T, s...] -> [B, P + T, s...], or [B, last + T, s...]. */
  cache(x: V, port: PortDecl, at: Origin): V;
  /** The slice of length T of a `last` cache that lies `back` tokens before those of the call: 0 <= back <= last. */
  delay(x: V, o: { readonly last: number; readonly back: number }, at: Origin): V;
  ambient(name: Ambient, at: Origin): V;
  output(name: string, value: V, at: Origin): void;
  /** Records the body of one expert, for a sum over `count` experts whose share of each token is an entry of `shares` [B, T, count]. */
  experts(o: ExpertsRequest<V>): ExpertsSink<V>;
  /** Records a step that is run on one token after the other. */
  scan(o: ScanRequest<V>): ScanSink<V>;
}

export interface ScanRequest<V> {
  /** The states that are carried: ports of type [B, s...]. */
  readonly states: readonly PortDecl[];
  /** [B, T, s...] each. */
  readonly sequences: readonly V[];
  readonly at: Origin;
}

/** Records the body of a step, which may use values from outside that have no tokens. */
export interface ScanSink<V> extends Pick<Sink<V>, 'op' | 'param'> {
  /** Inputs of the step: each state, and the token's [B, s...] of each sequence. */
  readonly states: readonly V[];
  readonly elements: readonly V[];
  /** The results of all tokens, [B, T, s...] each, to be used outside. */
  finish(states: readonly V[], results: readonly V[]): readonly V[];
}

export interface ExpertsRequest<V> {
  readonly count: number;
  readonly shares: V;
  /** Every expert is computed for every token, since a share of zero does not make its term zero. */
  readonly dense: boolean;
  /** The origin of what the one body computes for all experts. */
  readonly place: (at: Origin) => Origin;
}

/** Takes the body of one expert, which is run once and stands for all of them. Throws `NotUniform` for what it cannot take. */
export interface ExpertsSink<V> extends Pick<Sink<V>, 'op' | 'param' | 'ambient' | 'experts'> {
  /** The parameter of this expert, where `parameters` has one for each expert. */
  own(parameters: readonly V[], at: Origin): V;
  /** This expert's place along an axis of `count`, kept with size 1. */
  entry(x: V, axis: number, at: Origin): V;
  /** What `take` finds along an axis of a value from around the body, for a value of the body. */
  through(x: V, axis: number, take: (x: V, axis: number) => V, at: Origin): V;
  /** The sum, to be used outside; undefined when a share of zero does not make a term zero. */
  total(term: V, at: Origin): V | undefined;
}

/** The terms of a sum are not one program on other weights, or not of a kind that runs as one: they are written out. */
export class NotUniform extends Error {
  constructor(why: string) {
    super(why);
  }
}

const nothing = { op: () => null, param: () => null, ambient: () => null } as const;

const nullExperts: ExpertsSink<null> = {
  ...nothing,
  experts: () => nullExperts,
  own: () => null,
  entry: () => null,
  through: () => null,
  total: () => null,
};

/** Keeps nothing. */
export const nullSink: Sink<null> = {
  ...nothing,
  input: () => null,
  cache: () => null,
  delay: () => null,
  output: () => {},
  experts: () => nullExperts,
  scan: ({ states, sequences }) => ({
    ...nothing,
    states: states.map(() => null),
    elements: sequences.map(() => null),
    finish: (_, results) => results.map(() => null),
  }),
};

export type { Dim };
