/** Small graphs through the ONNX backend into onnxruntime-node, for the tests of this folder. */

import type { ArtifactFile } from '../../../backends/backend.ts';
import { onnx } from '../../../backends/onnx/index.ts';
import { tensorBytes } from '../../../backends/onnx/tensor_bytes.ts';
import type { EmitOptions } from '../../../backends/target_option.ts';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { tableAttrs } from '../../../compiler/graph/table_attrs.ts';
import { fold_rotary_tables, place_cache } from '../../../compiler/passes/index.ts';
import { runPasses } from '../../../compiler/pipeline.ts';
import { boundaryOf } from '../../../compiler/ports/boundary.ts';
import type { CacheForm, Manifest } from '../../../compiler/ports/manifest.ts';
import type { Feeds } from '../../../compiler/ports/session.ts';
import type { WeightSource } from '../../../compiler/weights/source.ts';
import { tableRows } from '../../../compiler/weights/table_rows.ts';
import { onnxSession } from '../../../runtime/sessions/onnx_node_session.ts';
import { constant } from '../../../spec/dim.ts';
import { type Tensor, tensor } from '../../../spec/tensor.ts';
import { weightsFor } from '../../compiler/tiny_graph.ts';

export const opsets = [17, 21, 26] as const;

export const optionsAt = (opset: number, more: Partial<EmitOptions> = {}): EmitOptions => ({
  opset,
  external: 'auto',
  fileName: 'model.onnx',
  ...more,
});

/** The common passes that a small graph needs. */
export const placed = (graph: Graph, cache: CacheForm, slots?: number): Graph =>
  runPasses(graph, [place_cache({ cache, ...(slots === undefined ? {} : { slots }) }), fold_rotary_tables]);

export const legal = (graph: Graph, options: EmitOptions): Graph => runPasses(graph, onnx.passes(options));

export const manifestOf = (graph: Graph, cache: CacheForm = 'dynamic'): Manifest => ({
  version: 1,
  producer: 'nanoc 0.0.0',
  model: graph.name,
  spec: { name: 'tiny.nanospec', text: '## A tiny model.\nmodel tiny {}', sha256: '00', includes: {} },
  config: [{ name: 'layers', value: 2, from: 'example' }],
  weights: 'random:1',
  passes: [],
  cache,
  logits: 'all',
  vocab: 10, // of eleven rows ten have logits
  storage: 'float32',
  compute: 'float32',
  ...boundaryOf(graph),
});

/** Random parameters and true tables of a graph, as streams. */
export function streams(graph: Graph): WeightSource {
  const { values } = weightsFor(graph);
  const stored = new Map<string, Tensor>();
  for (const node of graph.nodes) {
    const name = String(node.attrs['name']);
    const shape = node.type.shape.map((d) => constant(d) ?? 0);
    if (node.op === 'param') stored.set(name, tensor(node.type.dtype, shape, values(name)));
    if (node.op === 'table') {
      stored.set(name, tensor('float32', shape, tableRows(tableAttrs(node), 0, shape[0]!)));
    }
  }
  const get = (name: string): Tensor => {
    const found = stored.get(name);
    if (!found) throw new Error(`no tensor ${name}`);
    return found;
  };
  return {
    info: (name) => {
      const t = get(name);
      return { shape: t.shape, dtype: t.dtype, bytes: tensorBytes(t).length };
    },
    chunks: (name) => [tensorBytes(get(name))],
    values: (name) => Float32Array.from(get(name).data),
    stored: () => 'in memory',
    findings: () => [],
  };
}

export function emitFiles(graph: Graph, options: EmitOptions): readonly ArtifactFile[] {
  return onnx.emit({ graph, manifest: manifestOf(graph), weights: streams(graph), options }).files;
}

export const bytesOf = (file: ArtifactFile): Uint8Array => Buffer.concat([...file.chunks()]);

/** Outputs of a legal graph in onnxruntime-node. */
export async function runOnnx(
  graph: Graph,
  opset: number,
  feeds: Feeds,
): Promise<Readonly<Record<string, Tensor>>> {
  const [file] = emitFiles(graph, optionsAt(opset));
  const session = await onnxSession({ model: bytesOf(file!), manifest: manifestOf(graph) });
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

/** The same in the reference interpreter. */
export const runReference = (graph: Graph, feeds: Feeds): Readonly<Record<string, Tensor>> =>
  evaluator(graph, streams(graph)).run(feeds);
