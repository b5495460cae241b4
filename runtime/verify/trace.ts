/** Runs calls and keeps values inside: of a graph by interpreting it, of a session by requesting more outputs. */

import type { Graph, NodeId, structural } from '../../compiler/graph/ir.ts';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { Session } from '../../compiler/ports/session.ts';
import type { WeightSource } from '../../compiler/weights/source.ts';
import { own } from '../../spec/own.ts';
import { isPrimitive, primitives } from '../../spec/primitives/index.ts';
import type { Tensor } from '../../spec/tensor.ts';
import { decoder } from '../cache.ts';
import { referenceSession } from '../sessions/reference_session.ts';
import type { Call } from './verify_run.ts';

/** A graph with the weights it names. */
export interface Stage {
  readonly graph: Graph;
  readonly weights: Pick<WeightSource, 'values'>;
}

/** Values of the nodes in one call. */
export type Values = ReadonlyMap<NodeId, Tensor>;

type Structural = (typeof structural)[number];

/** Of the ops that are no primitive and no composite; a page that verifies loads no more of the compiler than types. */
const isGiven: Readonly<Record<Structural, boolean>> = {
  ...{ input: true, param: true, ambient: true, table: true, state: true },
  ...{ cache: false, delay: false, scan: false, result: false },
};

/** Whether a session can return the value, and it may be wrong: it is not given, nor made of attributes alone. */
export const isComputed = ({ op }: { readonly op: string }): boolean =>
  !own(isGiven, op) && !(isPrimitive(op) && primitives[op].axes === 'made');

/** Those that stand for something else until ports are placed. */
const isUnplaced: Readonly<Record<Structural, boolean>> = {
  ...{ ambient: true, cache: true, delay: true, state: true },
  ...{ input: false, param: false, table: false, scan: false, result: false },
};

/** True once ports are placed, since before that a graph cannot be called. */
export const isCallable = ({ nodes, inputs }: Graph): boolean =>
  inputs.some((i) => i.name === 'input_ids') && !nodes.some(({ op }) => own(isUnplaced, op));

/** Everything that the interpreter computes in each call. */
export async function interpret(
  { graph, weights }: Stage,
  manifest: Manifest,
  calls: readonly Call[],
): Promise<readonly Values[]> {
  let values = new Map<NodeId, Tensor>();
  const tap = (node: { readonly id: NodeId }, value: Tensor) => void values.set(node.id, value);
  const cache = decoder(referenceSession(graph, manifest, weights, { tap }));
  const all: Values[] = [];
  for (const { tokens, real } of calls) {
    values = new Map();
    await cache.feed(tokens, real ? { real } : {});
    all.push(values);
  }
  return all;
}

/** The name of the output that returns the value of a node. */
export const outputName = (id: NodeId): string => `value.${id}`;

/** The values of `ids` in each call, from a session that gives them under `outputName`. */
export async function fetchValues(
  session: Session,
  ids: readonly NodeId[],
  calls: readonly Call[],
): Promise<readonly Values[]> {
  const cache = decoder(session);
  const fetches = ids.map(outputName);
  const all: Values[] = [];
  for (const { tokens, ...given } of calls) {
    const outputs = await cache.feed(tokens, { fetches, ...given });
    const found = ids.flatMap((id) => {
      const value = outputs[outputName(id)];
      return value ? [[id, value] as const] : [];
    });
    all.push(new Map(found));
  }
  return all;
}
