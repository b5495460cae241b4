/** The ordered list of passes, read second after `compile.ts`, and the loop that runs and checks them. */

import { Bug } from '../spec/diagnostic.ts';
import type { GraphDType } from '../spec/type.ts';
import { checkGraph } from './check/ir_check.ts';
import type { Graph } from './graph/ir.ts';
import { withBodies } from './graph/scan_body.ts';
import {
  cast_weights,
  drop_dead_nodes,
  fold_constants,
  fold_rotary_tables,
  fold_weights,
  fold_weights_as_stored,
  keep_in_range,
  last_token_logits,
  merge_views,
  name_composites,
  place_cache,
  state_as_layer,
} from './passes/index.ts';
import type { Pass } from './passes/pass.ts';
import type { CacheForm } from './ports/manifest.ts';

export interface PipelineOptions {
  readonly cache: CacheForm;
  /** Slots of a static cache. */
  readonly slots?: number;
  /** A model without a cache takes a mask and positions all the same. */
  readonly padded?: boolean;
  readonly logits: 'all' | 'last';
  /** dtype in which parameters are kept. */
  readonly storage: GraphDType;
  /** dtype of the arithmetic, which the graph was built for. */
  readonly compute: GraphDType;
  /** Parameters stay as the checkpoint has them. */
  readonly wholeWeights?: boolean;
  /** States of fixed length go by the names of further layers, for clients that know nothing else. */
  readonly statesAsLayers?: boolean;
  /** Caches that keep all tokens have an output of the call's own rows too. */
  readonly newRows?: boolean;
}

/**
 * 1. `place_cache`: before it a graph cannot be run, and sizes are not yet those of the form asked for. `state_as_layer`
 *    where a client wants it.
 * 2. `last_token_logits`: early, so that every later pass has fewer tokens' work before it. These are the model's
 *    boundary; what follows changes no output.
 * 3. `fold_constants`: a form without a past leaves masks and sums over nothing behind.
 * 4. `fold_rotary_tables`: all layers come to look up the same rows, before 6 meets the reshapes around them.
 * 5. `name_composites`: before views are joined, so that it finds the slices and reshapes of a rotation as they were written.
 * 6. `merge_views`: of what is left, with the slices that 2 made.
 * 7. `keep_in_range` where the arithmetic is float16: once ops have their names, which tell what bounds their values.
 * 8. `fold_weights`: once views are joined, and before 9 puts casts between a parameter and what is done to it;
 *    left out for targets that keep parameters whole.
 * 9. `cast_weights`: after everything that asks whether two weights are the same; casts would stand in the way.
 * 10. `drop_dead_nodes`: what backends see is needed.
 */
export const pipeline = ({
  cache,
  slots,
  logits,
  storage,
  compute,
  padded = cache !== 'none',
  wholeWeights = false,
  statesAsLayers = false,
  newRows = false,
}: PipelineOptions): Pass[] => [
  place_cache({ cache, padded, newRows, ...(slots === undefined ? {} : { slots }) }),
  ...(statesAsLayers ? [state_as_layer] : []),
  ...(logits === 'last' ? [last_token_logits] : []),
  fold_constants,
  fold_rotary_tables,
  name_composites,
  merge_views,
  ...(compute === 'float16' ? [keep_in_range] : []),
  ...(wholeWeights ? [] : [storage === compute ? fold_weights : fold_weights_as_stored]),
  ...(storage === compute ? [] : [cast_weights({ storage })]),
  drop_dead_nodes,
];

export interface Observers {
  /** Lines for `--explain`: what each pass did, and what it refused with the reason. */
  readonly trace?: (pass: string, line: string) => void;
  readonly onPass?: (pass: Pass, graph: Graph) => void;
}

function checkedStep(step: Graph): Graph {
  checkGraph(step);
  return step;
}

/** Runs the passes in order; a graph that a pass leaves broken is a `Bug` that names the pass. */
export function runPasses(graph: Graph, passes: readonly Pass[], { trace, onPass }: Observers = {}): Graph {
  let current = graph;
  let checked: Graph | undefined;
  for (const pass of passes) {
    try {
      const context = { trace: (line: string) => trace?.(pass.name, line) };
      const whole = pass.run(current, context);
      const next = pass.inSteps ? withBodies(whole, (step) => checkedStep(pass.run(step, context))) : whole;
      if (next !== checked) checkGraph(next);
      current = checked = next;
    } catch (cause) {
      if (!(cause instanceof Bug)) throw cause;
      throw new Bug(`pass ${pass.name}: ${cause.message}`, { cause });
    }
    onPass?.(pass, current);
  }
  return current;
}
