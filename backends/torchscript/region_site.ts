/** What lowerings work with inside one block: its operands, sizes, and tensors to take a device or dtype from. */

import type { Node, NodeId } from '../../compiler/ir.ts';
import type { Region } from '../../compiler/regions.ts';
import { names as namesIn } from '../../spec/dim.ts';
import type { GraphDType } from '../../spec/type.ts';
import { type CodeContext, dtypeNumbers, optionalInputs, use } from './code_context.ts';
import { atom, method as call, type Expr, infix, mark } from './expr.ts';
import { lowerPrimitive, scalarText } from './lowering.ts';
import { nameOf, ownerOf } from './module_tree.ts';
import { reach } from './names.ts';
import type { Site } from './site.ts';
import { intOf, type Shaped } from './sizes.ts';

/** A path as the block at `scope` sees it. */
export const below = (path: string, scope: string): string =>
  scope === '' ? path : path.slice(scope.length + 1);

const isWithin = (path: string, scope: string): boolean =>
  scope === '' || path === scope || path.startsWith(`${scope}.`);

const isStored = ({ op }: Node): boolean => op === 'param' || op === 'table';
const isNumber = ({ op }: Node): boolean => op === 'scalar' || op === 'size';

/** Arguments that show sizes: those that are not parameters. */
export function shownBy(region: Region, { graph }: CodeContext): readonly Shaped[] {
  return region.inputs
    .map((id) => graph.nodes[id]!)
    .filter((n) => !isStored(n) && !isNumber(n))
    .map(({ id, type }) => ({ id, type }));
}

/** A parameter as the region reaches it; undefined where it comes as an argument. */
function storedText(node: Node, region: Region, context: CodeContext): string | undefined {
  const place = context.places.get(nameOf(node))!;
  return isWithin(ownerOf(place), region.scope) ? reach(below(place, region.scope)) : undefined;
}

export function siteOf(
  region: Region,
  context: CodeContext,
  inline: ReadonlyMap<NodeId, Expr>,
  wanted: Set<string>,
): Site {
  const { graph, compute } = context;
  const stored = (node: Node): Expr => {
    const text = storedText(node, region, context) ?? mark(node.id);
    const wide = node.op === 'param' && node.type.dtype === 'float32' && compute !== 'float32';
    return wide ? call(atom(text), 'float') : atom(text);
  };
  const site: Site = {
    release: context.release,
    node: (id) => graph.nodes[id]!,
    tensor(id) {
      const node = graph.nodes[id]!;
      if (isStored(node)) return stored(node);
      if (isNumber(node)) return lowerPrimitive(node.op as 'scalar' | 'size', site, node); // one of the two
      return inline.get(id) ?? atom(mark(id));
    },
    number(id) {
      const { op, attrs } = graph.nodes[id]!;
      if (op === 'size') return site.int(attrs['dim'] as Parameters<Site['int']>[0]); // what the op holds
      if (op !== 'scalar') return undefined;
      const text = scalarText(Number(attrs['value']), attrs['dtype'] as GraphDType); // what the op holds
      return text.startsWith('-') ? { text, holds: 6 } : atom(text);
    },
    int(dim) {
      for (const name of namesIn(dim)) wanted.add(name);
      return intOf(dim);
    },
    device() {
      const like = anchor(region, context, () => true);
      return like === undefined ? 'torch.device("cpu")' : `${like}.device`;
    },
    dtype(dtype) {
      const like = dtype === compute ? anchorOf(region, context, dtype) : undefined;
      return like === undefined ? String(dtypeNumbers[dtype]) : `${like}.dtype`;
    },
    cast(x, from, to) {
      if (from === to) return x;
      if (to === 'bool') return infix('ne', x, atom('0'));
      if (to === 'int64') return call(x, 'long');
      const like = to === compute ? anchorOf(region, context, to) : undefined;
      if (like !== undefined) return call(x, 'type_as', like);
      return to === 'float32' ? call(x, 'float') : call(x, 'to', String(dtypeNumbers[to]));
    },
    function: (text) => use(context, text),
  };
  return site;
}

const anchorOf = (region: Region, context: CodeContext, dtype: GraphDType): string | undefined =>
  anchor(region, context, (n) => n.type.dtype === dtype && n.op !== 'table');

/** A tensor that is there throughout the method: an argument, or a parameter of the block. */
function anchor(region: Region, context: CodeContext, fits: (node: Node) => boolean): string | undefined {
  const { graph } = context;
  const inputs = region.scope === '' ? modelInputs(context) : region.inputs;
  const given = inputs.find((id) => fits(graph.nodes[id]!));
  if (given !== undefined) return mark(given);
  for (const node of graph.nodes) {
    const text = isStored(node) && fits(node) ? storedText(node, region, context) : undefined;
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Those that a caller always gives, in the order of the boundary. */
const modelInputs = ({ graph }: CodeContext): readonly NodeId[] =>
  graph.inputs
    .filter(({ name }) => !optionalInputs.includes(name))
    .map(({ name }) => graph.nodes.find((n) => n.op === 'input' && n.attrs['name'] === name)!.id);
