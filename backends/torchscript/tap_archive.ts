/** Makes an archive that also returns values inside it: its blocks are compiled again, numbers and functions are those of the file. */

import type { LazyTensor } from '../../compiler/checkpoint/checkpoint.ts';
import { contiguousStrides } from '../../compiler/checkpoint/place_tensor.ts';
import type { NodeId } from '../../compiler/graph/ir.ts';
import { boundaryOutputs } from '../../compiler/ports/boundary.ts';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { WeightSource } from '../../compiler/weights/source.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import type { EmitInput } from '../backend.ts';
import { archiveRecords, hollowArchive, type TensorRecord } from './archive.ts';
import type { CheckedArchive } from './check_archive.ts';
import { withFunctionsOf } from './code_blocks.ts';
import { codeFile } from './code_fault.ts';
import { planArchive } from './index.ts';
import type { TorchscriptModel } from './read_archive.ts';

/** `values` are by the names of outputs under which the manifest lists them. */
export function tapArchive(
  model: TorchscriptModel,
  input: EmitInput,
  values: ReadonlyMap<string, NodeId>,
): CheckedArchive {
  const added = [...values].map(([name, node]) => ({ name, node }));
  const graph = { ...input.graph, outputs: [...input.graph.outputs, ...added] };
  const manifest: Manifest = { ...input.manifest, outputs: boundaryOutputs(graph) };
  const { tree, code } = planArchive({ ...input, graph });
  const tapped = { ...code, text: withFunctionsOf(code.text, model.code.get(codeFile) ?? '') };
  const { tensors } = archiveRecords(tree, tapped, manifest, input.weights);
  const archive = hollowArchive(tree, tapped, manifest, input.weights);
  const offsets = new Map(tensors.map((record) => [record.path, offsetIn(model, record, input.weights)]));
  return { model: model.path, manifest, rewritten: { archive, offsets } };
}

function offsetIn(
  { tensors, path: file }: TorchscriptModel,
  { path, weight, size }: TensorRecord,
  weights: Pick<WeightSource, 'info'>,
): number {
  const tensor = tensors.get(path);
  const { dtype } = weights.info(weight);
  const fits = tensor?.dtype === dtype && tensor.storage.bytes === size && isPlain(tensor);
  if (fits) return tensor.storage.offset;
  const why = `the archive has no tensor ${path} of ${dtype}, ${size} bytes, which its spec asks for`;
  throw new Refusal([error('N704', why, { file })]);
}

/** True for a tensor that is its whole storage in row-major order. */
const isPlain = ({ shape, strides, start }: LazyTensor): boolean =>
  start === 0 &&
  contiguousStrides(shape).every((stride, axis) => stride === strides[axis] || shape[axis]! < 2);
