/** How many entries of a tensor's last axis can be other than zero, as far as the graph shows. */

import { equal } from '../../spec/dim.ts';
import { isComposite, opOf } from '../../spec/ops/index.ts';
import { isPrimitive, primitives } from '../../spec/primitives/index.ts';
import type { Axes, Settles } from '../../spec/primitives/row.ts';
import type { Builder } from '../graph/builder.ts';
import type { Node, NodeId } from '../graph/ir.ts';
import { meaningOf } from '../graph/meaning.ts';
import { axisOfInputs, typedBy } from '../graph/token_axis.ts';

/** A tensor whose rows, along the last axis, hold `value` everywhere but in at most `exceptions` places. */
interface Sparse {
  readonly exceptions: number;
  readonly value: number;
}

/** Undefined where all of them may be. */
export function mostShares(builder: Builder, id: NodeId): number | undefined {
  const found = reader(builder)(id);
  return found?.value === 0 ? found.exceptions : undefined;
}

type Read = (id: NodeId) => Sparse | undefined;

/** Looks at a node when something asks for it, and once; the first nodes may be known by another reader. */
function reader(builder: Builder, outside: readonly (() => Sparse | undefined)[] = []): Read {
  const known = new Map<NodeId, Sparse | undefined>();
  const read: Read = (id) => {
    if (!known.has(id)) known.set(id, outside[id] ? outside[id]() : sparse(builder.node(id)));
    return known.get(id);
  };
  const sparse = (node: Node): Sparse | undefined => {
    if (node.op === 'is_top') return { exceptions: Number(node.attrs['k']), value: 0 };
    if (!isComposite(node.op)) return settled(builder, node, read);
    const types = node.inputs.map((input) => builder.node(input).type);
    const meaning = meaningOf(opOf(node.op), types, node.attrs);
    if (typeof meaning === 'string') return undefined;
    return reader(
      meaning.builder,
      node.inputs.map((input) => () => read(input)),
    )(meaning.result);
  };
  return read;
}

/** Kinds whose rows are made of the operands' rows, so that what is said of each row of them is said of each of these. */
const rowByRow: ReadonlySet<Axes> = new Set<Axes>(['made', 'each', 'moved', 'reshaped']);

/** By the operands that settle the result with the fewest exceptions. */
function settled(builder: Builder, node: Node, read: Read): Sparse | undefined {
  const row = isPrimitive(node.op) ? primitives[node.op] : undefined;
  if (!row || !rowByRow.has(row.axes)) return undefined;
  const settles = row.settles as Settles<unknown>; // the node has the attributes of its op
  const operands = node.inputs.map((input, i) =>
    sameRows(builder, node, i) ? read(input) : uniform(read(input)),
  );
  let best: Sparse | undefined;
  for (let chosen = 0; chosen < 2 ** operands.length; chosen++) {
    const given = operands.map((x, i) => ((chosen >> i) & 1 ? x : undefined));
    const value = settles(
      given.map((x) => x?.value),
      node.attrs,
    );
    const exceptions = given.reduce((sum, x) => sum + (x?.exceptions ?? 0), 0);
    if (value !== undefined && (!best || exceptions < best.exceptions)) best = { exceptions, value };
  }
  return best;
}

/** Stretched along the last axis, only what has no exceptions stays what it is. */
const uniform = (x: Sparse | undefined): Sparse | undefined => (x?.exceptions === 0 ? x : undefined);

function sameRows(builder: Builder, node: Node, operand: number): boolean {
  const last = node.type.shape.length - 1;
  const { shape } = builder.node(node.inputs[operand]!).type;
  if (last < 0 || shape.length === 0 || !equal(shape.at(-1)!, node.type.shape[last]!)) return false;
  return axisOfInputs(last, typedBy(node, builder.node))[operand] === shape.length - 1;
}
