/** The ordered list of passes, read second after `compile.ts`, and the loop that runs and checks them. */

import { Bug } from '../spec/diagnostic.ts';
import type { GraphDType } from '../spec/type.ts';
import type { Graph } from './ir.ts';
import { checkGraph } from './ir_check.ts';
import type { CacheForm } from './manifest.ts';
import type { Pass } from './pass.ts';
import { drop_dead_nodes, fold_rotary_tables, place_cache } from './passes/index.ts';

export interface PipelineOptions {
  readonly cache: CacheForm;
  /** Of a static cache. */
  readonly slots?: number;
  readonly logits: 'all' | 'last';
  /** dtype in which parameters are kept. */
  readonly storage: GraphDType;
  /** dtype of the arithmetic, which the graph was built for. */
  readonly compute: GraphDType;
}

export const pipeline = ({ cache, slots }: PipelineOptions): Pass[] => [
  place_cache({ cache, ...(slots === undefined ? {} : { slots }) }),
  fold_rotary_tables,
  drop_dead_nodes,
];

export interface Observers {
  /** Lines for `--explain`: what each pass did, and what it refused with the reason. */
  readonly trace?: (pass: string, line: string) => void;
  readonly onPass?: (pass: Pass, graph: Graph) => void;
}

/** Runs the passes in order; a graph that a pass leaves broken is a `Bug` that names the pass. */
export function runPasses(graph: Graph, passes: readonly Pass[], { trace, onPass }: Observers = {}): Graph {
  let current = graph;
  for (const pass of passes) {
    try {
      current = pass.run(current, { trace: (line) => trace?.(pass.name, line) });
      checkGraph(current);
    } catch (cause) {
      if (!(cause instanceof Bug)) throw cause;
      throw new Bug(`pass ${pass.name}: ${cause.message}`, { cause });
    }
    onPass?.(pass, current);
  }
  return current;
}
