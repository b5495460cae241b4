/** `nanoc compile`: a spec and its weights to the files of a target. */

import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Artifact, Backend, EmitOptions, TargetOption } from '../backends/backend.ts';
import { writeArtifact } from '../backends/write_artifact.ts';
import { type Compiled, type CompileRequest, compile } from '../compiler/compile.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import { loadPlugins, loadTarget } from '../driver/extensions.ts';
import { lookInside, type Stage } from '../driver/look_inside.ts';
import { type Inputs, openInputs, usage } from '../driver/open_inputs.ts';
import { noteSwept, outputFolder, outputPath, refuseOverwrite, refuseStdout } from '../driver/output_path.ts';
import { unreadEntries } from '../driver/unread_entries.ts';
import { layoutModel, layoutOf, withLayout } from '../driver/with_layout.ts';
import { withSidecar } from '../driver/with_sidecar.ts';
import { withTokenizer } from '../driver/with_tokenizer.ts';
import { hasErrors, Refusal } from '../spec/diagnostic.ts';
import { choice } from './choice.ts';
import { type Context, exitCodes, runAction, withGlobals } from './command.ts';
import { type CompileOptions, defaultOpset, refuseUnread, withCompileOptions } from './compile_options.ts';
import { modelSize } from './model_size.ts';
import { summarise } from './summarise.ts';
import { tell } from './supervised.ts';

interface Options extends CompileOptions {
  readonly out?: string;
  readonly force?: boolean;
  readonly tokenizer?: string;
  readonly emit?: Stage;
  readonly explain?: string;
  readonly verify?: boolean;
}

export function addCompile(program: Command): void {
  const command = withCompileOptions(program.command('compile'))
    .description('compile a spec and its weights to a target')
    .argument(
      '[spec]',
      'a .nanospec file, or the name of a shipped spec; found from --checkpoint when left out',
    )
    .optionsGroup('Output:')
    .option('-o, --out <path>', 'file, or a folder when it ends in /; written whole or not at all')
    .option('--force', 'overwrite what exists')
    .option(
      '--tokenizer <path>',
      'a tokenizer to put beside the model, when there is none beside the checkpoint',
    )
    .option('--verify', 'verify what was written')
    .optionsGroup('Look inside:')
    .addOption(choice(new Option('--emit <stage>', 'print it and write nothing'), ['ast', 'graph', 'passes']))
    .option('--explain <pass>', 'print what a pass did and why it left the rest; `all` for every pass');
  withGlobals(command, [
    'nanoc compile --checkpoint checkpoint -o model.onnx --verify',
    'nanoc compile --checkpoint checkpoint --layout transformers.js -o web',
    'nanoc compile --checkpoint checkpoint --target torchscript -o model.pt',
    'nanoc compile my_model.nanospec --set layers=2 -o random.onnx',
  ]).action((spec: string | undefined, options: Options) => runAction(run, options, spec ? [spec] : []));
}

export interface Targets {
  /** At least one, each once. */
  readonly backends: readonly Backend[];
  /** Run before those of a backend. */
  readonly passes: readonly Pass[];
}

export async function targetsOf(options: CompileOptions): Promise<Targets> {
  const targets = options.target.length > 0 ? [...new Set(options.target)] : ['onnx'];
  const backends: Backend[] = [];
  for (const target of targets) backends.push(await loadTarget(target));
  refuseUnread(options, backends);
  if (targets.length > 1 && options.layout !== undefined && options.layout !== 'plain')
    throw usage(`--layout ${options.layout} is for one target`, 'run nanoc once for each');
  return { backends, passes: await loadPlugins(options.plugin) };
}

async function run(cx: Context, options: Options, [spec]: readonly string[]): Promise<number> {
  refuseStdout(options.out);
  const inputs = openInputs(spec, options, cx.io);
  const { backends, passes } = await targetsOf(options);
  if (options.emit || options.explain) {
    lookInside(cx.io, requestOf(inputs, options, backends[0]!, passes), options);
    return exitCodes.fine;
  }
  let code: number = exitCodes.fine;
  for (const [i, backend] of backends.entries()) {
    const copies = i === 0 && inputs.tokenizer ? { copies: inputs.tokenizer } : {};
    const output = { ...options, ...copies, passes };
    const written = await compileTo(cx, inputs, output, backend, backends.length);
    summarise(cx.io, written, inputs, options);
    if (options.verify) {
      const { verifyModel } = await import('./verify.ts');
      code = Math.max(code, await verifyModel(cx, written.path, options));
    }
  }
  return code;
}

