/** Finds the first value of a model that differs from the interpreter's, and whether a pass or the backend is to blame. */

import type { Graph, NodeId } from '../../compiler/graph/ir.ts';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { Session } from '../../compiler/ports/session.ts';
import { type Diagnostic, warning } from '../../spec/diagnostic.ts';
import type { Tensor } from '../../spec/tensor.ts';
import { compareValues, magnitude } from './compare.ts';
import { correspond } from './correspond.ts';
import { type Finding, findingAt } from './finding.ts';
import { findOverflow, isOverflow, overflowText } from './overflow.ts';
import type { Allowed } from './tolerance.ts';
import { fetchValues, interpret, isCallable, isComputed, type Stage, type Values } from './trace.ts';
import type { Call } from './verify_run.ts';

export interface BisectOptions {
  /** The reference: the graph with its ports placed and nothing else changed. */
  readonly reference: Stage;
  /** The graph that the backend was given. */
  readonly target: Stage;
  readonly manifest: Manifest;
  /** A session on the target that also returns the values of these nodes of `target.graph`, named by `outputName`. */
  recompile(outputs: readonly NodeId[]): Promise<Session>;
  /** Calls that show the difference, from a report's `failing`. */
  readonly calls: readonly Call[];
  readonly tolerance: Allowed;
  /** The graph after each pass, in order; those before the ports are placed are skipped. */
  readonly stages?: readonly (Stage & { readonly pass: string })[];
}

export type { Finding };

export type BisectResult =
  | { readonly blame: 'backend'; readonly finding: Finding }
  | { readonly blame: 'pass'; readonly pass?: string; readonly finding?: Finding }
  /** A value is too large for float16, also in the interpreter when it computes in the dtype of the target. */
  | { readonly blame: 'overflow'; readonly finding: Finding }
  /** The interpreter gives the same numbers, so nothing differs inside. */
  | { readonly blame: 'none' };

export async function bisect(options: BisectOptions): Promise<BisectResult> {
  const { reference, target, manifest, calls } = options;
  const legal = await interpret(target, manifest, calls);
  const believed = await interpret(reference, manifest, calls);
  const overflow = findOverflow({ ...reference, values: believed }, { ...target, values: legal });
  if (overflow) return { blame: 'overflow', finding: overflow };
  const backend = await searchBackend(options, legal);
  if (backend) return { blame: isOverflow(backend) ? 'overflow' : 'backend', finding: backend };
  if (sameOutputs(options, { ...reference, values: believed }, { ...target, values: legal })) {
    return { blame: 'none' };
  }
  return searchPasses(options, believed, legal);
}

/** Share of the tolerance of logits that values inside the graph are allowed, since errors grow on the way to the logits. */
const innerShare = 1 / 20;

function differs(expected: Tensor, actual: Tensor, { abs }: Allowed, share = innerShare): boolean {
  const d = compareValues(expected, actual).abs;
  if (expected.dtype === 'int64' || expected.dtype === 'bool') return d > 0;
  return !(d <= abs * share * Math.max(1, magnitude(expected)));
}

// The backend: the same graph interpreted and compiled, node by node.

async function searchBackend(options: BisectOptions, legal: readonly Values[]): Promise<Finding | undefined> {
  const { graph } = options.target;
  const pins = blockEnds(graph);
  const first = await compareNodes(options, legal, pins);
  const wrong = first.find((f) => f.finding !== undefined);
  if (!wrong) return undefined;
  const right = first.filter((f) => f.finding === undefined).map((f) => f.node);
  const known = ancestors(graph, right);
  const suspects = [...ancestors(graph, [wrong.node])].filter(
    (id) => !known.has(id) && isComputed(graph.nodes[id]!),
  );
  const second = await compareNodes(
    options,
    legal,
    suspects.sort((a, b) => a - b),
  );
  return second.find((f) => f.finding !== undefined)?.finding ?? wrong.finding;
}

interface Compared {
  readonly node: NodeId;
  readonly finding?: Finding;
}

/** Compares nodes in the order of the graph; one whose value is not available counts as equal. */
async function compareNodes(
  { target, recompile, calls, tolerance }: BisectOptions,
  legal: readonly Values[],
  ids: readonly NodeId[],
): Promise<readonly Compared[]> {
  const session = await recompile(ids);
  try {
    const actual = await fetchValues(session, ids, calls);
    return ids.map((node) => {
      for (const call of calls.keys()) {
        const [a, b] = [legal[call]!.get(node), actual[call]!.get(node)];
        if (a && b && differs(a, b, tolerance))
          return { node, finding: findingAt(target.graph, node, call, a, b) };
      }
      return { node };
    });
  } finally {
    await session.close();
  }
}

