/** A model's own spec, as its manifest keeps it, compiled again: what the file is held against. */

import { findBackend } from '../backends/index.ts';
import { type OnnxModel, openOnnxWeights } from '../backends/onnx/read_model.ts';
import { type Compiled, type CompileRequest, compile } from '../compiler/compile.ts';
import { specOf } from '../compiler/identity.ts';
import type { Graph } from '../compiler/ir.ts';
import { hasErrors, Refusal } from '../spec/diagnostic.ts';
import type { Context } from './command.ts';
import { emitOptions } from './compile.ts';
import { openNamed, type Where } from './open_inputs.ts';

export interface Recompiled {
  readonly compiled: Compiled;
  /** The graph after each pass. */
  readonly stages: readonly { readonly pass: string; readonly graph: Graph }[];
}

/** Weights come from the checkpoint if one is named, and from the model's own initialisers otherwise. */
export function recompileModel(cx: Context, model: OnnxModel, options: Where): Recompiled {
  const stages: { readonly pass: string; readonly graph: Graph }[] = [];
  const { value, diagnostics } = compile({
    ...requestAgain(cx, model, options),
    onPass: ({ name: pass }, graph) => void stages.push({ pass, graph }),
  });
  if (!value || hasErrors(diagnostics)) {
    throw new Refusal(diagnostics.filter((d) => d.severity === 'error'));
  }
  return { compiled: value, stages };
}

function requestAgain({ io }: Context, model: OnnxModel, options: Where): CompileRequest {
  const { manifest, path, opset } = model;
  const { source, include } = specOf(manifest);
  const { cache, slots, logits, storage, compute, context } = manifest;
  return {
    source,
    include,
    checkpoint: openNamed(options, io) ?? openOnnxWeights(path),
    set: new Map(manifest.config.map(({ name, value }) => [name, value])),
    // Tables are initialisers too; of a checkpoint, its ledger was settled when the model was compiled.
    ignoreExtra: ['*'],
    ...(context === undefined ? {} : { maxSeqLen: context }),
    cache,
    ...(slots === undefined ? {} : { slots }),
    logits,
    storage,
    compute,
    backendPasses: findBackend('onnx').passes(emitOptions({ opset, external: 'auto' }, 'model.onnx')),
  };
}
