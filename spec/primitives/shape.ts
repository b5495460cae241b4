/** Primitives that move elements without looking at them. */

import { add, constant, type Dim, equal, evaluate, product, show, showShape, size, sub } from '../dim.ts';
import { empty, type Tensor } from '../tensor.ts';
import { all } from './bounds.ts';
import {
  alike,
  around,
  axisOf,
  broadcastDims,
  broadcastOffsets,
  moving,
  numbers,
  offsets,
  type Row,
  strides,
  withSize,
} from './row.ts';

/** Elements of several operands beside each other. */
const joining = { ...moving, settles: alike, bounds: all } as const;

const reshape: Row<'reshape'> = {
  arity: 1,
  doc: 'the same elements in row-major order under another shape',
  ...moving,
  axes: 'reshaped',
  infer([x], { shape }) {
    return equal(product(x!.shape), product(shape))
      ? { dtype: x!.dtype, shape }
      : `${showShape(x!.shape)} has not as many elements as ${showShape(shape)}`;
  },
  evaluate: ([x], { shape }, env) => ({ ...x!, shape: numbers(shape, env) }),
};

/** The elements of x at these places, in this order. */
const take = (x: Tensor, shape: readonly number[], at: Int32Array): Tensor => {
  const y = empty(x.dtype, shape);
  for (let i = 0; i < at.length; i++) y.data[i] = x.data[at[i]!]!;
  return y;
};

const transpose: Row<'transpose'> = {
  arity: 1,
  doc: 'axis i of the result is axis perm[i] of x',
  ...moving,
  axes: 'moved',
  infer([x], { perm }) {
    const seen = new Set(perm);
    if (perm.length !== x!.shape.length || seen.size !== perm.length)
      return `[${perm}] does not order the axes`;
    if (perm.some((p) => axisOf(x!, p))) return `[${perm}] does not order the axes`;
    return { dtype: x!.dtype, shape: perm.map((p) => x!.shape[p]!) };
  },
  evaluate([x], { perm }) {
    const own = strides(x!.shape);
    const shape = perm.map((p) => x!.shape[p]!);
    return take(
      x!,
      shape,
      offsets(
        shape,
        perm.map((p) => own[p]!),
      ),
    );
  },
};

/** How many of start, start + step, ... lie below stop; undefined when that is not a size. */
function sliceLength(start: Dim, stop: Dim, step: number): Dim | undefined {
  const length = sub(stop, start);
  if (step === 1) return length;
  const n = constant(length);
  return n === undefined ? undefined : size(Math.ceil(n / step));
}

const slice: Row<'slice'> = {
  arity: 1,
  doc: 'start <= i < stop by step along axis',
  ...moving,
  axes: 'along',
  infer([x], { axis, start, stop, step }) {
    const wrong = axisOf(x!, axis);
    if (wrong) return wrong;
    if (!Number.isInteger(step) || step < 1) return `a step must be a whole number above 0, found ${step}`;
    const length = sliceLength(start, stop, step);
    if (!length) return `a step of ${step} needs a size known when compiling`;
    const [from, to, n] = [constant(start), constant(stop), constant(x!.shape[axis]!)];
    const outside = (n !== undefined && to !== undefined && to > n) || (from !== undefined && from < 0);
    if (outside || (constant(length) ?? 0) < 0) {
      return `${show(start)} : ${show(stop)} is not inside ${show(x!.shape[axis]!)}`;
    }
    return { dtype: x!.dtype, shape: withSize(x!.shape, axis, length) };
  },
  evaluate([x], { axis, start, stop, step }, env) {
    const [from, to] = [evaluate(start, env), evaluate(stop, env)];
    const own = strides(x!.shape);
    const shape = x!.shape.map((n, i) => (i === axis ? Math.ceil((to - from) / step) : n));
    const by = own.map((s, i) => (i === axis ? s * step : s));
    return take(x!, shape, offsets(shape, by, from * own[axis]!));
  },
};

