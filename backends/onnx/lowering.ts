/** Every primitive in standard ONNX operators; a missing one is a compile error. */

import { constant, size } from '../../spec/dim.ts';
import type { Primitive, PrimitiveAttrs } from '../../spec/op.ts';
import { tensor } from '../../spec/tensor.ts';
import { elementwise } from './lower_elementwise.ts';
import { expert_matmul } from './lower_experts.ts';
import { cast, type Lower, reshape, type Site, stacked, type Type, transpose, type Value } from './site.ts';
import { isAvailable } from './versions.ts';

const one = size(1);

/** A range up to this length is stored as a constant. */
const longestStoredRange = 4096;

const leaves = {
  scalar: ({ writer }, _, { value, dtype }) => writer.scalar(value, dtype),
  constant: ({ writer }, _, { tensor: t }) => writer.constant(t),
  size: ({ sizes }, _, { dim }) => sizes.scalar(dim),
  iota({ writer, sizes }, _, { size: dim }) {
    const n = constant(dim);
    if (n !== undefined && n <= longestStoredRange) {
      return writer.constant(
        tensor(
          'int64',
          [n],
          Float64Array.from({ length: n }, (_unused, i) => i),
        ),
      );
    }
    return writer.node('Range', [writer.scalar(0, 'int64'), sizes.scalar(dim), writer.scalar(1, 'int64')]);
  },
} satisfies Partial<{ [P in Primitive]: Lower<P> }>;

/** Axes are an operand where the opset has them as one, and an attribute before. */
export function reduce(site: Site, opType: Reduction, [x]: readonly Value[], axis: number): string {
  const { writer, opset } = site;
  return opType !== 'ReduceSum' && !isAvailable(opType, opset)
    ? writer.node(opType, [x!.name], { axes: { ints: [axis] }, keepdims: { i: 1 } })
    : writer.node(opType, [x!.name, writer.ints([axis])], { keepdims: { i: 1 } });
}

type Reduction = 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceSumSquare';

const reductions = {
  reduce_sum: (site, inputs, { axis }) => reduce(site, 'ReduceSum', inputs, axis),
  reduce_mean: (site, inputs, { axis }) => reduce(site, 'ReduceMean', inputs, axis),
  reduce_max: (site, inputs, { axis }) => reduce(site, 'ReduceMax', inputs, axis),
  reduce_min: (site, inputs, { axis }) => reduce(site, 'ReduceMin', inputs, axis),
  cumsum: ({ writer }, [x], { axis }) => writer.node('CumSum', [x!.name, writer.scalar(axis, 'int64')]),
  /** TopK gives the lower index first among equals, by its specification. */
  is_top({ writer, sizes }, [x], { k }) {
    const axis = x!.type.shape.length - 1;
    const [, indices] = writer.nodeOf('TopK', [x!.name, writer.ints([k])], { axis: { i: axis } }, 2);
    const none = writer.node('Expand', [writer.scalar(0, 'bool'), sizes.shape(x!.type.shape)]);
    const all = writer.node('Expand', [writer.scalar(1, 'bool'), writer.node('Shape', [indices!])]);
    return writer.node('ScatterElements', [none, indices!, all], { axis: { i: axis } });
  },
  argtop({ writer }, [x], { k }) {
    const axis = x!.type.shape.length - 1;
    return writer.nodeOf('TopK', [x!.name, writer.ints([k])], { axis: { i: axis } }, 2)[1]!;
  },
} satisfies Partial<{ [P in Primitive]: Lower<P> }>;

const shapes = {
  reshape: (site, [x], { shape }) => reshape(site, x!, shape).name,
  transpose: (site, [x], { perm }) => transpose(site, x!, perm).name,
  slice({ writer, sizes }, [x], { axis, start, stop, step }) {
    const bounds = [sizes.extent(start), sizes.extent(stop), writer.ints([axis]), writer.ints([step])];
    return writer.node('Slice', [x!.name, ...(step === 1 ? bounds.slice(0, 3) : bounds)]);
  },
  concat: ({ writer }, inputs, { axis }) =>
    writer.node(
      'Concat',
      inputs.map((x) => x.name),
      { axis: { i: axis } },
    ),
  stack: (site, inputs) => stacked(site, inputs).name,
  broadcast: ({ writer, sizes }, [x], { shape }) => writer.node('Expand', [x!.name, sizes.shape(shape)]),
  gather: ({ writer }, [table, ids]) => writer.node('Gather', [table!.name, ids!.name]),
  take_along({ writer }, [x, index]) {
    const rows = writer.node('Unsqueeze', [index!.name, writer.ints([2])]);
    return writer.node('GatherND', [x!.name, rows], { batch_dims: { i: 1 } });
  },
  pick: ({ writer }, [x, index]) =>
    writer.node('GatherElements', [x!.name, index!.name], { axis: { i: x!.type.shape.length - 1 } }),
  expert_matmul,
  matmul: ({ writer }, [a, b]) => writer.node('MatMul', [a!.name, b!.name]),
  /** Concatenates what stands before the rows, the rows, and what stands after them. */
  write(site, [buffer, rows, at], { axis }) {
    const { writer, sizes } = site;
    const start = reshape(site, at!, [one]).name;
    const stop = writer.node('Add', [start, sizes.extent(rows!.type.shape[axis]!)]);
    const along = writer.ints([axis]);
    const end = sizes.extent(buffer!.type.shape[axis]!);
    const before = writer.node('Slice', [buffer!.name, writer.ints([0]), start, along]);
    const after = writer.node('Slice', [buffer!.name, stop, end, along]);
    return writer.node('Concat', [before, rows!.name, after], { axis: { i: axis } });
  },
} satisfies Partial<{ [P in Primitive]: Lower<P> }>;

/** What the type checker misses here is an entry of a table above, or of lower_elementwise.ts. */
interface LoweringsInBackendsOnnx extends Readonly<{ [P in Primitive]: Lower<P> }> {}

const lowerings: LoweringsInBackendsOnnx = {
  ...leaves,
  ...elementwise,
  ...reductions,
  ...shapes,
};

/** Ops that onnxruntime computes in bfloat16, or that never get it. */
const bfloat16Ops: ReadonlySet<Primitive> = new Set<Primitive>([
  ...(['scalar', 'constant', 'size', 'iota', 'cast', 'not', 'and', 'or'] as const),
  ...(['reshape', 'transpose', 'slice', 'concat', 'stack', 'gather', 'take_along', 'pick', 'write'] as const),
  'expert_matmul', // which widens the chosen matrices only
]);

/** Returns the name of the result. Other ops on bfloat16 are computed in float32 and rounded, which gives the same. */
export function lowerPrimitive<P extends Primitive>(
  op: P,
  site: Site,
  inputs: readonly Value[],
  attrs: PrimitiveAttrs[P],
  type: Type,
): string {
  // A row of the table takes the attributes of its own name.
  const lower = lowerings[op] as unknown as Lower<P>;
  const narrow = (t: Type): boolean => t.dtype === 'bfloat16';
  if (bfloat16Ops.has(op) || !inputs.some((x) => narrow(x.type))) return lower(site, inputs, attrs, type);
  const wide = inputs.map((x) => (narrow(x.type) ? cast(site, x, 'float32') : x));
  const result = narrow(type) ? { ...type, dtype: 'float32' as const } : type;
  const name = lower(site, wide, attrs, result);
  return cast(site, { name, type: result }, type.dtype).name;
}
