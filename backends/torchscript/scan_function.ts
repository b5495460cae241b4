/** A scan as a function of the archive: a loop over the tokens, whose body is the step. */

import type { Node, NodeId } from '../../compiler/ir.ts';
import { scanOf } from '../../compiler/scan/body.ts';
import { Bug } from '../../spec/diagnostic.ts';
import { isComposite } from '../../spec/ops/index.ts';
import { isPrimitive } from '../../spec/primitives/index.ts';
import type { GraphDType } from '../../spec/type.ts';
import { type CodeContext, dtypeNumbers, use } from './code_context.ts';
import { atom, method as call, type Expr, infix, lengthOf } from './expr.ts';
import type { FunctionText } from './functions.ts';
import { statement } from './layout.ts';
import { lowerPrimitive, scalarText } from './lowering.ts';
import { lowerComposite } from './native.ts';
import type { Site } from './site.ts';
import { intOf } from './sizes.ts';

const nameOf = (node: Node): string => String(node.attrs['name']).replace('.', '_');

/** Values used once are written where they are used, as long as they are not longer than this. */
const longestInline = 64;

/** Equal steps are one function. */
export function scanName(node: Node, context: CodeContext): string {
  const { text } = scanFunction(node, 'scan', context);
  for (let n = 1; ; n++) {
    const name = n === 1 ? 'scan' : `scan_${n}`;
    const known = context.functions.get(name);
    if (!known || known.text === text.replace('def scan(', `def ${name}(`)) return name;
  }
}

/** Of a `scan` node: (states, sequences, outside) -> what there is of all tokens, and the last states. */
export function scanFunction(node: Node, name: string, context: CodeContext): FunctionText {
  const { body, states, sequences } = scanOf(node);
  const { inputs, nodes, outputs } = body.graph;
  const args = inputs.map((i) => i.name.replace('.', '_'));
  const walked = args.slice(states, states + sequences);
  const exprs = new Map<NodeId, Expr>();
  const lines: string[] = walked.map((x) => `token_${x} = ${x}[:, turn]`);
  const site = siteIn(body.graph.nodes, exprs, args[0]!, context);
  const uses = usesOf(nodes);
  const results = new Set(outputs.map((o) => o.node));
  for (const inner of nodes) {
    if (inner.op === 'input') {
      const own = nameOf(inner);
      exprs.set(inner.id, atom(walked.includes(own) ? `token_${own}` : own));
      continue;
    }
    if (inner.op === 'scalar' || inner.op === 'size') continue;
    const expr = exprOf(inner, site);
    const short = uses.get(inner.id) === 1 && !results.has(inner.id) && lengthOf(expr.text) <= longestInline;
    if (!short) lines.push(`value_${inner.id} = ${expr.text}`);
    exprs.set(inner.id, short ? expr : atom(`value_${inner.id}`));
  }
  const texts = outputs.map((o) => site.tensor(o.node).text);
  const made = texts.slice(states).map((_, i) => `results_${i}`);
  const list = (all: readonly string[]): string => all.join(', ');
  const text = [
    ...statement(
      `def ${name}(${list(args.map((a) => `${a}: Tensor`))}) -> Tuple[${list(outputs.map(() => 'Tensor'))}]:`,
      '',
      undefined,
    ),
    ...made.map((r) => `  ${r} = annotate(List[Tensor], [])`),
    `  for turn in range(${walked[0]}.size(1)):`,
    ...lines.flatMap((line) => statement(line, '    ', undefined)),
    ...made.map((r, i) => `    ${r}.append(${texts[states + i]})`),
    `    ${list(args.slice(0, states))} = ${list(texts.slice(0, states))}`,
    `  return ${list([...made.map((r) => `torch.stack(${r}, 1)`), ...args.slice(0, states)])}`,
  ];
  return { name, text: text.join('\n') };
}

function usesOf(nodes: readonly Node[]): ReadonlyMap<NodeId, number> {
  const uses = new Map<NodeId, number>();
  for (const { inputs } of nodes) for (const id of inputs) uses.set(id, (uses.get(id) ?? 0) + 1);
  return uses;
}

function exprOf(node: Node, site: Site): Expr {
  if (isPrimitive(node.op)) return lowerPrimitive(node.op, site, node);
  const expr = isComposite(node.op) ? lowerComposite(node.op, site, node) : undefined;
  if (!expr) throw new Bug(`no TorchScript for ${node.op}`);
  return expr;
}

/** Sizes, devices and dtypes come from the first state, which is there throughout. */
function siteIn(
  nodes: readonly Node[],
  exprs: ReadonlyMap<NodeId, Expr>,
  state: string,
  context: CodeContext,
): Site {
  const { compute, release } = context;
  const like = nodes.find(({ op, type }) => op === 'input' && type.dtype === compute);
  const anchor = like && nameOf(like);
  const site: Site = {
    release,
    node: (id) => nodes[id]!,
    tensor(id) {
      const node = nodes[id]!;
      if (node.op === 'scalar' || node.op === 'size') return lowerPrimitive(node.op, site, node);
      return exprs.get(id)!;
    },
    number(id) {
      const { op, attrs } = nodes[id]!;
      if (op !== 'scalar') return undefined;
      const text = scalarText(Number(attrs['value']), attrs['dtype'] as GraphDType); // what the op holds
      return text.startsWith('-') ? { text, holds: 6 } : atom(text);
    },
    int(dim) {
      const { text, holds } = intOf(dim);
      return { text: text.replace(/\bB\b/g, `${state}.size(0)`), holds };
    },
    device: () => `${state}.device`,
    dtype: (dtype) => (dtype === compute && anchor ? `${anchor}.dtype` : String(dtypeNumbers[dtype])),
    cast(x, from, to) {
      if (from === to) return x;
      if (to === 'bool') return infix('ne', x, atom('0'));
      if (to === 'int64') return call(x, 'long');
      if (to === compute && anchor) return call(x, 'type_as', anchor);
      return to === 'float32' ? call(x, 'float') : call(x, 'to', String(dtypeNumbers[to]));
    },
    function: (text) => use(context, text),
  };
  return site;
}
