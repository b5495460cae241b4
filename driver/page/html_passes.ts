/** What each pass did: which kinds of operators became more or fewer, and the lines that it reported, equal ones once. */

import type { Graph } from '../../compiler/graph/ir.ts';
import type { Pass } from '../../compiler/passes/pass.ts';
import { ranges } from './group_keys.ts';

export interface KindChange {
  readonly op: string;
  readonly before: number;
  readonly after: number;
}

export interface PassRow {
  readonly name: string;
  readonly doc: string;
  /** Number of nodes before the pass. */
  readonly before: number;
  readonly after: number;
  /** The largest change first. */
  readonly kinds: readonly KindChange[];
  readonly lines: readonly Told[];
}

/** A line that a pass reported for a number of layers. */
export interface Told {
  readonly text: string;
  readonly times: number;
}

/** Observes a compilation, and then gives a row for each pass. */
export function watchPasses() {
  const lines = new Map<string, string[]>();
  const stages: { readonly pass: Pass; readonly graph: Graph }[] = [];
  return {
    observers: {
      trace: (pass: string, line: string) => void lines.set(pass, [...(lines.get(pass) ?? []), line]),
      onPass: (pass: Pass, graph: Graph) => void stages.push({ pass, graph }),
    },
    rows: (built: Graph): readonly PassRow[] =>
      stages.map(({ pass: { name, doc }, graph }, i) => {
        const from = stages[i - 1]?.graph ?? built;
        const counts = { before: from.nodes.length, after: graph.nodes.length };
        return { name, doc, ...counts, kinds: changes(from, graph), lines: told(lines.get(name) ?? []) };
      }),
  };
}

function changes(from: Graph, to: Graph): readonly KindChange[] {
  const [before, after] = [countsOf(from), countsOf(to)];
  const size = (c: KindChange): number => Math.abs(c.after - c.before);
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((op) => ({ op, before: before.get(op) ?? 0, after: after.get(op) ?? 0 }))
    .filter((c) => size(c) > 0)
    .sort((a, b) => size(b) - size(a));
}

function countsOf({ nodes }: Graph): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { op } of nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  return counts;
}

/** Merges lines that differ only in numbers: `silu in h.{0..11}.mlp`, 12 times. */
export function told(lines: readonly string[]): readonly Told[] {
  const groups = new Map<string, string[]>();
  for (const line of lines) {
    const pattern = line.replace(/\d+/g, '#');
    groups.set(pattern, [...(groups.get(pattern) ?? []), line]);
  }
  return [...groups.values()].map((same) => ({ text: merged(same), times: same.length }));
}

function merged(lines: readonly string[]): string {
  const numbers = lines.map((line) => line.match(/\d+/g) ?? []);
  let at = 0;
  return lines[0]!.replace(/\d+/g, (n) => {
    const place = at++;
    return ranges(new Set(numbers.map((all) => all[place]!))) ?? n;
  });
}
