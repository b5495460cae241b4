/** Every spec of the repository at a size for tests, with random weights, as TorchScript archives. */

import { fileURLToPath } from 'node:url';
import type { EmitOptions } from '../../../backends/target_option.ts';
import { type ArchivePlan, planArchive, torchscript } from '../../../backends/torchscript/index.ts';
import { type Compiled, type CompileRequest, compile } from '../../../compiler/compile.ts';
import { fromFile } from '../../../driver/specs/load_spec.ts';
import { small } from '../onnx/small_models.ts';

export const specs = Object.keys(small);

type Wanted = Pick<CompileRequest, 'cache' | 'slots' | 'logits' | 'storage'>;

export const emitOptions: EmitOptions = {
  opset: 21,
  external: 'auto',
  fileName: 'model.pt',
};

export function compileSmall(spec: string, wanted: Wanted = {}): Compiled {
  const path = fileURLToPath(new URL(`../../../${spec}.nanospec`, import.meta.url));
  const { value, diagnostics } = compile({
    ...fromFile(path),
    seed: 5,
    set: new Map(Object.entries(small[spec]!)),
    ...wanted,
    compute: wanted.storage ?? 'float32',
    wholeWeights: true,
    padded: true,
    backendPasses: torchscript.passes(emitOptions),
  });
  if (!value) throw new Error(diagnostics.map((d) => `${d.code} ${d.message}`).join('\n'));
  return value;
}

export function archiveOf(compiled: Compiled, options: Partial<EmitOptions> = {}): Uint8Array {
  const { graph, manifest, weights, program } = compiled;
  const { tied } = program.names;
  const input = { graph, manifest, weights, options: { ...emitOptions, ...options }, tied };
  const chunks: Uint8Array[] = [];
  for (const chunk of torchscript.emit(input).files[0]!.chunks()) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

export const laidOut = (
  { graph, manifest, program }: Compiled,
  options: Partial<EmitOptions> = {},
): ArchivePlan =>
  planArchive({ graph, manifest, options: { ...emitOptions, ...options }, tied: program.names.tied });
