/** Compiles the spec in a model's manifest again, so that the file can be compared with the result. */

import { againHint, isOther } from '../../backends/another_version.ts';
import { requestAgain } from '../../backends/request_again.ts';
import { type Compiled, compile } from '../../compiler/compile.ts';
import type { Graph } from '../../compiler/graph/ir.ts';
import { seedOf } from '../../compiler/identity.ts';
import { hasErrors, Refusal } from '../../spec/diagnostic.ts';
import { compileAgain } from '../compile_again.ts';
import type { ComparedWeights } from '../compile_options.ts';
import type { ModelFile } from '../model_kinds.ts';
import { openNamed } from '../open_inputs.ts';
import { type Reporter, silent } from '../reporter.ts';
import { ownWeights, type Values } from './own_weights.ts';

export interface Recompiled {
  readonly compiled: Compiled;
  /** The graph after each pass. */
  readonly stages: readonly { readonly pass: string; readonly graph: Graph }[];
  /** Weights for the interpreter. */
  readonly weightsOf: (graph: Graph) => Values;
  /** Weights of `compiled.believed`. */
  readonly plainWeights: Values;
}

/** Weights come from the named checkpoint, or from the seed if they are random, and otherwise from the model itself. */
export function recompileModel(
  model: ModelFile,
  options: ComparedWeights = {},
  io: Reporter = silent,
): Recompiled {
  const stages: { readonly pass: string; readonly graph: Graph }[] = [];
  const checkpoint = options.opened ?? openNamed(options, io);
  const seed = seedOf(model.manifest);
  if (!checkpoint && seed === undefined) {
    io.note('weights: as the file has them; --checkpoint compares them too');
  }
  const { value, diagnostics } = compile({
    ...requestAgain(model),
    // Tensors that the spec does not use were accepted when the model was compiled.
    ...(checkpoint ? { checkpoint, ignoreExtra: ['*'] } : {}),
    ...(seed === undefined ? {} : { seed }),
    onPass: ({ name: pass }, graph) => void stages.push({ pass, graph }),
  });
  if (!value || hasErrors(diagnostics)) {
    const hint = hintFor(model, options);
    const errors = diagnostics.filter((d) => d.severity === 'error');
    throw new Refusal(errors.map((found) => ({ ...found, ...hint(found.code) })));
  }
  const given = checkpoint ?? seed;
  const weightsOf =
    given === undefined ? ownWeights(model.path, value.graph, model.tensors()) : value.weightsOf;
  const plainWeights = given === undefined ? weightsOf(value.believed) : value.plainWeights;
  return { compiled: value, stages, weightsOf, plainWeights };
}

/** It compiled once: another nanoc took it, or an op of a plugin was there. */
const hintFor =
  (model: ModelFile, options: ComparedWeights) =>
  (code: string): { readonly hint?: string } => {
    const { manifest } = model;
    if (isOther(manifest)) return { hint: againHint(manifest, compileAgain(model, options)) };
    return code === 'N201'
      ? { hint: 'an op of a plugin? name its file with --plugin, as when the model was compiled' }
      : {};
  };
