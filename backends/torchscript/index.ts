/** The TorchScript target: an archive that `torch.jit.load` reads, written without PyTorch. */

import type { Graph } from '../../compiler/graph/ir.ts';
import { regions } from '../../compiler/graph/regions.ts';
import { usersOf } from '../../compiler/graph/users.ts';
import { decompose_composites } from '../../compiler/passes/decompose_composites.ts';
import { drop_dead_nodes } from '../../compiler/passes/drop_dead_nodes.ts';
import { fold_constants } from '../../compiler/passes/fold_constants.ts';
import { merge_views } from '../../compiler/passes/merge_views.ts';
import { ownerOf } from '../../spec/dotted_path.ts';
import { defineBackend, type EmitInput } from '../backend.ts';
import { metadata } from '../target_option.ts';
import { archiveFile, codeHash } from './archive.ts';
import { type Code, writeClasses } from './classes.ts';
import { type CodeContext, meaningOf, optionalInputs } from './code_context.ts';
import { type Module, moduleTree, nameOf, placesOf } from './module_tree.ts';
import { keepsComposite } from './native.ts';
import { releaseOf, releases } from './operators.ts';
import { withSlots } from './slots.ts';
import { specText } from './spec_text.ts';

export const torchscript = defineBackend({
  name: 'torchscript',
  doc: `TorchScript archive for LibTorch ${releases[0]} and later`,
  extension: '.pt',
  otherNames: ['pytorch', 'torch', 'libtorch', 'jit', 'pt'],
  layouts: { triton: { runtime: 'pytorch', byPosition: true } },
  options: {
    minLibtorch: {
      value: '<release>',
      doc: 'the oldest LibTorch to load an archive',
      choices: releases,
      default: releases[0],
    },
    metadata,
  },
  needs: (options) => `LibTorch ${releaseOf(options)} or later`,
  wholeWeights: true,
  padsUncached: true,
  computesIn: 'storage',
  passes: () => [
    decompose_composites({ keep: keepsComposite }),
    fold_constants,
    merge_views,
    drop_dead_nodes,
  ],
  emit(input) {
    const { tree, code } = planArchive(input);
    const { manifest, weights, options } = input;
    const files = [archiveFile(options, tree, code, manifest, weights)];
    const hashed = options['metadata'] === 'hash' ? { graphHash: codeHash(code.text) } : {};
    return { files, diagnostics: [], ...hashed };
  },
});

/** The modules and the code of an archive: everything but the numbers of its tensors. */
export interface ArchivePlan {
  readonly tree: Module;
  readonly code: Code;
}

export function planArchive({
  graph: legal,
  manifest,
  options,
  tied = [],
}: Omit<EmitInput, 'weights'>): ArchivePlan {
  const graph = withInputs(withoutBuffers(withSlots(legal)));
  const places = placesOf(graph);
  const region = regions(graph, (node) => ownerOf(places.get(nameOf(node))!));
  const users = usersOf(graph);
  const context: CodeContext = {
    graph,
    places,
    spec: specText(manifest),
    release: releaseOf(options),
    compute: manifest.compute,
    functions: new Map(),
    users,
    optional: optionalInputs(graph, users),
    meaning: meaningOf(graph),
  };
  const tree = moduleTree(graph, region, places, tied);
  return { tree, code: writeClasses(tree, region, context) };
}

/** Removes the outputs of ports that are updated in place, since blocks need not return them. */
const withoutBuffers = (graph: Graph): Graph => {
  const inPlace = new Set(graph.ports.filter((p) => p.rule === 'in_place').map((p) => p.output));
  return { ...graph, outputs: graph.outputs.filter((o) => !inPlace.has(o.name)) };
};

/** Adds nodes for inputs that nothing reads, since arguments also show sizes, and the device of tensors. */
function withInputs(graph: Graph): Graph {
  const there = new Set(graph.nodes.filter((n) => n.op === 'input').map((n) => n.attrs['name']));
  const unread = graph.inputs.filter((i) => !there.has(i.name));
  const added = unread.map(({ name, type }, i) => ({
    ...{ id: graph.nodes.length + i, op: 'input', inputs: [], attrs: { name }, type },
  }));
  return {
    ...graph,
    nodes: [...graph.nodes, ...added],
    origins: [...graph.origins, ...added.map(() => [])],
  };
}
