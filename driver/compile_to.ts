/** A spec and its weights to the files of one target. */

import { join } from 'node:path';
import type { Artifact, Backend } from '../backends/backend.ts';
import { emitInput } from '../backends/emit_input.ts';
import type { Layout } from '../backends/layout/layout.ts';
import type { LinkKind } from '../backends/link_file_node.ts';
import type { EmitOptions } from '../backends/target_option.ts';
import { writeArtifact } from '../backends/write_artifact_node.ts';
import { type Compiled, type CompileRequest, compile } from '../compiler/compile.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import { logitsIn, type Manifest } from '../compiler/ports/manifest.ts';
import { textLogits } from '../compiler/ports/usual_logits.ts';
import { hasErrors, Refusal } from '../spec/diagnostic.ts';
import { bytes } from './byte_count.ts';
import { type CompileOptions, defaults } from './compile_options.ts';
import { formerData, removeFormer } from './files/former_data.ts';
import { noteLinks, readWeights, refuseLinks } from './files/linked_weights.ts';
import { layoutModel } from './layout_folders.ts';
import { modelSize } from './model_size.ts';
import type { Inputs } from './open_inputs.ts';
import { noteSwept, outputFolder, outputPath, refuseOverwrite, refuseUnnamed } from './output_path.ts';
import { type Caller, type Reporter, silent } from './reporter.ts';
import { unreadEntries } from './specs/unread_entries.ts';
import { emitOptions } from './target_options.ts';
import { layoutOf, withLayout } from './with_layout.ts';
import { withSidecar } from './with_sidecar.ts';
import { withTokenizer } from './with_tokenizer.ts';

export interface Output extends CompileOptions {
  /** A file, or a folder when it ends in /; the model's own name here when left out. */
  readonly out?: string;
  /** Overwrite what exists. */
  readonly force?: boolean;
  /** Read weights that are linked, too, and say what is wrong with them. */
  readonly checkWeights?: boolean;
  /** Written beside the model. */
  readonly copies?: Inputs['tokenizer'];
  /** Passes that run before those of the backend. */
  readonly passes?: readonly Pass[];
  /** How many targets are compiled in all; several need a folder. */
  readonly targets?: number;
}

export interface Written {
  readonly path: string;
  readonly compiled: Compiled;
  readonly artifact: Artifact;
  readonly target: string;
  readonly options: EmitOptions;
  /** What is needed to run it: `opset 21`. */
  readonly needs: string;
}

/** Compiles and writes; refuses what is wrong with the spec, the weights or the place. */
export async function compileTo(
  backend: Backend,
  inputs: Inputs,
  options: Output = {},
  { io, signal, onWriting }: Caller = { io: silent },
): Promise<Written> {
  const compiled = compileOrRefuse({ io }, requestOf(inputs, options, backend));
  const { manifest } = compiled;
  const { out, targets = 1, dtype = defaults.dtype } = options;
  const layout = layoutOf(options, backend);
  const place = layout
    ? { folder: outputFolder(out, manifest.model), file: layoutModel(layout, backend, dtype) }
    : outputPath(out, manifest.model, backend, targets);
  const { folder, file } = place;
  const given = emitOptions(backend, { ...ofLayout(layout, backend), ...options.targetOptions }, file);
  const emitted = backend.emit(emitInput(compiled, given));
  refuseLinks(emitted, layout?.name);
  io.report(emitted.diagnostics);
  const needs = backend.needs(given);
  const around = layout
    ? withLayout(layout, emitted, compiled, options.copies, { folder, backend })
    : withTokenizer(io, emitted, place, manifest.vocab, options.copies);
  const artifact = withSidecar(around, manifest, folder, layout ? 'folder' : 'model');
  const path = join(folder, artifact.files.at(-1)!.name);
  if (!options.force) refuseOverwrite(artifact, folder);
  const former = options.force ? formerData(backend, path) : [];
  const total = artifact.files.reduce((sum, f) => sum + f.size, 0);
  if (!inputs.checkpoint) refuseUnnamed(out, path, total);
  const { checkWeights: checked = false } = options;
  const kinds = new Map<string, LinkKind>();
  if (artifact.links && checked) await readWeights(compiled, { io, ...(signal ? { signal } : {}) });
  const progress = io.progress(`writing ${path}`, total);
  await writeArtifact(artifact, folder, {
    ...(signal ? { signal } : {}),
    ...(onWriting ? { onStart: onWriting } : {}),
    onBytes: (done: number) => progress.at(done),
    overwrite: options.force ?? false,
    makeFolder: true,
    onSwept: noteSwept(io),
    onLink: (name, kind) => kinds.set(name, kind),
  });
  noteLinks({ io }, artifact, folder, { kinds, checked });
  const made = [...(artifact.links ?? []), ...artifact.files].map(({ name }) => join(folder, name));
  removeFormer(io, former, [...made, ...(inputs.checkpoint?.files ?? [])]);
  progress.done(modelSize(path));
  if (!layout && options.logits === undefined) noteLogits(io, manifest);
  io.report(compiled.weights.findings());
  return { path, compiled, artifact, target: backend.name, options: given, needs };
}

/** What a target is told by the layout around its files, as far as it reads it. */
function ofLayout(layout: Layout | undefined, { options = {} }: Backend) {
  if (!layout) return {};
  const told = { metadata: 'hash', ...(layout.dataLimit ? { dataLimit: layout.dataLimit } : {}) };
  return Object.fromEntries(Object.entries(told).filter(([name]) => Object.hasOwn(options, name)));
}

function noteLogits(io: Reporter, manifest: Manifest): void {
  if (manifest.logits === 'all') return;
  const { tokens, bytes: size } = textLogits(logitsIn(manifest), manifest);
  io.note(
    `logits: of the last token only, as those of ${tokens} tokens take ${bytes(size)}; --logits all gives them`,
  );
}

export function requestOf(
  { spec, checkpoint }: Inputs,
  options: Omit<Output, 'targets' | 'copies'>,
  backend: Backend,
): CompileRequest {
  const { cache = defaults.cache, dtype = defaults.dtype, maxSeqLen, passes = [] } = options;
  const layout = layoutOf(options, backend);
  return {
    source: spec.source,
    include: spec.include,
    ...(checkpoint ? { checkpoint } : {}),
    seed: options.seed ?? defaults.seed,
    ...(options.set ? { set: options.set } : {}),
    ignoreExtra: options.ignoreExtra ?? [],
    ...(maxSeqLen === undefined ? {} : { maxSeqLen }),
    cache: cache.form,
    ...('slots' in cache ? { slots: cache.slots } : {}),
    logits: options.logits ?? (layout ? 'last' : 'usual'),
    storage: dtype,
    compute: backend.computesIn === 'storage' ? dtype : 'float32',
    wholeWeights: backend.wholeWeights ?? false,
    padded: (backend.padsUncached ?? false) && (layout?.padsUncached ?? true),
    newRows: (backend.newRows ?? false) && !layout,
    statesAsLayers: layout?.statesAsLayers ?? false,
    backendPasses: [
      ...passes,
      ...backend.passes(emitOptions(backend, options.targetOptions, `model${backend.extension}`)),
    ],
  };
}

/** Warnings are reported; errors are thrown as a Refusal. */
function compileOrRefuse({ io }: Pick<Caller, 'io'>, request: CompileRequest): Compiled {
  const { value, diagnostics } = compile(request);
  if (!value || hasErrors(diagnostics)) throw new Refusal(diagnostics);
  io.report([...diagnostics, ...unreadEntries(request.checkpoint, value.program)]);
  return value;
}
