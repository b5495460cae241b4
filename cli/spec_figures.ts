/** What a model costs: its parameters by block, and the arithmetic of one token. */

import type { Graph, Node } from '../compiler/ir.ts';
import { scanOf } from '../compiler/scan/body.ts';
import { constant, type Dim, size, substitute } from '../spec/dim.ts';
import type { Program } from '../spec/program.ts';
import { product } from '../spec/tensor.ts';
import { groupKeys } from './group_keys.ts';

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

export interface Flops {
  /** Of one token through every product with weights, forward: 2 for each element of a matrix. */
  readonly weights: number;
  /** Of one token over so many keys: 2 for each of its products with keys and with values. */
  readonly attention: number;
  /** Keys that the figure before counts with; a window sees no more of them than it is long. */
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
    if (node.op === 'linear' || node.op === 'matmul' || node.op === 'expert_matmul')
      weights += 2 * perToken(node) * constantOr(x!.type.shape.at(-1)!, keys);
    // A step has one token.
    if (node.op === 'scan') weights += flopsPerToken(scanOf(node).body.graph, keys).weights;
    if (node.op === 'attention') {
      const window = node.attrs['window'];
      const seen = typeof window === 'number' ? Math.min(window, keys) : keys;
      const [heads, width] = [constantOr(x!.type.shape[1]!, 1), constantOr(x!.type.shape[3]!, 1)];
      const values = graph.nodes[node.inputs[2]!]!.type.shape.at(-1)!;
      attention += 2 * heads * (width + constantOr(values, width)) * seen;
    }
  }
  return { weights, attention, keys };
}

const constantOr = (dim: Dim, otherwise: number): number => constant(dim) ?? otherwise;

/** Elements of a result with one row and one token. */
function perToken({ type }: Node): number {
  const one = (name: string): Dim => size(name === 'P' || name === 'S' ? 0 : 1);
  return type.shape.reduce((n, d) => n * Math.max(1, constant(substitute(d, one)) ?? 1), 1);
}
