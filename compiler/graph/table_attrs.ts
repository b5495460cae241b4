/** Nodes that stand for a table of rotations: what they say of it, and its type. */

import { size } from '../../spec/dim.ts';
import type { RotaryTable } from '../../spec/ops/rotary_table.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import type { Node } from './ir.ts';

/** Attributes of a `table` node: a rotary table, under the name of its initialiser. */
export interface TableAttrs extends RotaryTable {
  readonly name: string;
}

/** A table's type: row p holds the cosines or sines of position p. */
export const tableType = ({ length, freqs }: RotaryTable): TensorType<GraphDType> => ({
  dtype: 'float32',
  shape: [size(length), size(freqs.length)],
});

/** The caller vouches that the node's op is `table`, whose attributes these are. */
export const tableAttrs = (node: Node): TableAttrs => node.attrs as unknown as TableAttrs;
