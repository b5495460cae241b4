/** The site of lowerings in one block: its operands, sizes, and tensors to take a device or dtype from. */

import type { Node, NodeId } from '../../compiler/graph/ir.ts';
import type { Region } from '../../compiler/graph/regions.ts';
import { names as namesIn } from '../../spec/dim.ts';
import { isWithin, ownerOf } from '../../spec/dotted_path.ts';
import type { GraphDType } from '../../spec/type.ts';
import { type CodeContext, inputNode } from './code_context.ts';
import { atom, method as call, type Expr, placeholder } from './expr.ts';
import { nameOf } from './module_tree.ts';
import { memberPath } from './names.ts';
import type { Site } from './site.ts';
import { isNumber, siteOn } from './site_on.ts';
import { intOf, type Shaped } from './sizes.ts';

/** A path relative to the block at `scope`. */
export const below = (path: string, scope: string): string =>
  scope === '' ? path : path.slice(scope.length + 1);

const isStored = ({ op }: Node): boolean => op === 'param' || op === 'table';

/** Arguments that sizes are read from: those that are not parameters. */
export function shownBy(region: Region, { graph }: CodeContext): readonly Shaped[] {
  return region.inputs
    .map((id) => graph.nodes[id]!)
    .filter((n) => !isStored(n) && !isNumber(n))
    .map(({ id, type }) => ({ id, type }));
}

/** The expression for a parameter inside the region; undefined where it is passed as an argument. */
function storedText(node: Node, region: Region, context: CodeContext): string | undefined {
  const place = context.places.get(nameOf(node))!;
  return isWithin(ownerOf(place), region.scope) ? memberPath(below(place, region.scope)) : undefined;
}

export function siteOf(
  region: Region,
  context: CodeContext,
  inline: ReadonlyMap<NodeId, Expr>,
  wanted: Set<string>,
): Site {
  const { graph, compute } = context;
  const stored = (node: Node): Expr => {
    const text = storedText(node, region, context) ?? placeholder(node.id);
    const wide = node.op === 'param' && node.type.dtype === 'float32' && compute !== 'float32';
    return wide ? call(atom(text), 'float') : atom(text);
  };
  return siteOn({
    context,
    node: (id) => graph.nodes[id]!,
    value: (node) => (isStored(node) ? stored(node) : (inline.get(node.id) ?? atom(placeholder(node.id)))),
    int(dim) {
      for (const name of namesIn(dim)) wanted.add(name);
      return intOf(dim);
    },
    device() {
      const like = anchor(region, context, () => true);
      return like === undefined ? 'torch.device("cpu")' : `${like}.device`;
    },
    like: (dtype) => anchorOf(region, context, dtype),
  });
}

const anchorOf = (region: Region, context: CodeContext, dtype: GraphDType): string | undefined =>
  anchor(region, context, (n) => n.type.dtype === dtype && n.op !== 'table');

/** A tensor that exists throughout the method: an argument, or a parameter of the block. */
function anchor(region: Region, context: CodeContext, fits: (node: Node) => boolean): string | undefined {
  const { graph } = context;
  const inputs = region.scope === '' ? modelInputs(context) : region.inputs;
  const given = inputs.find((id) => fits(graph.nodes[id]!));
  if (given !== undefined) return placeholder(given);
  for (const node of graph.nodes) {
    const text = isStored(node) && fits(node) ? storedText(node, region, context) : undefined;
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Inputs that a caller cannot leave out, in the order of the boundary. */
const modelInputs = ({ graph, optional }: CodeContext): readonly NodeId[] =>
  graph.inputs.filter(({ name }) => !optional.includes(name)).map(({ name }) => inputNode(graph, name));
