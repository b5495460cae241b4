/** `--emit` and `--explain`: what the compiler sees, piece by piece. */

import { type CompileRequest, compile } from '../compiler/compile.ts';
import type { Graph } from '../compiler/graph/ir.ts';
import { printGraph } from '../compiler/graph/print.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import { error, hasErrors, Refusal } from '../spec/diagnostic.ts';
import { nearest } from '../spec/nearest.ts';
import { parse } from '../spec/parse.ts';
import type { Reporter } from './reporter.ts';

export type Stage = 'ast' | 'graph' | 'passes';

export interface Look {
  readonly emit?: Stage;
  /** Name of a pass, or `all`. */
  readonly explain?: string;
}

/** The same as a text for people and as a value for machines. */
export interface Piece {
  readonly text: string;
  readonly json: unknown;
}

interface Done {
  readonly pass: Pass;
  /** The graph that the pass left. */
  readonly graph: Graph;
}

/** Compiles nothing to a target; warnings are reported, and errors thrown as a Refusal. */
export function* lookInside(
  request: CompileRequest,
  { emit, explain }: Look,
  io: Reporter,
): Generator<Piece, void, void> {
  if (emit === 'ast') {
    yield treePiece(request, io);
    return;
  }
  const lines = new Map<string, string[]>();
  const passes: Done[] = [];
  const { value, diagnostics } = compile({
    ...request,
    trace: (pass, line) => void lines.set(pass, [...(lines.get(pass) ?? []), line]),
    onPass: (pass, graph) => void passes.push({ pass, graph }),
  });
  if (!value || hasErrors(diagnostics)) throw new Refusal(diagnostics);
  io.report(diagnostics);
  if (emit === 'graph') {
    const graph = printGraph(value.built);
    yield { text: graph, json: { graph } };
  }
  if (emit === 'passes') yield* passPieces(value.built, passes);
  if (explain !== undefined) yield* explained(explain, passes, lines);
}

function treePiece({ source }: CompileRequest, io: Reporter): Piece {
  const { value, diagnostics } = parse(source);
  if (!value || hasErrors(diagnostics)) throw new Refusal(diagnostics);
  io.report(diagnostics);
  const text = JSON.stringify(value, withoutSources, 2);
  return { text, json: JSON.parse(text) };
}

/** A span as `[start, end]`: its source is the whole text again. */
function withoutSources(key: string, value: unknown): unknown {
  if (key !== 'span' || typeof value !== 'object' || value === null) return value;
  const { start, end } = value as { readonly start: number; readonly end: number }; // every span has both
  return [start, end];
}

function* passPieces(built: Graph, passes: readonly Done[]): Generator<Piece, void, void> {
  let before = printGraph(built);
  const first = { nodes: built.nodes.length, graph: before };
  yield { text: `# built: ${first.nodes} nodes\n${before}`, json: { pass: 'built', ...first } };
  for (const { pass, graph } of passes) {
    const after = printGraph(graph);
    const same = after === before;
    const nodes = graph.nodes.length;
    const title = `\n# after ${pass.name}: ${same ? 'nothing changed' : `${nodes} nodes`}`;
    yield { text: same ? title : `${title}\n${after}`, json: { pass: pass.name, nodes, graph: after } };
    before = after;
  }
}

function* explained(
  name: string,
  passes: readonly Done[],
  lines: ReadonlyMap<string, readonly string[]>,
): Generator<Piece, void, void> {
  const docs = new Map(passes.map(({ pass }) => [pass.name, pass.doc]));
  const names = [...docs.keys()];
  // There may be one that runs for other options, or for another target.
  if (name !== 'all' && !names.includes(name)) {
    const near = nearest(name, names);
    const hint = near ? `did you mean \`${near}\`?` : `passes: ${names.join(', ')}`;
    throw new Refusal([error('N402', `no pass named \`${name}\` runs here`, { hint })]);
  }
  for (const [pass, doc] of docs) {
    if (name !== 'all' && pass !== name) continue;
    const said = lines.get(pass) ?? [];
    const text = said.length > 0 ? said : ['nothing to do'];
    yield { text: [`${pass}: ${doc}`, ...text].join('\n  '), json: { pass, doc, lines: said } };
  }
}
