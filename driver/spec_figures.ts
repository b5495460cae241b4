/** What a model costs: its parameters by block, the memory of its ports, and the arithmetic of one token. */

import type { Graph, Node } from '../compiler/graph/ir.ts';
import { isProduct } from '../compiler/graph/product.ts';
import { scanOf } from '../compiler/graph/scan_body.ts';
import { constant, type Dim, mentions, size, substitute } from '../spec/dim.ts';
import type { Program } from '../spec/program.ts';
import { product } from '../spec/tensor.ts';
import { bytesPerElement } from '../spec/type.ts';
import { groupKeys } from './page/group_keys.ts';

export interface BlockFigures {
  /** `transformer.h.{0..19}.attn` */
  readonly block: string;
  readonly parameters: number;
}

export const parameterCount = ({ params }: Program): number =>
  params.reduce((sum, p) => sum + product(p.shape), 0);

/** Inside a list the module around the one that owns the parameter, `h.3.attn` of `h.3.attn.c_q.weight`; else that one, `lm_head`. */
function blockOf(path: string): string {
  const parts = path.split('.');
  const around = parts.slice(0, -2);
  return (
    around.some((part) => /^\d+$/.test(part)) ? around : parts.slice(0, Math.max(1, parts.length - 1))
  ).join('.');
}

/** In the order of the spec; equal blocks of a list are one line. */
export function parametersByBlock({ params }: Program): readonly BlockFigures[] {
  const sums = new Map<string, number>();
  for (const { path, shape } of params) {
    const block = blockOf(path);
    sums.set(block, (sums.get(block) ?? 0) + product(shape));
  }
  const entries = [...sums].map(([key, n]) => ({ key, traits: '', n }));
  return groupKeys(entries).map(({ name, members }) => ({
    block: name,
    parameters: members.reduce((sum, { n }) => sum + n, 0),
  }));
}

export interface PortBytes {
  /** Bytes that one more token adds to the caches that grow. */
  readonly perToken: number;
  /** Bytes of the caches and states that keep their length. */
  readonly fixed: number;
}

/** Memory that one text of a batch takes in caches and states, in float32. */
export function portBytes({ ports }: Pick<Program, 'ports'>): PortBytes {
  let [perToken, fixed] = [0, 0];
  for (const { type, last, carried } of ports) {
    const sizes = type.shape.slice(carried ? 1 : 2);
    const one = sizes.reduce((n, d) => n * (constant(d) ?? 1), bytesPerElement[type.dtype]);
    if (carried) fixed += one;
    else if (last === undefined) perToken += one;
    else fixed += one * last;
  }
  return { perToken, fixed };
}

export interface Flops {
  /** Operations of one token in products with weights: 2 for each element of a matrix. */
  readonly weights: number;
  /** Operations of one token in attention over `keys` keys: 2 for each product with keys and values, and those of computing keys and values again where a cache keeps less. */
  readonly attention: number;
  /** Number of keys that `attention` assumes; a window sees at most its length. */
  readonly keys: number;
}

/**
 * Multiplications and additions of the forward pass for one token, as Kaplan et al. count them (arXiv 2001.08361, table 1): 2 for
 * each weight of a matrix, and attention on top; norms and activations are left out. `graph` has its ports placed.
 */
export function flopsPerToken(graph: Graph, keys: number): Flops {
  let [weights, attention] = [0, 0];
  for (const node of graph.nodes) {
    const x = graph.nodes[node.inputs[0]!];
    if (isProduct(node, (id) => graph.nodes[id]!)) {
      const sizes = [...node.type.shape, x!.type.shape.at(-1)!];
      const flops = 2 * sizes.reduce((n, d) => n * sizeAt(d, keys), 1);
      if (sizes.some((d) => mentions(d, 'P'))) attention += flops;
      else weights += flops;
    }
    // A step has one token.
    if (node.op === 'scan') weights += flopsPerToken(scanOf(node).body.graph, keys).weights;
    if (node.op === 'attention') attention += attentionFlops(graph, node, keys);
  }
  return { weights, attention, keys };
}

function attentionFlops({ nodes }: Graph, { inputs, attrs }: Node, keys: number): number {
  const seen = typeof attrs['window'] === 'number' ? Math.min(attrs['window'], keys) : keys;
  const [queries, , values] = inputs.map((id) => nodes[id]!.type.shape);
  const [heads, width] = [sizeAt(queries![1]!, keys), sizeAt(queries![3]!, keys)];
  return 2 * heads * (width + sizeAt(values!.at(-1)!, keys)) * seen;
}

/** A size in a call of one row and one token, which is the last of `keys`. */
function sizeAt(dim: Dim, keys: number): number {
  const now = substitute(dim, (name) => size(name === 'P' ? keys - 1 : name === 'S' ? 0 : 1));
  return Math.max(1, constant(now) ?? 1);
}
