/** Sizes of a model that clients ask for by name, read off its graph. */

import type { Graph } from '../../compiler/graph/ir.ts';
import type { Manifest, ManifestPort } from '../../compiler/ports/manifest.ts';
import { layerOf } from '../../compiler/ports/port_names.ts';
import { constant } from '../../spec/dim.ts';

export interface ShapeFacts {
  /** Number of layers with keys, including states that count as layers. */
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  /** Width of the embedding. */
  readonly width: number;
}

export function shapeFacts({ ports }: Manifest, graph: Graph): ShapeFacts {
  const layers = new Set(ports.flatMap((p) => layerOf(p)?.layer ?? []));
  const first = ports.find((p) => layerOf(p) && p.axis !== undefined);
  const [kvHeads, headSize] = [sizeAt(first, 1), sizeAt(first, -1)];
  const heads = attentionHeads(graph) ?? kvHeads;
  return { layers: layers.size, heads, kvHeads, headSize, width: embeddingWidth(graph) ?? heads * headSize };
}

function sizeAt(port: ManifestPort | undefined, axis: number): number {
  const size = port?.shape.at(axis);
  return typeof size === 'number' ? size : 0;
}

function attentionHeads({ nodes }: Graph): number | undefined {
  const attention = nodes.find((n) => n.op === 'attention');
  const queries = attention && nodes[attention.inputs[0]!]!.type.shape;
  return queries && constant(queries[1]!);
}

function embeddingWidth({ nodes }: Graph): number | undefined {
  const lookup = nodes.find((n) => n.op === 'gather' && nodes[n.inputs[1]!]!.attrs['name'] === 'input_ids');
  return lookup && constant(lookup.type.shape.at(-1)!);
}
