/** `--emit` and `--explain`: what the compiler sees, as text on stdout. */

import { type CompileRequest, compile } from '../compiler/compile.ts';
import type { Graph } from '../compiler/graph/ir.ts';
import { printGraph } from '../compiler/graph/print.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import { error, hasErrors, Refusal } from '../spec/diagnostic.ts';
import { nearest } from '../spec/nearest.ts';
import { parse } from '../spec/parse.ts';
import type { Io } from './output/io.ts';

export type Stage = 'ast' | 'graph' | 'passes';

interface Look {
  readonly emit?: Stage;
  readonly explain?: string;
}

export function lookInside(io: Io, request: CompileRequest, { emit, explain }: Look): void {
  if (emit === 'ast') {
    printAst(io, request);
    return;
  }
  const lines = new Map<string, string[]>();
  const passes: { readonly pass: Pass; readonly graph: Graph }[] = [];
  const { value, diagnostics } = compile({
    ...request,
    trace: (pass, line) => void lines.set(pass, [...(lines.get(pass) ?? []), line]),
    onPass: (pass, graph) => void passes.push({ pass, graph }),
  });
  if (!value || hasErrors(diagnostics)) throw new Refusal(diagnostics);
  io.report(diagnostics);
  if (emit === 'graph') shown(io, printGraph(value.built), (graph) => ({ graph }));
  if (emit === 'passes') printPasses(io, value.built, passes);
  if (explain !== undefined) explainPass(io, explain, passes, lines);
}

function printAst(io: Io, { source }: CompileRequest): void {
  const { value, diagnostics } = parse(source);
  if (!value || hasErrors(diagnostics)) throw new Refusal(diagnostics);
  io.report(diagnostics);
  io.result(JSON.stringify(value, withoutSources, io.options.json ? undefined : 2));
}

/** A span as `[start, end]`: its source is the whole text again. */
function withoutSources(key: string, value: unknown): unknown {
  if (key !== 'span' || typeof value !== 'object' || value === null) return value;
  const { start, end } = value as { readonly start: number; readonly end: number }; // every span has both
  return [start, end];
}

function printPasses(
  io: Io,
  built: Graph,
  passes: readonly { readonly pass: Pass; readonly graph: Graph }[],
): void {
  let before = printGraph(built);
  const first = { nodes: built.nodes.length, graph: before };
  shown(io, `# built: ${first.nodes} nodes\n${before}`, () => ({ pass: 'built', ...first }));
  for (const { pass, graph } of passes) {
    const after = printGraph(graph);
    const same = after === before;
    const nodes = graph.nodes.length;
    const title = `\n# after ${pass.name}: ${same ? 'nothing changed' : `${nodes} nodes`}`;
    shown(io, same ? title : `${title}\n${after}`, () => ({ pass: pass.name, nodes, graph: after }));
    before = after;
  }
}

/** Prints a text for people, or an object with --json. */
function shown(io: Io, text: string, object: (text: string) => unknown): void {
  if (io.options.json) io.json(object(text));
  else io.result(text);
}

function explainPass(
  io: Io,
  name: string,
  passes: readonly { readonly pass: Pass }[],
  lines: ReadonlyMap<string, readonly string[]>,
): void {
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
    shown(io, [`${pass}: ${doc}`, ...text].join('\n  '), () => ({ pass, doc, lines: said }));
  }
}
