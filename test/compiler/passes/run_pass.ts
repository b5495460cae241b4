/** What every test of a pass asks of it: what it did, what it said, that it changes no number and comes to rest. */

import * as assert from 'uvu/assert';
import { checkGraph } from '../../../compiler/check/ir_check.ts';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import type { Feeds } from '../../../compiler/evaluate/run_sizes.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { printGraph } from '../../../compiler/graph/print.ts';
import type { Pass } from '../../../compiler/passes/pass.ts';
import { distance, weightsFor } from '../tiny_graph.ts';

type Weights = { values(name: string): Float32Array };

export interface Ran {
  readonly graph: Graph;
  readonly lines: readonly string[];
  /** Nodes and outputs as text, indented as printed. */
  readonly text: string;
}

/** Runs a pass on a legal graph, and checks that its result is legal and that a second run changes nothing. */
export function runPass(pass: Pass, graph: Graph): Ran {
  checkGraph(graph);
  const lines: string[] = [];
  const after = pass.run(graph, { trace: (line) => void lines.push(line) });
  checkGraph(after);
  assert.is(printGraph(pass.run(after, { trace: () => {} })), printGraph(after), 'runs twice = runs once');
  return { graph: after, lines, text: bodyOf(after) };
}

export const bodyOf = (graph: Graph): string =>
  printGraph(graph)
    .split('\n')
    .filter((line) => /^ {2}|^output/.test(line))
    .map((line) => line.trim())
    .join('\n');

/** Largest difference of the outputs of two graphs on the same feeds, and the same weights unless others are given. */
export function moved(
  before: Graph,
  after: Graph,
  feeds: Feeds,
  others: Weights = weightsFor(before),
): number {
  return distance(evaluator(before, weightsFor(before)).run(feeds), evaluator(after, others).run(feeds));
}

/** The weights of a graph, but for one number of one of them. */
export const bent = (graph: Graph, which: string): Weights => ({
  values(name) {
    const drawn = weightsFor(graph).values(name);
    if (name === which) drawn[0]! += 0.01;
    return drawn;
  },
});
