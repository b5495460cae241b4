/** Sizes known only when running, as int64 values computed from the shapes of the graph's inputs. */

import type { GraphInput } from '../../compiler/graph/ir.ts';
import { Bug } from '../../spec/diagnostic.ts';
import { atom, constant, type Dim, equal, mentions, mul, names, show, size, sub } from '../../spec/dim.ts';
import { smallest } from '../../spec/long_list.ts';
import type { GraphWriter } from './graph_writer.ts';

/** Makes int64 values of one graph's sizes, each once. */
export interface Sizes {
  /** int64 [1]. */
  extent(dim: Dim): string;
  /** int64 [], for ranges and arithmetic. */
  scalar(dim: Dim): string;
  /** int64 [n]. */
  shape(dims: readonly Dim[]): string;
}

interface Axis {
  readonly input: string;
  readonly axis: number;
  readonly dim: Dim;
}

export function sizesOf(writer: GraphWriter, inputs: readonly GraphInput[]): Sizes {
  const axes: readonly Axis[] = inputs.flatMap(({ name, type }) =>
    type.shape.map((dim, axis) => ({ input: name, axis, dim })),
  );
  const solving = new Set<string>();

  const read = ({ input, axis }: Axis): string =>
    writer.node('Shape', [input], { start: { i: axis }, end: { i: axis + 1 } });

  /** Finds a name that no axis has alone from an axis of `name + rest`, where `rest` is known. */
  function solve(name: string): string {
    if (solving.has(name)) throw new Bug(`size ${name} is known only from itself`);
    solving.add(name);
    try {
      const found = axes.find(({ dim }) => {
        const rest = sub(dim, atom(name));
        return mentions(dim, name) && ![name, ...solving].some((n) => mentions(rest, n));
      });
      if (!found) throw new Bug(`no input of this graph shows the size ${name}`);
      const rest = extent(sub(found.dim, atom(name)));
      return writer.node('Sub', [read(found), rest]);
    } finally {
      solving.delete(name);
    }
  }

  function factor(name: string): string {
    const alone = axes.find(({ dim }) => equal(dim, atom(name)));
    return alone ? read(alone) : solve(name);
  }

  function extent(dim: Dim): string {
    const n = constant(dim);
    if (n !== undefined) return writer.ints([n]);
    const shown = axes.find((a) => equal(a.dim, dim));
    if (shown) return read(shown);
    const under = denominator(dim);
    const over = mul(dim, under);
    if (over.terms.some((t) => t.d !== 1)) throw new Bug(`size ${show(dim)} cannot be computed`);
    const sum = (of: Dim): string => sumOf(writer, of, factor);
    return constant(under) === 1 ? sum(over) : writer.node('Div', [sum(over), sum(under)]);
  }

  return {
    extent,
    scalar(dim) {
      const n = constant(dim);
      return n === undefined ? writer.node('Squeeze', [extent(dim)]) : writer.scalar(n, 'int64');
    },
    shape: (dims) => shapeOf(writer, dims, extent),
  };
}

/** A sum of whole multiples of products of names. */
function sumOf(writer: GraphWriter, dim: Dim, factor: (name: string) => string): string {
  let total: string | undefined;
  const added = [...dim.terms].sort((a, b) => Math.sign(b.n) - Math.sign(a.n));
  for (const { n, powers } of added) {
    const factors = powers.flatMap(([name, e]) => Array.from({ length: e }, () => factor(name)));
    if (Math.abs(n) !== 1 || factors.length === 0) factors.push(writer.ints([Math.abs(n)]));
    const product = factors.reduce((a, b) => writer.node('Mul', [a, b]));
    if (total === undefined) total = n < 0 ? writer.node('Neg', [product]) : product;
    else total = writer.node(n < 0 ? 'Sub' : 'Add', [total, product]);
  }
  return total ?? writer.ints([0]);
}

/** Neighbouring sizes that are known are written as one constant. */
function shapeOf(writer: GraphWriter, dims: readonly Dim[], extent: Sizes['extent']): string {
  const pieces: string[] = [];
  let known: number[] = [];
  const flush = (): void => {
    if (known.length > 0) pieces.push(writer.ints(known));
    known = [];
  };
  for (const dim of dims) {
    const n = constant(dim);
    if (n !== undefined) known.push(n);
    else {
      flush();
      pieces.push(extent(dim));
    }
  }
  flush();
  if (pieces.length === 0) return writer.ints([]);
  return pieces.length === 1 ? pieces[0]! : writer.node('Concat', pieces, { axis: { i: 0 } });
}

/** What a size must be multiplied by to have whole coefficients and no negative exponents. */
function denominator(dim: Dim): Dim {
  let under = size(dim.terms.reduce((d, t) => d * t.d, 1));
  for (const name of names(dim)) {
    const powers = dim.terms.flatMap((t) => t.powers.filter(([n]) => n === name).map(([, e]) => e));
    const lowest = smallest(powers, 0);
    for (let i = lowest; i < 0; i++) under = mul(under, atom(name));
  }
  return under;
}
