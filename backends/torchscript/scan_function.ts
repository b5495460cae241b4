/** A scan as a function of the archive: a loop over the tokens, whose body is the step. */

import type { Node, NodeId } from '../../compiler/graph/ir.ts';
import { scanOf } from '../../compiler/graph/scan_body.ts';
import type { CodeContext } from './code_context.ts';
import { atom, type Expr, isShort } from './expr.ts';
import type { FunctionText } from './functions.ts';
import { statement } from './line_breaks.ts';
import { lowerOp } from './native.ts';
import type { Site } from './site.ts';
import { isNumber, siteOn } from './site_on.ts';
import { intOf } from './sizes.ts';

const nameOf = (node: Node): string => String(node.attrs['name']).replace('.', '_');

/** The function of a `scan` node: (states, sequences, values from outside) -> results for all tokens, and the last states. Equal steps share one function. */
export function scanFunction(node: Node, context: CodeContext): FunctionText {
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
    if (isNumber(inner)) continue;
    const expr = lowerOp(inner, site);
    const short = uses.get(inner.id) === 1 && !results.has(inner.id) && isShort(expr);
    if (!short) lines.push(`value_${inner.id} = ${expr.text}`);
    exprs.set(inner.id, short ? expr : atom(`value_${inner.id}`));
  }
  const texts = outputs.map((o) => site.tensor(o.node).text);
  const made = texts.slice(states).map((_, i) => `results_${i}`);
  const list = (all: readonly string[]): string => all.join(', ');
  const textUnder = (name: string): string =>
    [
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
    ].join('\n');
  for (let n = 1; ; n++) {
    const name = n === 1 ? 'scan' : `scan_${n}`;
    const text = textUnder(name);
    const known = context.functions.get(name);
    if (!known || known.text === text) return { name, text };
  }
}

function usesOf(nodes: readonly Node[]): ReadonlyMap<NodeId, number> {
  const uses = new Map<NodeId, number>();
  for (const { inputs } of nodes) for (const id of inputs) uses.set(id, (uses.get(id) ?? 0) + 1);
  return uses;
}

/** Sizes, devices and dtypes come from the arguments of the function. */
function siteIn(
  nodes: readonly Node[],
  exprs: ReadonlyMap<NodeId, Expr>,
  state: string,
  context: CodeContext,
): Site {
  return siteOn({
    context,
    node: (id) => nodes[id]!,
    value: (node) => exprs.get(node.id)!,
    int(dim) {
      const { text, precedence } = intOf(dim);
      return { text: text.replace(/\bB\b/g, `${state}.size(0)`), precedence };
    },
    device: () => `${state}.device`,
    like(dtype) {
      const found = nodes.find(({ op, type }) => op === 'input' && type.dtype === dtype);
      return found && nameOf(found);
    },
  });
}
