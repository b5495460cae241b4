/** Products with the chosen experts' matrices: all at once for few tokens, expert after expert for many. */

import { constant } from '../../spec/dim.ts';
import type { GraphDType } from '../../spec/type.ts';
import { cast, type Lower, type Site, stacked, type Value } from './site.ts';

/** Operands of either way to multiply: x as rows of [tokens * places, m], and the experts' matrices as one tensor. */
interface Operands {
  readonly site: Site;
  readonly x: Value;
  readonly weights: Value;
  /** int64 [tokens * K] */
  readonly chosen: string;
  readonly experts: number;
  readonly width: number;
  readonly transposed: boolean;
  /** How many choices share a row of x: 1 or K. */
  readonly share: number;
  readonly dtype: GraphDType;
}

/** Up to this many choices, copying a matrix for each is faster than going through the experts; measured on a CPU with 64 experts. */
const mostCopiedMatrices = (experts: number): number => Math.max(1, Math.floor(experts / 2));

export const expert_matmul: Lower<'expert_matmul'> = (site, [x, choice, ...given], { transposed }, type) => {
  const { writer, sizes } = site;
  const whole = given.length === 1 && given[0]!.type.shape.length === 3;
  const weights = whole ? given[0]! : stacked(site, given);
  const dtype = x!.type.dtype === 'bfloat16' ? 'float32' : x!.type.dtype;
  const [experts, rows, columns] = weights.type.shape.map((d) => constant(d) ?? 0) as [
    number,
    number,
    number,
  ]; // weights
  const places = constant(choice!.type.shape[2]!)!;
  const shared = constant(x!.type.shape[2]!) === 1;
  const operands: Operands = {
    ...{ site, weights, experts, transposed, dtype },
    x: cast(site, x!, dtype),
    chosen: writer.node('Reshape', [choice!.name, writer.ints([-1])]),
    width: transposed ? rows : columns,
    share: shared ? places : 1,
  };
  const pairs = writer.node('Size', [choice!.name]);
  const small = writer.node('LessOrEqual', [pairs, writer.scalar(mostCopiedMatrices(experts), 'int64')]);
  const y = writer.node('If', [small], {
    then_branch: writer.graph([], () => [{ name: allAtOnce(operands), dtype }]),
    else_branch: writer.graph([], () => [{ name: oneByOne(operands), dtype }]),
  });
  const shaped = writer.node('Reshape', [y, sizes.shape(type.shape)]);
  return cast(site, { name: shaped, type: { ...type, dtype } }, type.dtype).name;
};

/** [tokens * K, n]: a copy of a matrix for each choice. */
function allAtOnce({ site, x, weights, chosen, transposed, share, width, dtype }: Operands): string {
  const { writer } = site;
  const matrices = writer.node('Gather', [weights.name, chosen]);
  const wide = cast(site, { name: matrices, type: weights.type }, dtype).name;
  const inner = constant(x.type.shape[3]!)!;
  const grouped = transposed ? [-1, share, width, inner] : [-1, share, inner, width];
  const vector = transposed ? [-1, 1, inner, 1] : [-1, 1, 1, inner];
  const a = writer.node('Reshape', [wide, writer.ints(grouped)]);
  const b = writer.node('Reshape', [x.name, writer.ints(vector)]);
  const y = writer.node('MatMul', transposed ? [a, b] : [b, a]);
  return writer.node('Reshape', [y, writer.ints([-1, width])]);
}

/** [tokens * K, n]: each expert that anything chose takes the rows that chose it. */
function oneByOne({ site, x, weights, chosen, transposed, share, width, dtype }: Operands): string {
  const { writer } = site;
  const flat = writer.node('Reshape', [x.name, writer.ints([-1, constant(x.type.shape[3]!)!])]);
  const used = writer.node('Unique', [chosen]);
  const none = writer.node('Expand', [
    writer.scalar(0, dtype),
    writer.node('Concat', [writer.node('Shape', [chosen]), writer.ints([width])], { axis: { i: 0 } }),
  ]);
  const body = writer.graph(
    [
      { name: 'turn', dtype: 'int64', shape: [] },
      { name: 'going', dtype: 'bool', shape: [] },
      { name: 'sums', dtype },
    ],
    (turn, going, sums) => {
      const expert = writer.node('Gather', [used, turn!]);
      const places = writer.node('Squeeze', [
        writer.node('NonZero', [writer.node('Equal', [chosen, expert])]),
        writer.ints([0]),
      ]);
      const from = share === 1 ? places : writer.node('Div', [places, writer.scalar(share, 'int64')]);
      const own = writer.node('Gather', [flat, from]);
      const matrix = cast(
        site,
        { name: writer.node('Gather', [weights.name, expert]), type: weights.type },
        dtype,
      ).name;
      const product = writer.node('Gemm', [own, matrix], transposed ? { transB: { i: 1 } } : {});
      const at = writer.node('Unsqueeze', [places, writer.ints([1])]);
      return [
        { name: going!, dtype: 'bool', shape: [] },
        { name: writer.node('ScatterND', [sums!, at, product]), dtype },
      ];
    },
  );
  const iterations = writer.node('Size', [used]);
  return writer.node('Loop', [iterations, writer.scalar(1, 'bool'), none], { body });
}
