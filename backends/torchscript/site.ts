/** What a lowering works with: operands as expressions, sizes as integers, and tensors to take a device or dtype from. */

import type { Node, NodeId } from '../../compiler/graph/ir.ts';
import type { Dim } from '../../spec/dim.ts';
import type { GraphDType } from '../../spec/type.ts';
import type { Expr } from './expr.ts';
import type { FunctionText } from './functions.ts';
import type { Release } from './operators.ts';

export interface Site {
  readonly release: Release;
  node(id: NodeId): Node;
  /** A value as a tensor; constants are made into one. */
  tensor(id: NodeId): Expr;
  /** A constant of rank 0 or a size as a Python number; undefined for anything else. */
  number(id: NodeId): Expr | undefined;
  /** A size as a Python integer. */
  int(dim: Dim): Expr;
  /** Where tensors of this call live. */
  device(): string;
  /** As an argument: the number of a fixed dtype, or the dtype of a tensor for the one that the model computes in. */
  dtype(dtype: GraphDType): string;
  /** x in another dtype. */
  cast(x: Expr, from: GraphDType, to: GraphDType): Expr;
  /** A function of the archive, which is then written into it; its name as code calls it. */
  function(text: FunctionText): string;
}
