/** The parameters of a model as its file holds them: whole, or put together from the views that were kept. */

import type { LazyTensor } from '../../compiler/checkpoint/checkpoint.ts';
import type { Graph } from '../../compiler/graph/ir.ts';
import { converter } from '../../compiler/weights/convert.ts';
import type { WeightSource } from '../../compiler/weights/source.ts';
import { rawBytes } from '../../compiler/weights/stream.ts';
import { isWhole, partsOf, type Step, type View, viewOf } from '../../compiler/weights/view.ts';
import { elements, viewBytes } from '../../compiler/weights/view_stream.ts';
import { Bug, error, Refusal } from '../../spec/diagnostic.ts';
import { product } from '../../spec/tensor.ts';

export type Values = Pick<WeightSource, 'values'>;

interface Part {
  readonly name: string;
  readonly view: View;
  /** Which one of the parameters that are stacked under the name. */
  readonly entry: number;
}

/**
 * For `graph`, which the model was written from, and for every graph on the way to it. Elements of a parameter that no
 * view of the model has are zero: nothing reads them.
 */
export function ownWeights(
  path: string,
  graph: Graph,
  tensors: ReadonlyMap<string, LazyTensor>,
): (of: Graph) => Values {
  const parts = new Map<string, Part[]>();
  for (const part of paramsOf(graph)) parts.set(part.view.of, [...(parts.get(part.view.of) ?? []), part]);
  const stored = ({ name, view, entry }: Part): Float32Array => {
    const tensor = tensors.get(name);
    const length = product(view.shape);
    if (tensor)
      return floats(bytesAt(tensor, length, entry), converter(tensor.dtype, ['float32']).run, length);
    throw new Refusal([error('N704', `the model holds no ${name}, which its spec asks for`, { file: path })]);
  };
  return (of) => {
    const own = new Map<string, Part[]>();
    for (const part of paramsOf(of)) own.set(part.name, [...(own.get(part.name) ?? []), part]);
    const value = (part: Part): Float32Array =>
      isWhole(part.view) ? whole(part.view, parts.get(part.view.of) ?? [], stored, path) : stored(part);
    return {
      values(name) {
        const found = own.get(name);
        if (!found) throw new Bug(`no parameter named ${name} in this graph`);
        return found.length === 1 ? value(found[0]!) : joined(found.map(value));
      },
    };
  };
}

const paramsOf = ({ nodes }: Graph): readonly Part[] =>
  nodes.flatMap((node) =>
    (node.op === 'param' ? partsOf(node) : []).flatMap((part, entry) => {
      const view = viewOf(part);
      return view ? [{ name: String(node.attrs['name']), view, entry }] : [];
    }),
  );

/** Bytes of one of the parameters that a tensor stacks, `length` elements each; all of the tensor where it holds one. */
function bytesAt(tensor: LazyTensor, length: number, entry: number): Iterable<Uint8Array> {
  if (length === product(tensor.shape)) return rawBytes(tensor);
  const entryView = { shape: [length], strides: [1], start: entry * length, apply: [] };
  return viewBytes(
    tensor,
    { of: tensor.name, dtype: 'float32', whole: tensor.shape, ...entryView },
    new Set(),
  );
}

function joined(all: readonly Float32Array[]): Float32Array {
  const values = new Float32Array(all.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of all) {
    values.set(part, at);
    at += part.length;
  }
  return values;
}

function floats(
  chunks: Iterable<Uint8Array>,
  convert: (bytes: Uint8Array) => Uint8Array,
  length: number,
): Float32Array {
  const all = new Float32Array(length);
  const bytes = new Uint8Array(all.buffer);
  let at = 0;
  for (const chunk of chunks) {
    const wide = convert(chunk);
    bytes.set(wide, at);
    at += wide.length;
  }
  return all;
}

function whole(
  { of, whole: shape }: View,
  parts: readonly Part[],
  stored: (part: Part) => Float32Array,
  file: string,
): Float32Array {
  const same = parts.find(({ view }) => isWhole(view));
  if (same) return stored(same);
  const all = new Float32Array(product(shape));
  for (const part of parts) {
    const { view } = part;
    const values = stored(part);
    let at = 0;
    for (const element of elements(view.shape, view.strides, view.start)) {
      all[element] = undone(values[at++]!, view.apply, of, file);
    }
  }
  return all;
}

/** Inverts the arithmetic of a view for one element. */
function undone(value: number, steps: readonly Step[], of: string, file: string): number {
  return steps.reduceRight((x, [op, , by, side = 'right']) => {
    const before = inverses[op]?.(x, typeof by === 'number' ? by : 0, side);
    if (before !== undefined && Number.isFinite(before)) return before;
    throw new Refusal([
      error('N704', `the model holds ${op} of ${of}, and ${of} cannot be found from it`, {
        file,
        hint: 'name the checkpoint that it was made from: --checkpoint PATH',
      }),
    ]);
  }, value);
}

type Inverse = (x: number, by: number, side: 'left' | 'right') => number;

const inverses: Readonly<Record<string, Inverse>> = {
  cast: (x) => x,
  neg: (x) => -x,
  exp: (x) => Math.log(x),
  log: (x) => Math.exp(x),
  sqrt: (x) => x * x,
  rsqrt: (x) => 1 / (x * x),
  tanh: (x) => Math.atanh(x),
  sigmoid: (x) => Math.log(x / (1 - x)),
  add: (x, by) => x - by,
  sub: (x, by, side) => (side === 'right' ? x + by : by - x),
  mul: (x, by) => x / by,
  div: (x, by, side) => (side === 'right' ? x * by : by / x),
};
