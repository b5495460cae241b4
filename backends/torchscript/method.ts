/** The body of one block: its nodes as statements, its child blocks as calls, in an order in which they can run. */

import type { Node, NodeId } from '../../compiler/graph/ir.ts';
import type { Region, Step } from '../../compiler/graph/regions.ts';
import { type CodeContext, use } from './code_context.ts';
import { atom, called, type Expr, indexed, isShort, placeholder, valuesIn } from './expr.ts';
import { type MethodText, methodText, type Statement } from './method_text.ts';
import { memberPath } from './names.ts';
import { lowerOp } from './native.ts';
import { below, shownBy, siteOf } from './region_site.ts';
import { scanFunction } from './scan_function.ts';
import type { Site } from './site.ts';
import { readSizes } from './sizes.ts';
import { type Candidates, candidatesFor, isAssigned, nameValues } from './value_names.ts';

export interface Body {
  readonly statements: readonly Statement[];
  /** Sizes that a caller must pass, since no argument shows them. */
  readonly sizes: readonly string[];
  /** Sizes that the statements name. */
  readonly wanted: ReadonlySet<string>;
  /** The expression that returns a value. */
  readonly result: (id: NodeId) => Expr;
  readonly candidates: Candidates;
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
    const left = defines.length > 0 ? `${defines.map(placeholder).join(', ')} = ` : '';
    statements.push({ text: left + text, defines, reads: valuesIn(text), comment });
  };
  for (const step of region.steps) {
    const expr =
      step.kind === 'node'
        ? nodeExpr(graph.nodes[step.id]!, site, context)
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
    if (uses !== 1 || !isShort(expr)) return false;
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

function nodeExpr(node: Node, site: Site, context: CodeContext): Expr | undefined {
  if (node.op === 'input') return undefined;
  if (node.op === 'result') return indexed(site.tensor(node.inputs[0]!), String(node.attrs['index']));
  if (node.op === 'scan') {
    const operands = node.inputs.map((x) => site.tensor(x).text);
    return called(use(context, scanFunction(node, context)), operands);
  }
  return lowerOp(node, site);
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
  return atom(`${memberPath(below(child.scope, region.scope))}.forward(${args.join(', ')})`);
}

/** `forward` of a block other than the model. */
export function forwardText(region: Region, body: Body, context: CodeContext): MethodText {
  const reading = readSizes(body.wanted, shownBy(region, context));
  const returned = region.outputs.map((id) => body.result(id).text).join(', ');
  const ending: Statement = { text: `return ${returned}`, defines: [], reads: valuesIn(returned) };
  const first = reading.lines.map((text): Statement => ({ text, defines: [], reads: valuesIn(text) }));
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
