/** Checks the tensors of a call against a graph's inputs, and finds the sizes known only when running. */

import { type Dim, evaluate, names, show } from '../../spec/dim.ts';
import { empty, product, type Tensor } from '../../spec/tensor.ts';
import { showType } from '../../spec/type.ts';
import type { GraphInput } from '../graph/ir.ts';

export type Feeds = Readonly<Record<string, Tensor>>;

/** One axis of a feed, which says that `dim` is `n`. */
interface Equation {
  readonly dim: Dim;
  readonly n: number;
  readonly input: GraphInput;
}

/** `B`, `T`, `P` and `S` of this call. Throws a `TypeError` that names the feed when one is wrong, missing or not asked for. */
export function sizesOf(inputs: readonly GraphInput[], feeds: Feeds): ReadonlyMap<string, number> {
  const known = inputs.map((i) => i.name);
  const stranger = Object.keys(feeds).find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new TypeError(`no input is named ${stranger}; inputs are ${known.join(', ')}`);
  }
  return solve(inputs.flatMap((input) => equations(input, feeds[input.name])));
}

function equations(input: GraphInput, feed: Tensor | undefined): readonly Equation[] {
  const { name, type } = input;
  if (!feed) throw new TypeError(`the input ${name} is missing: ${showType(type)}`);
  const { dtype, shape, data } = feed;
  if (dtype !== type.dtype || shape.length !== type.shape.length) throw misfit(input, feed);
  const sample = empty(dtype, [0]).data;
  if (data.constructor !== sample.constructor || data.length !== product(shape)) {
    const wanted = `${product(shape)} numbers in a ${sample.constructor.name}`;
    throw new TypeError(
      `input ${name}: expected ${wanted}, found ${data.length} in ${data.constructor.name}`,
    );
  }
  return type.shape.map((dim, axis) => ({ dim, n: shape[axis]!, input }));
}

const misfit = ({ name, type }: GraphInput, { dtype, shape }: Tensor): TypeError =>
  new TypeError(`input ${name}: expected ${showType(type)}, found ${dtype}[${shape.join(', ')}]`);

/** Each round uses the axes in which at most one size is still unknown. */
function solve(all: readonly Equation[]): ReadonlyMap<string, number> {
  const env = new Map<string, number>();
  let open = all;
  while (open.length > 0) {
    const later: Equation[] = [];
    for (const equation of open) {
      const unknown = [...names(equation.dim)].filter((name) => !env.has(name));
      const [name] = unknown;
      if (unknown.length > 1 || (name !== undefined && !isLinear(equation.dim, name))) later.push(equation);
      else if (name !== undefined) env.set(name, rootOf(equation, name, env));
      else if (evaluate(equation.dim, env) !== equation.n) throw clash(equation, env);
    }
    if (later.length === open.length) throw new TypeError(`no feed tells the size ${show(open[0]!.dim)}`);
    open = later;
  }
  return env;
}

const isLinear = (dim: Dim, name: string): boolean =>
  dim.terms.every((t) => t.powers.every(([n, e]) => n !== name || e === 1));

function rootOf(equation: Equation, name: string, env: ReadonlyMap<string, number>): number {
  const at = (value: number): number => evaluate(equation.dim, new Map([...env, [name, value]]));
  const root = (equation.n - at(0)) / (at(1) - at(0));
  if (!Number.isSafeInteger(root) || root < 0) throw clash(equation, env);
  return root;
}

function clash({ dim, n, input }: Equation, env: ReadonlyMap<string, number>): TypeError {
  const given = [...env]
    .filter(([name]) => names(dim).has(name))
    .map(([name, value]) => `${name} = ${value}`);
  const since = given.length > 0 ? `, and ${given.join(', ')}` : '';
  return new TypeError(
    `input ${input.name}: a size is ${n}, expected ${show(dim)} of ${showType(input.type)}${since}`,
  );
}
