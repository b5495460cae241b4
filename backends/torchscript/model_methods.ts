/** The methods of the model itself: `forward` as its callers see it, and `new_cache` to start with. */

import type { Graph, NodeId, Port } from '../../compiler/graph/ir.ts';
import { type Dim, names as namesIn } from '../../spec/dim.ts';
import { type CodeContext, dtypeNumbers, inputNode, use } from './code_context.ts';
import { float, valuesIn } from './expr.ts';
import { maskOr, positionsInSlots, positionsOr } from './functions.ts';
import type { Body } from './method.ts';
import { type MethodText, methodText, type Statement } from './method_text.ts';
import { nameOf } from './module_tree.ts';
import { freeName, memberPath } from './names.ts';
import { intOf, readSizes, type Shaped } from './sizes.ts';
import { nameValues } from './value_names.ts';

/** Name of the argument that lists the ports, in the order of the manifest. */
const pastName = 'past';

interface ForwardInputs {
  /** Names of the graph's inputs inside `forward`. */
  readonly names: ReadonlyMap<NodeId, string>;
  readonly args: readonly string[];
  /** Statements that give values to arguments which a caller left out; they come after sizes are known. */
  readonly defaults: readonly string[];
}

export function modelForward(body: Body, context: CodeContext): MethodText {
  const { graph } = context;
  const given = givenInputs(graph, body.wanted, context);
  const wanted = new Set(body.wanted);
  const shown = shownBy(context);
  const past = lengthOfPast(graph, wanted, shown);
  const reading = readSizes(past ? new Set([...wanted].filter((n) => n !== 'P')) : wanted, shown);
  const before = [...reading.lines, ...(past ? [past] : []), ...given.defaults];
  const first = before.map((text): Statement => ({ text, defines: [], reads: valuesIn(text) }));
  const endings = modelResult(graph, body);
  const all = [...first, ...body.statements, ...endings.statements];
  const names = nameValues([], all, body.candidates, given.names);
  return methodText(`def forward(${given.args.join(', ')}) -> ${endings.type}:`, all, names);
}

function givenInputs(graph: Graph, wanted: ReadonlySet<string>, context: CodeContext): ForwardInputs {
  const { optional } = context;
  const ports = new Map(graph.ports.map((p, i) => [p.input, i]));
  const names = new Map<NodeId, string>();
  const own: string[] = [];
  const last: string[] = [];
  const defaults: string[] = [];
  const taken = new Set(['self', pastName]);
  const sizes = wanted as Set<string>; // the body's own, which it no longer reads
  for (const { name } of graph.inputs) {
    const id = inputNode(graph, name);
    const port = ports.get(name);
    if (port !== undefined) {
      names.set(id, `${pastName}[${port}]`);
      continue;
    }
    const arg = freeName(name, (n) => taken.has(n));
    taken.add(arg);
    if (!optional.includes(name)) {
      own.push(`${arg}: Tensor`);
      names.set(id, arg);
    } else {
      last.push(`${arg}: Optional[Tensor]=None`);
      names.set(id, name === 'attention_mask' ? 'real' : 'positions');
    }
  }
  const tokens = graph.inputs.find((i) => i.name === 'input_ids')?.name ?? graph.inputs[0]?.name ?? '';
  const mask = graph.inputs.find((i) => i.name === 'attention_mask');
  const isRead = (name: string): boolean =>
    graph.inputs.some((i) => i.name === name) && context.users.has(inputNode(graph, name));
  const isOptional = optional.includes('attention_mask');
  if (mask && isOptional && optional.some(isRead)) {
    const columns = mask.type.shape[1]!;
    for (const name of namesIn(columns)) sizes.add(name);
    defaults.push(`real = ${use(context, maskOr)}(attention_mask, ${tokens}, ${intOf(columns).text})`);
  }
  if (mask && isRead('position_ids')) {
    sizes.add('T');
    const isStatic = graph.inputs.some((i) => i.name === 'past_length');
    const real = isOptional ? 'real' : 'attention_mask';
    const args = ['position_ids', real, ...(isStatic ? ['past_length'] : []), 'T'];
    defaults.push(
      `positions = ${use(context, isStatic ? positionsInSlots : positionsOr)}(${args.join(', ')})`,
    );
  }
  const between = graph.ports.length > 0 ? [`${pastName}: List[Tensor]`] : [];
  const [head, ...rest] = own;
  return { names, args: ['self', ...(head ? [head] : []), ...between, ...rest, ...last], defaults };
}

