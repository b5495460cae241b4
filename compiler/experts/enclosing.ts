/** What is around the body of an expert: the graph itself, or the body of an expert of another mixture. */

import type { Attrs } from '../../spec/op.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import { type GraphValue, nodeOf } from '../graph/body_value.ts';
import type { Builder } from '../graph/builder.ts';
import type { Origin } from '../graph/ir.ts';
import { mostShares } from './most_shares.ts';

export interface Enclosing {
  op(name: string, inputs: readonly GraphValue[], attrs: Attrs, origins: readonly Origin[]): GraphValue;
  typeOf(value: GraphValue): TensorType<GraphDType>;
  /** Whether it can be used there; the values of a body within it cannot. */
  holds(value: GraphValue): boolean;
  /** The attributes of a number that is written into the graph; undefined for any other value. */
  scalar(value: GraphValue): Attrs | undefined;
  /** How many entries of its last axis can be other than zero; undefined where all of them may be. */
  mostShares(value: GraphValue): number | undefined;
}

export const graphItself = (builder: Builder): Enclosing => ({
  op: (name, inputs, attrs, origins) => builder.op(name, inputs.map(nodeOf), attrs, origins),
  typeOf: (value) => builder.node(nodeOf(value)).type,
  holds: (value) => typeof value === 'number',
  scalar(value) {
    const { op, attrs } = builder.node(nodeOf(value));
    return op === 'scalar' ? attrs : undefined;
  },
  mostShares: (value) => mostShares(builder, nodeOf(value)),
});
