/** The body of one block: its nodes as statements, its child blocks as calls, in an order in which they can run. */

import type { Node, NodeId } from '../../compiler/ir.ts';
import type { Region, Step } from '../../compiler/regions.ts';
import { Bug } from '../../spec/diagnostic.ts';
import { names as namesIn } from '../../spec/dim.ts';
import { isComposite } from '../../spec/ops/index.ts';
import { isPrimitive } from '../../spec/primitives/index.ts';
import type { GraphDType } from '../../spec/type.ts';
import { type CodeContext, dtypeNumbers, optionalInputs, use } from './code_context.ts';
import { atom, method as call, type Expr, infix, lengthOf, mark, marked, named } from './expr.ts';
import { statement } from './layout.ts';
import { lowerPrimitive, scalarText } from './lowering.ts';
import { nameOf, ownerOf } from './module_tree.ts';
import { reach } from './names.ts';
import { lowerComposite } from './native.ts';
import type { Site } from './site.ts';
import { intOf, readSizes } from './sizes.ts';
import { type Candidates, candidatesFor, isAssigned, nameValues } from './value_names.ts';

export interface Statement {
  readonly text: string;
  readonly defines: readonly NodeId[];
  readonly reads: readonly NodeId[];
  readonly comment?: string | undefined;
}

export interface Body {
  readonly statements: readonly Statement[];
  /** Sizes that a caller must pass, since no argument shows them. */
  readonly sizes: readonly string[];
  /** Sizes that the statements name. */
  readonly wanted: ReadonlySet<string>;
  /** Values as they are written where they are returned. */
  readonly result: (id: NodeId) => Expr;
  readonly candidates: Candidates;
}

/** Values used once are written where they are used, as long as they are not longer than this. */
const longestInline = 64;

export interface MethodText {
  readonly lines: readonly string[];
  /** The same without comments: equal texts are the same code. */
  readonly plain: readonly string[];
}

export type Bodies = ReadonlyMap<Region, Body>;

/** All bodies of a tree of regions, children first. */
export function bodiesOf(root: Region, context: CodeContext): Bodies {
  const bodies = new Map<Region, Body>();
  const visit = (region: Region): void => {
    for (const step of region.steps) if (step.kind === 'region') visit(step.region);
    bodies.set(region, bodyOf(region, context, bodies));
  };
  visit(root);
  return bodies;
}

function bodyOf(region: Region, context: CodeContext, bodies: Bodies): Body {
  const { graph, spec } = context;
  const candidates = candidatesFor(region, context);
  const counts = usesIn(region, context);
  const inline = new Map<NodeId, Expr>();
  const wanted = new Set<string>();
  const statements: Statement[] = [];
  const site = siteOf(region, context, inline, wanted);
  const results = new Set(region.outputs);
  const push = (defines: readonly NodeId[], text: string, own: boolean): void => {
    const comment = own ? spec.lineOf(region.scope, graph.origins[defines[0]!]!) : undefined;
    const left = defines.length > 0 ? `${defines.map(mark).join(', ')} = ` : '';
    statements.push({ text: left + text, defines, reads: marked(text), comment });
  };
  for (const step of region.steps) {
    const expr =
      step.kind === 'node'
        ? nodeExpr(graph.nodes[step.id]!, site)
        : callOf(step, region, bodies, site, wanted);
    if (!expr) continue;
    const defines = step.kind === 'node' ? [step.id] : step.region.outputs;
    const [id] = defines;
    if (defines.length === 1 && mayInline(id!, step, expr)) inline.set(id!, expr);
    else push(defines, expr.text, step.kind === 'node');
  }
  const leaving = region.scope === '' ? graph.outputs.map((o) => o.node) : region.outputs;
  const exprs = new Map(leaving.map((id) => [id, site.tensor(id)]));
  const { unknown } = readSizes(wanted, shownBy(region, context));
  const result = (id: NodeId): Expr => exprs.get(id)!;
  return { statements, sizes: unknown, wanted, result, candidates };

  function mayInline(id: NodeId, step: Step, expr: Expr): boolean {
    if (step.kind === 'node' && graph.nodes[id]!.op === 'write') return false;
    const uses = counts.get(id) ?? 0;
    if (results.has(id)) return region.scope !== '' && uses === 0 && results.size === 1;
    if (uses !== 1 || lengthOf(expr.text) > longestInline) return false;
    return step.kind === 'region' || !isAssigned(id, region.scope, context);
  }
}