/** The last value of every block instance, and the outputs. */
function blockEnds({ nodes, origins, outputs }: Graph): readonly NodeId[] {
  const last = new Map<string, NodeId>();
  for (const node of nodes) {
    if (!isComputed(node)) continue;
    for (const { scope } of origins[node.id]!) last.set(scope, node.id);
  }
  return [...new Set([...last.values(), ...outputs.map((o) => o.node)])].sort((a, b) => a - b);
}

function ancestors({ nodes }: Graph, of: readonly NodeId[]): ReadonlySet<NodeId> {
  const found = new Set(of);
  for (const node of nodes.toReversed()) {
    if (found.has(node.id)) for (const input of node.inputs) found.add(input);
  }
  return found;
}

// The passes: the graph interpreted after each of them.

interface Ran extends Stage {
  readonly values: readonly Values[];
}

function sameOutputs({ calls, tolerance }: BisectOptions, before: Ran, after: Ran): boolean {
  return before.graph.outputs.every(({ name, node }) => {
    const other = after.graph.outputs.find((o) => o.name === name);
    if (!other) return true;
    return [...calls.keys()].every((call) => {
      const [a, b] = [before.values[call]!.get(node), after.values[call]!.get(other.node)];
      return !a || !b || a.shape.join() !== b.shape.join() || !differs(a, b, tolerance, 1);
    });
  });
}

async function searchPasses(
  options: BisectOptions,
  believed: readonly Values[],
  legal: readonly Values[],
): Promise<BisectResult> {
  const { reference, target, manifest, calls, stages = [] } = options;
  let before: Ran = { ...reference, values: believed };
  for (const stage of stages) {
    if (!isCallable(stage.graph)) continue;
    const after: Ran = { ...stage, values: await interpret(stage, manifest, calls) };
    if (!sameOutputs(options, before, after)) {
      const finding = firstMoved(options, before, after);
      return { blame: 'pass', pass: stage.pass, ...(finding ? { finding } : {}) };
    }
    before = after;
  }
  const finding = firstMoved(options, before, { ...target, values: legal });
  return { blame: 'pass', ...(finding ? { finding } : {}) };
}

/** The first value of `after` that differs from the value of the same piece of the spec before. */
function firstMoved({ calls, tolerance }: BisectOptions, before: Ran, after: Ran): Finding | undefined {
  const matches = correspond(before.graph, after.graph);
  for (const call of calls.keys()) {
    for (const match of matches) {
      const [a, b] = [before.values[call]!.get(match.before), after.values[call]!.get(match.after)];
      // A pass may lay a value out in another way; only what has kept its shape can be held against it.
      if (!a || !b || a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) continue;
      if (differs(a, b, tolerance)) return findingAt(after.graph, match.after, call, a, b);
    }
  }
  return undefined;
}

const figure = (x: number): string => (Number.isFinite(x) ? x.toPrecision(6) : String(x));

/** ` in transformer.h.3.attn`, ` for transformer.h.0.attn and 2 more`. */
function scopeText({ scopes, users }: Finding): string {
  const [first, ...more] = scopes.length > 0 ? scopes : users;
  if (first === undefined) return '';
  const others = more.length > 1 ? ` and ${more.length} more` : more.length === 1 ? ` and ${more[0]}` : '';
  return `${scopes.length > 0 ? ' in' : ' for'} ${first}${others}`;
}

/** `linear in transformer.h.2.mlp.c_fc with transformer.h.2.mlp.c_fc.weight` */
function whatOf(finding: Finding): string {
  const { op, params, output } = finding;
  const weights = params.length > 0 ? ` with ${params.join(', ')}` : '';
  return `${op}${scopeText(finding)}${weights}${output === undefined ? '' : `, the output ${output}`}`;
}

/** The result as a diagnostic, which is printed under the table. */
export function explain(result: BisectResult): Diagnostic {
  if (result.blame === 'none') {
    const hint = 'the spec or the checkpoint is not what the expected numbers come from';
    return warning('N701', 'the interpreter gives the same numbers as the target', { hint });
  }
  const { finding } = result;
  if (result.blame === 'overflow') return overflowText(result.finding, whatOf(result.finding));
  const who =
    result.blame === 'backend'
      ? 'the backend, or a change to the file,'
      : `the pass ${result.pass ?? 'that made the target'}`;
  if (!finding) return warning('N701', `${who} changes the outputs, and no value inside can be named`);
  const { origin, expected, actual, index, type } = finding;
  return warning('N701', `the first value that differs is ${whatOf(finding)}; ${who} made it so`, {
    ...(origin ? { span: origin.span } : {}),
    expected: `${figure(expected)} at [${index.join(', ')}] of ${type}`,
    found: figure(actual),
  });
}
