/** An archive that gives values inside it as well: the numbers and functions of a file, the blocks of its spec compiled again. */

import { boundaryOutputs } from '../../compiler/boundary.ts';
import type { NodeId } from '../../compiler/ir.ts';
import type { Manifest } from '../../compiler/manifest.ts';
import type { WeightSource } from '../../compiler/weights/source.ts';
import { rawBytes } from '../../compiler/weights/stream.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import type { ArtifactFile, EmitInput } from '../backend.ts';
import { archiveFile } from './archive.ts';
import { withFunctionsOf } from './code_blocks.ts';
import { codeFile } from './code_fault.ts';
import { layOut } from './index.ts';
import type { Module } from './module_tree.ts';
import type { TorchscriptModel } from './read_archive.ts';

export interface Tapped {
  readonly file: ArtifactFile;
  /** With the values among its outputs. */
  readonly manifest: Manifest;
}

/** `values` by the names that they leave under. */
export function tapArchive(
  model: TorchscriptModel,
  input: EmitInput,
  values: ReadonlyMap<string, NodeId>,
): Tapped {
  const added = [...values].map(([name, node]) => ({ name, node }));
  const graph = { ...input.graph, outputs: [...input.graph.outputs, ...added] };
  const manifest = { ...input.manifest, outputs: boundaryOutputs(graph) };
  const { tree, code } = layOut({ ...input, graph });
  const text = withFunctionsOf(code.text, model.code.get(codeFile) ?? '');
  const weights = storedIn(model, tree, input.weights);
  return { file: archiveFile(input.options.fileName, tree, { ...code, text }, manifest, weights), manifest };
}

/** The file's own bytes, by the names of weights. */
function storedIn(model: TorchscriptModel, tree: Module, expected: WeightSource): WeightSource {
  const paths = pathsOf(tree);
  return {
    ...expected,
    chunks(weight) {
      const path = paths.get(weight) ?? weight;
      const tensor = model.tensors.get(path);
      if (tensor && tensor.dtype === expected.info(weight).dtype) return rawBytes(tensor);
      throw new Refusal([
        error(
          'N704',
          `the archive has no tensor ${path} of ${expected.info(weight).dtype}, which its spec asks for`,
          {
            file: model.path,
          },
        ),
      ]);
    },
  };
}

function pathsOf(module: Module): ReadonlyMap<string, string> {
  const prefix = module.path === '' ? '' : `${module.path}.`;
  const own = module.slots.map(({ name, weight }) => [weight, `${prefix}${name}`] as const);
  return new Map([...own, ...[...module.children.values()].flatMap((child) => [...pathsOf(child)])]);
}
