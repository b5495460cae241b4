/** A pass is a function from a graph to a graph with a name; what it did is a list of lines for `--explain`. */

import type { Graph } from '../graph/ir.ts';

export interface PassContext {
  /** One line per rewrite made or refused, with the reason. */
  readonly trace: (line: string) => void;
}

export interface Pass {
  readonly name: string;
  readonly doc: string;
  /** False when the pass moves values from one block to another; a test holds those to it that do not. */
  readonly keepsScopes: boolean;
  /** Run on the steps of scans too, each a graph of its own. */
  readonly inSteps?: true;
  /** Changes the inputs or outputs of the model, so that the graph which the verifier believes goes through it too. */
  readonly changesBoundary?: true;
  run(graph: Graph, context: PassContext): Graph;
}
