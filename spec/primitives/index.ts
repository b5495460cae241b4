/** The table of all primitives: what each takes, gives and computes. */

import type { Env } from '../dim.ts';
import type { Primitive, PrimitiveAttrs } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { elementwise } from './elementwise.ts';
import { choices } from './expert_matmul.ts';
import { gathers } from './gather.ts';
import { leaves } from './leaf.ts';
import { products } from './matmul.ts';
import { reductions } from './reduce.ts';
import type { Row, Type } from './row.ts';
import { shapes } from './shape.ts';

export type { Row } from './row.ts';

/** What the type checker misses here is a row in a file of spec/primitives. */
interface RowsInSpecPrimitives extends Readonly<{ [P in Primitive]: Row<P> }> {}

export const primitives: RowsInSpecPrimitives = {
  ...leaves,
  ...elementwise,
  ...reductions,
  ...shapes,
  ...gathers,
  ...products,
  ...choices,
};

export const isPrimitive = (op: string): op is Primitive => Object.hasOwn(primitives, op);

/** One operand's elements in other places. */
export function isView(op: string): op is Primitive {
  if (!isPrimitive(op)) return false;
  const { elements, arity } = primitives[op];
  return elements === 'moved' && arity === 1;
}

/** The row under a name known only when running; the caller vouches that `attrs` are that primitive's own. */
const rowOf = <P extends Primitive>(op: P): Row<P> => primitives[op] as unknown as Row<P>;

export function inferPrimitive<P extends Primitive>(
  op: P,
  inputs: readonly Type[],
  attrs: PrimitiveAttrs[P],
): Type | string {
  const row = rowOf(op);
  const enough = row.arity === 'any' ? inputs.length > 0 : inputs.length === row.arity;
  return enough ? row.infer(inputs, attrs) : `takes ${row.arity} inputs, found ${inputs.length}`;
}

export const evaluatePrimitive = <P extends Primitive>(
  op: P,
  inputs: readonly Tensor[],
  attrs: PrimitiveAttrs[P],
  env: Env,
): Tensor => rowOf(op).evaluate(inputs, attrs, env);
