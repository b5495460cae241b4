/** `nanoc compile`: a spec and its weights to the files of a target. */

import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Artifact, Backend, EmitOptions } from '../backends/backend.ts';
import { findBackend } from '../backends/index.ts';
import { writeArtifact } from '../backends/write_artifact.ts';
import { type Compiled, type CompileRequest, compile } from '../compiler/compile.ts';
import { hasErrors, Refusal } from '../spec/diagnostic.ts';
import { type Context, runAction, withGlobals } from './command.ts';
import { type CompileOptions, withCompileOptions } from './compile_options.ts';
import { bytes } from './io.ts';
import { lookInside, type Stage } from './look_inside.ts';
import { type Inputs, openInputs } from './open_inputs.ts';
import { outputPath, refuseOverwrite } from './output_path.ts';

interface Options extends CompileOptions {
  readonly out?: string;
  readonly force?: boolean;
  readonly emit?: Stage;
  readonly explain?: string;
  readonly verify?: boolean;
}

export function addCompile(program: Command): void {
  withGlobals(withCompileOptions(program.command('compile')))
    .description('compile a spec and its weights to a target')
    .argument(
      '[spec]',
      'a .nanospec file, or the name of a shipped spec; found from --checkpoint when left out',
    )
    .option('-o, --out <path>', 'file, or a folder when it ends in /; written whole or not at all')
    .option('--force', 'overwrite what exists')
    .addOption(
      new Option('--emit <stage>', 'print what the compiler sees instead of writing').choices([
        'ast',
        'graph',
        'passes',
      ]),
    )
    .option('--explain <pass>', 'print what a pass did and why it left the rest; `all` for every pass')
    .option('--verify', 'verify what was written')
    .action((spec: string | undefined, options: Options) => runAction(run, options, spec ? [spec] : []));
}

async function run(cx: Context, options: Options, [spec]: readonly string[]): Promise<number | undefined> {
  const inputs = openInputs(spec, options, cx.io);
  const targets = options.target.length > 0 ? options.target : ['onnx'];
  if (options.emit || options.explain) {
    lookInside(cx.io, requestOf(inputs, options, findBackend(targets[0]!)), options);
    return;
  }
  let code: number | undefined;
  for (const target of targets) {
    const { path } = await compileTo(cx, inputs, options, target, targets.length);
    if (options.verify) {
      const { verifyModel } = await import('./verify.ts');
      code = (await verifyModel(cx, path, options)) ?? code;
    }
  }
  return code;
}

export interface Written {
  readonly path: string;
  readonly compiled: Compiled;
}

export async function compileTo(
  cx: Context,
  inputs: Inputs,
  options: Options,
  target: string,
  targets: number,
): Promise<Written> {
  const backend = findBackend(target);
  const compiled = compileOrRefuse(cx, requestOf(inputs, options, backend));
  const { folder, file } = outputPath(options.out, compiled.manifest.model, backend, targets);
  const artifact = emit(compiled, backend, emitOptions(options, file));
  cx.io.report(artifact.diagnostics);
  if (!options.force) refuseOverwrite(artifact, folder);
  const total = artifact.files.reduce((sum, f) => sum + f.size, 0);
  const progress = cx.io.progress(`writing ${join(folder, file)}`, total);
  await writeArtifact(artifact, folder, {
    signal: cx.signal,
    onBytes: (done: number) => progress.at(done),
    overwrite: options.force ?? false,
  });
  progress.done();
  const path = join(folder, file);
  summarise(cx, compiled, artifact, path, inputs, options);
  return { path, compiled };
}

export function emit(
  { graph, manifest, weights }: Compiled,
  backend: Backend,
  options: EmitOptions,
): Artifact {
  return backend.emit({ graph, manifest, weights, options });
}

export const emitOptions = (
  options: Pick<CompileOptions, 'opset' | 'external'>,
  fileName: string,
): EmitOptions => ({
  opset: options.opset,
  ops: 'standard',
  external: options.external,
  fileName,
});

export function requestOf(
  { spec, checkpoint }: Inputs,
  options: CompileOptions,
  backend: Backend,
): CompileRequest {
  const { cache, maxSeqLen } = options;
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
    logits: options.logits,
    storage: options.dtype,
    backendPasses: backend.passes(emitOptions(options, `model${backend.extension}`)),
  };
}

/** Warnings are reported; errors are thrown as a Refusal. */
export function compileOrRefuse({ io }: Pick<Context, 'io'>, request: CompileRequest): Compiled {
  const { value, diagnostics } = compile(request);
  if (!value || hasErrors(diagnostics)) throw new Refusal(diagnostics);
  io.report(diagnostics);
  return value;
}

function summarise(
  { io }: Context,
  { manifest, graph, program }: Compiled,
  artifact: Artifact,
  path: string,
  { checkpoint }: Inputs,
  { opset }: Options,
): void {
  const parameters = program.params.reduce((sum, p) => sum + p.shape.reduce((a, b) => a * b, 1), 0);
  const size = artifact.files.reduce((sum, f) => sum + f.size, 0);
  if (io.options.json) {
    io.json({
      path,
      files: artifact.files.map(({ name, size: length }) => ({ name, bytes: length })),
      spec: manifest.spec.name,
      parameters,
      nodes: graph.nodes.length,
      opset,
      cache: manifest.cache,
      context: manifest.context ?? null,
      weights: manifest.weights,
    });
    return;
  }
  const form = manifest.slots === undefined ? manifest.cache : `static cache of ${manifest.slots} slots`;
  io.result(
    `${path}: ${manifest.model}, ${shortCount(parameters)} parameters, ${bytes(size)}, opset ${opset}, ` +
      `${manifest.cache === 'static' ? form : manifest.cache === 'none' ? 'no cache' : `${form} cache`}`,
  );
  if (!checkpoint)
    io.result(`weights are random (seed ${manifest.weights.split(':')[1]}): for trying things out only`);
}

/** `561M`, `1.6B`, `83k`. */
export function shortCount(n: number): string {
  const units = ['', 'k', 'M', 'B', 'T'];
  let [i, x] = [0, n];
  while (x >= 999.5 && i < units.length - 1) [i, x] = [i + 1, x / 1000];
  return `${x < 10 && i > 0 ? x.toFixed(1) : x.toFixed(0)}${units[i]}`;
}
