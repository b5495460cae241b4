/** One expression in a small model: what it is said to be, and what is wrong with it. */

import { type Built, build } from '../../../compiler/build.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import type { Diagnostic } from '../../../spec/diagnostic.ts';
import { parse } from '../../../spec/parse.ts';
import type { ElaborationOptions } from '../../../spec/program.ts';
import { render } from '../../../spec/render.ts';

/** dim is 16, and so is heads * head: equal in this config only. */
const frame = (members: string, body: string, type: string): string => `
fn lean(h, q, k) = h * (k - q)
fn near(q, k) = q // 4 == k // 4
fn halved(f) = f / 2
fn by_pair(f, j) = f * j
model probe {
  config {
    vocab = 10
    dim = 16
    heads = 4
    groups = 2
    head = 4
    few = 3
  }
  w: [dim, 2 * dim]
  table: [vocab, dim]
  sinks: [heads]
  bias: [dim]
  stack: [few, dim]
  ${members}
  forward(ids: int64[B, T], x: [B, T, dim], wide: float32[B, T, dim], q: [B, T, heads, head], k: [B, T, groups, head],
          yes: bool[B, T, dim], other: [B, few, groups, head]) -> y: ${type} {
${body}
  }
}
`;

export interface Probe {
  readonly type?: string;
  readonly members?: string;
  readonly options?: Partial<ElaborationOptions>;
}

export function probe(body: string, { type = '[...]', members = '', options = {} }: Probe = {}): Built {
  const lines = /\breturn\b/.test(body) ? body : `return ${body}`;
  const source = { name: 'probe.nanospec', text: frame(members, lines, type) };
  const parsed = parse(source);
  if (!parsed.value || parsed.diagnostics.length > 0)
    throw new Error(render(parsed.diagnostics, { color: false }));
  return build(parsed.value, { include: () => undefined, ...options });
}

/** `N310 mean mixes tokens`, a line for each error: the frame has members that few expressions use. */
export const told = (diagnostics: readonly Diagnostic[]): string =>
  diagnostics
    .filter((d) => d.severity === 'error')
    .map((d) => `${d.code} ${d.message}`)
    .join('\n');

/** The graph of an expression that must be right. */
export function graphOf(body: string, options: Probe = {}): Graph {
  const { graph, diagnostics } = probe(body, options);
  if (!graph) throw new Error(told(diagnostics));
  return graph;
}

/** How many nodes of an op a graph has. */
export const countOf = ({ nodes }: Graph, op: string): number => nodes.filter((n) => n.op === op).length;
