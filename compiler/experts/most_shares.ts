/** How many entries of a tensor's last axis can be other than zero, as far as the graph shows. */

import { equal } from '../../spec/dim.ts';
import type { Builder } from '../graph/builder.ts';
import type { Node, NodeId } from '../graph/ir.ts';

/** Undefined where all of them may be. */
export function mostShares(builder: Builder, id: NodeId): number | undefined {
  const { op, inputs, type } = builder.node(id);
  const [a, b, c] = inputs;
  // An operand that is stretched along the last axis says nothing of its entries.
  const whole = (input: NodeId): boolean => {
    const [mine, its] = [type.shape.at(-1), builder.node(input).type.shape.at(-1)];
    return mine !== undefined && its !== undefined && equal(mine, its);
  };
  const of = (input: NodeId, most = mostShares): number | undefined =>
    whole(input) ? most(builder, input) : undefined;
  switch (op) {
    case 'where':
      return isNumber(builder.node(c!), 0) ? least(of(a!, mostTrue), of(b!)) : undefined;
    case 'softmax':
    case 'sigmoid':
    case 'exp':
      return of(a!, mostFinite);
    case 'mul':
      return least(of(a!), of(b!));
    case 'add':
    case 'sub': {
      const [left, right] = [of(a!), of(b!)];
      return left === undefined || right === undefined ? undefined : left + right;
    }
    case 'div':
    case 'cast':
    case 'neg':
    case 'abs':
    case 'relu':
      return of(a!);
    default:
      return undefined;
  }
}

/** The softmax, the sigmoid and the exponential of minus infinity are zero. */
function mostFinite(builder: Builder, id: NodeId): number | undefined {
  const { op, inputs } = builder.node(id);
  if (op === 'cast') return mostFinite(builder, inputs[0]!);
  return op === 'where' && isNumber(builder.node(inputs[2]!), -Infinity)
    ? mostTrue(builder, inputs[0]!)
    : undefined;
}

function mostTrue(builder: Builder, id: NodeId): number | undefined {
  const { op, inputs, attrs } = builder.node(id);
  if (op === 'is_top') return Number(attrs['k']);
  return op === 'and' ? least(mostTrue(builder, inputs[0]!), mostTrue(builder, inputs[1]!)) : undefined;
}

const isNumber = ({ op, attrs }: Node, value: number): boolean => op === 'scalar' && attrs['value'] === value;

const least = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);
