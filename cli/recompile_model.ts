/** A model's own spec, as its manifest keeps it, compiled again: what the file is held against. */

import { findBackend } from '../backends/index.ts';
import { type OnnxModel, openOnnxWeights } from '../backends/onnx/read_model.ts';
import { type Compiled, type CompileRequest, compile } from '../compiler/compile.ts';
import { specOf } from '../compiler/identity.ts';
import type { Checkpoint } from '../compiler/weights/checkpoint.ts';
import { hasErrors, Refusal } from '../spec/diagnostic.ts';
import type { Context } from './command.ts';
import { emitOptions } from './compile.ts';
import type { CompileOptions } from './compile_options.ts';
import { openInputs } from './open_inputs.ts';

type Where = Pick<CompileOptions, 'checkpoint' | 'step' | 'source' | 'modelTag' | 'ignoreExtra'>;

/** Weights come from the checkpoint if one is named, and from the model's own initialisers otherwise. */
export function recompileModel(cx: Context, model: OnnxModel, options: Where): Compiled {
  const { value, diagnostics } = compile(requestAgain(cx, model, options));
  const ours = diagnostics.filter((d) => d.severity === 'error');
  if (!value || hasErrors(ours)) throw new Refusal(ours);
  return value;
}

export function requestAgain({ io }: Context, model: OnnxModel, options: Where): CompileRequest {
  const { manifest, path, opset } = model;
  const { source, include } = specOf(manifest);
  const named = options.checkpoint !== undefined || options.source !== undefined;
  const checkpoint: Checkpoint | undefined = named
    ? openInputs(undefined, options, io).checkpoint
    : openOnnxWeights(path);
  const { cache, slots, logits, storage, compute, context } = manifest;
  return {
    source,
    include,
    ...(checkpoint ? { checkpoint } : {}),
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
