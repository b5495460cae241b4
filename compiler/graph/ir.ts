/**
 * The graph: an immutable, topologically ordered array of typed nodes, each equal node there once.
 *
 * Passes make new graphs with a `Builder`; nothing is changed in place. A node has one result; an op with several results is
 * one node of the first result's type, and only `result` nodes read it, each of which selects one.
 */

import type { Attrs, Primitive } from '../../spec/op.ts';
import type { Composite } from '../../spec/ops/index.ts';
import type { Ambient, Origin, PortDecl } from '../../spec/sink.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';

/**
 * Ops of a node: a primitive or composite of `spec/`, or one of these.
 * input {name}; param {name}; ambient {name}; cache {port} and delay {last, back} until ports are placed;
 * table {...}: a constant too large to hold, generated row by row while it is written (see `table_node.ts`);
 * state {port}: what a scan starts with, until ports are placed;
 * scan {body, states, sequences}: see `scan_body.ts`; result {index}: of an op with several.
 */
export const structural = [
  'input',
  'param',
  'ambient',
  'cache',
  'delay',
  'table',
  'state',
  'scan',
  'result',
] as const;

/** For lists of names that a part keeps for itself, so that one that is no op does not compile. */
export type OpName = Primitive | Composite | (typeof structural)[number];

/** Ops that stand for memory, positions and masks until ports are placed; a graph with them cannot be run. */
const unplaced: ReadonlySet<string> = new Set<OpName>(['ambient', 'cache', 'delay', 'state']);
export const isUnplaced = ({ op }: Pick<Node, 'op'>): boolean => unplaced.has(op);

export type NodeId = number;

export interface Node {
  readonly id: NodeId;
  readonly op: string;
  readonly inputs: readonly NodeId[];
  readonly attrs: Attrs;
  readonly type: TensorType<GraphDType>;
}

/** How a port's output becomes its next input: ARCHITECTURE.md, Ports. */
export type PortRule = 'replace' | 'append' | 'in_place';

/** One piece of memory across calls, placed: a graph input and a graph output. */
export interface Port {
  readonly decl: PortDecl;
  readonly rule: PortRule;
  /** Names at the boundary: `past_key_values.0.key`, `present.0.key`. */
  readonly input: string;
  readonly output: string;
  /** The output that holds the rows of the call alone, [B, H, T, D], where the model has such: `new_key_values.0.key`. */
  readonly newRows?: string;
  /** Of the input: [B, H, P, D] dynamic, [B, H, S, D] static, [B, n, ...] for a `last` cache. */
  readonly type: TensorType<GraphDType>;
  /** Axis that grows or holds slots; undefined for a `last` cache. */
  readonly axis?: number;
  /** What the input holds before the first token. */
  readonly fill: number;
}

export interface GraphInput {
  readonly name: string;
  readonly type: TensorType<GraphDType>;
}

export interface GraphOutput {
  readonly name: string;
  readonly node: NodeId;
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  /** In boundary order; ports' inputs included once placed. */
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly GraphOutput[];
  /** What `cache` nodes' `port` attribute names; empty once ports are placed. */
  readonly caches: ReadonlyMap<string, PortDecl>;
  /** Empty until `place_cache`. */
  readonly ports: readonly Port[];
  /** For each node, every place in the spec that it came from; a shared node has several. */
  readonly origins: readonly (readonly Origin[])[];
}

export type { Ambient, Origin };
