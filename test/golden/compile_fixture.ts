/** Golden fixtures through the library: from the checkpoint and a spec to the bytes of a model, and to a session on onnxruntime. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Artifact } from '../../backends/backend.ts';
import { findBackend } from '../../backends/index.ts';
import type { EmitOptions } from '../../backends/target_option.ts';
import { openCheckpoint } from '../../compiler/checkpoint/open_checkpoint.ts';
import { type Compiled, type CompileRequest, compile } from '../../compiler/compile.ts';
import type { Device, Session } from '../../compiler/ports/session.ts';
import { loadSpec } from '../../driver/specs/load_spec.ts';
import { emitOptions } from '../../driver/target_options.ts';
import { onnxSession } from '../../runtime/sessions/onnx_node_session.ts';
import { type Golden, readGolden, readTensors } from '../../runtime/verify/golden.ts';
import type { Source } from '../../spec/source.ts';
import type { Tensor } from '../../spec/tensor.ts';

export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/golden/${name}/`, import.meta.url));

export interface FixtureOptions
  extends Pick<CompileRequest, 'cache' | 'slots' | 'logits' | 'storage' | 'maxSeqLen'> {
  readonly opset?: number;
  /** The name of one that ships; `onnx` when left out. */
  readonly target?: string;
  /** Changes the text of the spec and of what it includes. */
  readonly edit?: (text: string) => string;
}

export interface Made {
  readonly compiled: Compiled;
  readonly bytes: Uint8Array;
}

export const joined = ({ files }: Artifact): Uint8Array => {
  const chunks: Uint8Array[] = [];
  for (const chunk of files.at(-1)!.chunks()) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
};

/** Compiles in the way of a target and emits; throws what the compiler says when it refuses. */
export function makeFor(target: string, request: CompileRequest, asked: Partial<EmitOptions> = {}): Made {
  const backend = findBackend(target);
  const options = {
    ...emitOptions(backend, {}, `model${backend.extension}`),
    ...{ opset: 21, external: 'never' },
    ...asked,
  };
  const { value, diagnostics } = compile({
    wholeWeights: backend.wholeWeights ?? false,
    padded: backend.padsUncached ?? false,
    newRows: backend.newRows ?? false,
    ...(backend.computesIn === 'storage' && request.storage ? { compute: request.storage } : {}),
    backendPasses: backend.passes(options),
    ...request,
  });
  if (!value) throw new Error(JSON.stringify(diagnostics.map((d) => d.message)));
  const { graph, manifest, weights, program } = value;
  const { tied } = program.names;
  return { compiled: value, bytes: joined(backend.emit({ graph, manifest, weights, options, tied })) };
}

/** Compiles a checkpoint folder with a shipped spec. */
export function make(folder: string, spec: string | undefined, options: FixtureOptions = {}): Made {
  const { opset = 21, target = 'onnx', edit = (text: string) => text, ...request } = options;
  const checkpoint = openCheckpoint(folder);
  const { source, include } = loadSpec(spec, checkpoint);
  const edited = (s: Source): Source => ({ ...s, text: edit(s.text) });
  return makeFor(
    target,
    {
      source: edited(source),
      include: (path, from) => {
        const found = include(path, from);
        return found && 'text' in found ? edited(found) : found;
      },
      checkpoint,
      ...request,
    },
    { opset },
  );
}

export async function open(
  folder: string,
  spec: string | undefined,
  options?: FixtureOptions,
  device: Device = 'cpu',
): Promise<Session> {
  const { compiled, bytes } = make(folder, spec, options);
  return onnxSession({ model: bytes, manifest: compiled.manifest, device });
}

/** The tensors of a fixture under the names that a golden file has; `suffix` picks a variant of them. */
export function goldenOf(
  name: string,
  suffix = '',
): Golden & { readonly steps: NonNullable<Golden['steps']> } {
  const file = `${fixture(name)}io.safetensors`;
  const tensors = readTensors(readFileSync(file), file);
  const vocab = tensors.get('logits')!.shape[2]!;
  const golden = readGolden(readFileSync(file), file, vocab);
  const { steps } = golden;
  if (!steps) throw new Error(`${name} has no steps`);
  if (suffix === '') return { ...golden, steps };
  const pick = (tensor: string): Tensor => tensors.get(`${tensor}${suffix}`)!;
  const generated = pick('generated');
  const [rows = 0, length = 0] = generated.shape;
  const tokens = Array.from({ length: rows }, (_, b) => [
    ...generated.data.subarray(b * length, (b + 1) * length),
  ]);
  return { ...golden, logits: pick('logits'), steps: { ...steps, tokens, logits: pick('step_logits') } };
}

export interface Fixture {
  readonly name: string;
  readonly generation: number;
  readonly tolerance: { readonly atol_float32: number };
}

export const readFixture = (name: string): Fixture =>
  JSON.parse(readFileSync(`${fixture(name)}fixture.json`, 'utf8')) as Fixture; // written by the fixture's maker
