/** How many entries of a tensor's last axis can be other than zero, as far as the graph shows. */

import type { Builder } from '../builder.ts';
import type { Node, NodeId } from '../ir.ts';

/** Undefined where all of them may be. */
export function mostShares(builder: Builder, id: NodeId): number | undefined {
  const { op, inputs } = builder.node(id);
  const [a, b, c] = inputs;
  switch (op) {
    case 'where':
      return isNumber(builder.node(c!), 0)
        ? least(mostTrue(builder, a!), mostShares(builder, b!))
        : undefined;
    case 'softmax':
      return mostFinite(builder, a!);
    case 'mul':
      return least(mostShares(builder, a!), mostShares(builder, b!));
    case 'div':
    case 'cast':
    case 'neg':
    case 'abs':
      return mostShares(builder, a!);
    default:
      return undefined;
  }
}

/** The softmax of minus infinity is zero. */
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