/** How often each value is read by the steps of a region. */
function usesIn(region: Region, { graph }: CodeContext): ReadonlyMap<NodeId, number> {
  const counts = new Map<NodeId, number>();
  for (const step of region.steps) {
    const read = step.kind === 'node' ? graph.nodes[step.id]!.inputs : step.region.inputs;
    for (const id of read) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

function nodeExpr(node: Node, site: Site): Expr | undefined {
  if (node.op === 'input') return undefined;
  if (isPrimitive(node.op)) return lowerPrimitive(node.op, site, node);
  const expr = isComposite(node.op) ? lowerComposite(node.op, site, node) : undefined;
  if (!expr) throw new Bug(`no TorchScript for ${node.op}`);
  return expr;
}

function callOf(
  { region: child }: Step & { readonly kind: 'region' },
  region: Region,
  bodies: Bodies,
  site: Site,
  wanted: Set<string>,
): Expr {
  const { sizes } = bodies.get(child)!;
  for (const name of sizes) wanted.add(name);
  const args = [...child.inputs.map((id) => site.tensor(id).text), ...sizes];
  return atom(`${reach(below(child.scope, region.scope))}.forward(${args.join(', ')})`);
}

/** A path as the block at `scope` sees it. */
const below = (path: string, scope: string): string => (scope === '' ? path : path.slice(scope.length + 1));

const isWithin = (path: string, scope: string): boolean =>
  scope === '' || path === scope || path.startsWith(`${scope}.`);

const isStored = ({ op }: Node): boolean => op === 'param' || op === 'table';
const isNumber = ({ op }: Node): boolean => op === 'scalar' || op === 'size';

/** Arguments that show sizes: those that are not parameters. */
function shownBy(region: Region, { graph }: CodeContext) {
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

function siteOf(
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

/** `forward` of a block other than the model. */
export function forwardText(region: Region, body: Body, context: CodeContext): MethodText {
  const reading = readSizes(body.wanted, shownBy(region, context));
  const returned = region.outputs.map((id) => body.result(id).text).join(', ');
  const ending: Statement = { text: `return ${returned}`, defines: [], reads: marked(returned) };
  const first = reading.lines.map((text): Statement => ({ text, defines: [], reads: marked(text) }));
  const all = [...first, ...body.statements, ending];
  const names = nameValues(region.inputs, all, body.candidates, new Map());
  const args = [
    'self',
    ...region.inputs.map((id) => `${names.get(id)!}: Tensor`),
    ...body.sizes.map((name) => `${name}: int`),
  ];
  const result = `${region.outputs.length === 1 ? 'Tensor' : `Tuple[${region.outputs.map(() => 'Tensor').join(', ')}]`}`;
  return methodText(`def forward(${args.join(', ')}) -> ${result}:`, all, names);
}

export function methodText(
  head: string,
  statements: readonly Statement[],
  names: ReadonlyMap<NodeId, string>,
): MethodText {
  const nameOfValue = (id: NodeId): string => names.get(id) ?? unnamed(id);
  const write = (comments: boolean): string[] => {
    let before: string | undefined;
    return [
      ...statement(head, '  ', undefined),
      ...statements.flatMap(({ text, comment }) => {
        const fresh = comments && comment !== before ? comment : undefined;
        before = comment ?? before;
        return statement(named(text, nameOfValue), '    ', fresh);
      }),
    ];
  };
  return { lines: write(true), plain: write(false) };
}

const unnamed = (id: NodeId): never => {
  throw new Bug(`%${id} is read where it has no name`);
};