const concat: Row<'concat'> = {
  arity: 'any',
  doc: 'the inputs one after the other along axis',
  ...joining,
  axes: 'along',
  infer([x, ...more], { axis }) {
    const wrong = axisOf(x!, axis);
    if (wrong) return wrong;
    let total = x!.shape[axis]!;
    for (const y of more) {
      if (y.dtype !== x!.dtype) return `dtypes ${x!.dtype} and ${y.dtype} differ`;
      const same =
        y.shape.length === x!.shape.length && y.shape.every((d, i) => i === axis || equal(d, x!.shape[i]!));
      if (!same) return `${showShape(x!.shape)} and ${showShape(y.shape)} differ beside axis ${axis}`;
      total = add(total, y.shape[axis]!);
    }
    return { dtype: x!.dtype, shape: withSize(x!.shape, axis, total) };
  },
  evaluate(inputs, { axis }) {
    const first = inputs[0]!;
    const total = inputs.reduce((n, x) => n + x.shape[axis]!, 0);
    const y = empty(
      first.dtype,
      first.shape.map((n, i) => (i === axis ? total : n)),
    );
    let done = 0;
    for (const x of inputs) {
      const [outer, n, inner] = around(x.shape, axis);
      for (let o = 0; o < outer; o++) {
        const piece = x.data.subarray(o * n * inner, (o + 1) * n * inner);
        y.data.set(piece, (o * total + done) * inner);
      }
      done += n;
    }
    return y;
  },
};

const broadcast: Row<'broadcast'> = {
  arity: 1,
  doc: 'x stretched to a shape, right-aligned',
  ...moving,
  axes: 'each',
  infer([x], { shape }) {
    const joined = broadcastDims(x!.shape, shape);
    if (typeof joined === 'string') return joined;
    const fits = joined.length === shape.length && joined.every((d, i) => equal(d, shape[i]!));
    return fits
      ? { dtype: x!.dtype, shape }
      : `${showShape(x!.shape)} does not stretch to ${showShape(shape)}`;
  },
  evaluate([x], { shape }, env) {
    const to = numbers(shape, env);
    const at = broadcastOffsets(x!.shape, to);
    return at ? take(x!, to, at) : x!;
  },
};

const write: Row<'write'> = {
  arity: 3,
  doc: 'buffer with rows written at position `at` along axis',
  ...moving,
  axes: 'along',
  bounds: ([buffer, rows]) => all([buffer!, rows!], {}),
  settles: ([buffer, rows]) => (buffer === rows ? buffer : undefined),
  infer([buffer, rows, at], { axis }) {
    const wrong = axisOf(buffer!, axis);
    if (wrong) return wrong;
    if (at!.dtype !== 'int64' || at!.shape.length !== 0) return 'the position must be an int64 of rank 0';
    const same = rows!.shape.length === buffer!.shape.length && rows!.dtype === buffer!.dtype;
    if (!same || !rows!.shape.every((d, i) => i === axis || equal(d, buffer!.shape[i]!))) {
      return `${showShape(rows!.shape)} does not fit into ${showShape(buffer!.shape)}`;
    }
    return buffer!;
  },
  evaluate([buffer, rows, at], { axis }) {
    const y = empty(buffer!.dtype, buffer!.shape);
    y.data.set(buffer!.data);
    const [outer, slots, inner] = around(buffer!.shape, axis);
    const n = rows!.shape[axis]!;
    const from = at!.data[0]!;
    if (from < 0 || from + n > slots)
      throw new RangeError(`write of ${n} rows at ${from} leaves ${slots} slots`);
    for (let o = 0; o < outer; o++) {
      const piece = rows!.data.subarray(o * n * inner, (o + 1) * n * inner);
      y.data.set(piece, (o * slots + from) * inner);
    }
    return y;
  },
};

const stack: Row<'stack'> = {
  arity: 'any',
  doc: 'inputs of one type along a new first axis',
  ...joining,
  axes: 'stacked',
  infer([x, ...more]) {
    const other = more.find((y) => y.dtype !== x!.dtype || showShape(y.shape) !== showShape(x!.shape));
    if (other) return `${x!.dtype}${showShape(x!.shape)} and ${other.dtype}${showShape(other.shape)} differ`;
    return { dtype: x!.dtype, shape: [size(1 + more.length), ...x!.shape] };
  },
  evaluate(inputs) {
    const first = inputs[0]!;
    const y = empty(first.dtype, [inputs.length, ...first.shape]);
    for (const [i, x] of inputs.entries()) y.data.set(x.data, i * x.data.length);
    return y;
  },
};

export const shapes = { reshape, transpose, slice, concat, stack, broadcast, write };