/** Arguments that a caller cannot leave out, and that sizes are read from. */
const shownBy = ({ graph, optional }: CodeContext): readonly Shaped[] =>
  graph.inputs
    .filter((i) => !optional.includes(i.name))
    .map(({ name, type }) => ({ id: inputNode(graph, name), type }));

/** Reads the length of the past off the mask where no port shows it; without a mask nothing depends on it. */
function lengthOfPast(
  graph: Graph,
  wanted: ReadonlySet<string>,
  shown: readonly Shaped[],
): string | undefined {
  if (!wanted.has('P') || readSizes(new Set(['P']), shown).unknown.length === 0) return undefined;
  return graph.inputs.some((i) => i.name === 'attention_mask')
    ? 'P = 0 if attention_mask is None else attention_mask.size(1) - T'
    : 'P = 0';
}

/** Returns logits in float32, whatever dtype the model was moved to, and ports as a list in the order of the manifest. */
function modelResult(
  graph: Graph,
  body: Body,
): { readonly statements: readonly Statement[]; readonly type: string } {
  const outputOf = new Map(graph.outputs.map((o) => [o.name, o.node]));
  const ports = new Set(graph.ports.map((p) => p.output));
  const statements: Statement[] = [];
  const plain = graph.outputs.filter((o) => !ports.has(o.name));
  const texts = plain.map(({ node }) => {
    const { text } = body.result(node);
    return graph.nodes[node]!.type.dtype === 'float32' ? `${text}.float()` : text;
  });
  const isStatic = graph.ports.some((p) => p.rule === 'in_place');
  const present = graph.ports.map((p) => outputOf.get(p.output)!);
  if (isStatic) {
    graph.ports.forEach(({ rule }, i) => {
      if (rule === 'in_place') return;
      const { text } = body.result(present[i]!);
      statements.push({ text: `${pastName}[${i}].copy_(${text})`, defines: [], reads: valuesIn(text) });
    });
  }
  const kept = isStatic ? pastName : `[${present.map((id) => body.result(id).text).join(', ')}]`;
  const all = [...texts, ...(graph.ports.length > 0 ? [kept] : [])].join(', ');
  statements.push({ text: `return ${all}`, defines: [], reads: valuesIn(all) });
  const types = [...plain.map(() => 'Tensor'), ...(graph.ports.length > 0 ? ['List[Tensor]'] : [])];
  return { statements, type: types.length === 1 ? types[0]! : `Tuple[${types.join(', ')}]` };
}

/** Writes `new_cache`: what ports hold before the first token, on the device of the parameters and in their dtype. */
export function newCache(context: CodeContext): MethodText | undefined {
  const { graph, compute, places } = context;
  const param = graph.nodes.find((n) => n.op === 'param' && n.type.dtype === compute);
  if (graph.ports.length === 0 || !param) return undefined;
  const slots = graph.ports.some((p) => p.type.shape.some((d) => namesIn(d).has('S')));
  const args = ['self', 'batch: int', ...(slots ? ['slots: int'] : [])];
  const line = (text: string): Statement => ({ text, defines: [], reads: [] });
  const starts = graph.ports.map((p) => startOf(p, compute));
  return methodText(
    `def new_cache(${args.join(', ')}) -> List[Tensor]:`,
    [line(`like = ${memberPath(places.get(nameOf(param))!)}`), line(`return ${repeated(starts)}`)],
    new Map(),
  );
}

/** Equal neighbours as one comprehension. */
function repeated(texts: readonly string[]): string {
  const runs: { text: string; n: number }[] = [];
  for (const text of texts) {
    const last = runs.at(-1);
    if (last?.text === text) last.n++;
    else runs.push({ text, n: 1 });
  }
  return runs.map(({ text, n }) => (n > 1 ? `[${text} for _ in range(${n})]` : `[${text}]`)).join(' + ');
}

function startOf({ type, fill }: Port, compute: string): string {
  const sizes = type.shape.map((d) => sizeText(d)).join(', ');
  const dtype = type.dtype === compute ? 'like.dtype' : String(dtypeNumbers[type.dtype]);
  const options = `dtype=${dtype}, device=like.device`;
  return fill === 0
    ? `torch.zeros([${sizes}], ${options})`
    : `torch.full([${sizes}], ${float(fill)}, ${options})`;
}

const atStart: Readonly<Record<string, string>> = { B: 'batch', P: '0', S: 'slots' };
const sizeText = (dim: Dim): string => intOf(dim).text.replace(/\b[BPS]\b/g, (name) => atStart[name]!);