export interface Written {
  readonly path: string;
  readonly compiled: Compiled;
  readonly artifact: Artifact;
  readonly target: string;
  /** What runs it: `opset 21`. */
  readonly needs: string;
}

export interface Output extends CompileOptions {
  readonly out?: string;
  readonly force?: boolean;
  /** Written beside the model. */
  readonly copies?: Inputs['tokenizer'];
  readonly passes: readonly Pass[];
}

/** Compiles and writes; `targets` is how many there are in all. */
export async function compileTo(
  cx: Context,
  inputs: Inputs,
  options: Output,
  backend: Backend,
  targets: number,
): Promise<Written> {
  const compiled = compileOrRefuse(cx, requestOf(inputs, options, backend, options.passes));
  const { manifest } = compiled;
  const layout = layoutOf(options, backend);
  const place = layout
    ? { folder: outputFolder(options.out, manifest.model), file: layoutModel(layout, backend, options.dtype) }
    : outputPath(options.out, manifest.model, backend, targets);
  const { folder, file } = place;
  const { metadata = layout ? 'hash' : 'full' } = options;
  const emitted = emit(compiled, backend, emitOptions({ ...options, metadata }, file));
  cx.io.report(emitted.diagnostics);
  const needs = backend.needs(emitOptions(options, file));
  const around = layout
    ? withLayout(layout, emitted, compiled, options.copies, { folder, backend })
    : withTokenizer(cx.io, emitted, place, manifest.vocab, options.copies);
  const artifact = withSidecar(around, manifest, folder, layout ? 'folder' : 'model');
  const path = join(folder, artifact.files.at(-1)!.name);
  if (!options.force) refuseOverwrite(artifact, folder);
  const total = artifact.files.reduce((sum, f) => sum + f.size, 0);
  const progress = cx.io.progress(`writing ${path}`, total);
  await writeArtifact(artifact, folder, {
    signal: cx.signal,
    onBytes: (done: number) => progress.at(done),
    overwrite: options.force ?? false,
    makeFolder: true,
    onSwept: noteSwept(cx.io),
    onStart: (writing, making) =>
      tell({ writing: writing.map((path) => resolve(path)), making: making.map((path) => resolve(path)) }),
  });
  progress.done(modelSize(path));
  cx.io.report(compiled.weights.findings());
  return { path, compiled, artifact, target: backend.name, needs };
}

export function emit(
  { graph, manifest, weights, program }: Compiled,
  backend: Backend,
  options: EmitOptions,
): Artifact {
  return backend.emit({ graph, manifest, weights, options, tied: program.names.tied });
}

export const emitOptions = (
  {
    opset = defaultOpset,
    external = 'auto',
    minLibtorch,
    metadata = 'full',
  }: Pick<CompileOptions, TargetOption>,
  fileName: string,
): EmitOptions => ({
  opset,
  ops: 'standard',
  external,
  ...(minLibtorch ? { minLibtorch } : {}),
  metadata,
  fileName,
});

export function requestOf(
  { spec, checkpoint }: Inputs,
  options: CompileOptions,
  backend: Backend,
  passes: readonly Pass[],
): CompileRequest {
  const { cache, maxSeqLen } = options;
  const layout = layoutOf(options, backend);
  return {
    source: spec.source,
    include: spec.include,
    ...(checkpoint ? { checkpoint } : {}),
    seed: options.seed,
    set: options.set,
    ignoreExtra: options.ignoreExtra,
    ...(maxSeqLen === undefined ? {} : { maxSeqLen }),
    cache: cache.form,
    ...(cache.slots === undefined ? {} : { slots: cache.slots }),
    logits: options.logits ?? (layout ? 'last' : 'all'),
    storage: options.dtype,
    compute: backend.computesIn === 'storage' ? options.dtype : 'float32',
    wholeWeights: backend.wholeWeights ?? false,
    padded: (backend.padsUncached ?? false) && (layout?.padsUncached ?? true),
    statesAsLayers: layout?.statesAsLayers ?? false,
    backendPasses: [...passes, ...backend.passes(emitOptions(options, `model${backend.extension}`))],
  };
}

/** Warnings are reported; errors are thrown as a Refusal. */
export function compileOrRefuse({ io }: Pick<Context, 'io'>, request: CompileRequest): Compiled {
  const { value, diagnostics } = compile(request);
  if (!value || hasErrors(diagnostics)) throw new Refusal(diagnostics);
  io.report([...diagnostics, ...unreadEntries(request.checkpoint, value.program)]);
  return value;
}
