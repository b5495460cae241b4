/** The parameters of a model as the model itself holds them: whole, or put together again from the views that were kept. */

import { openOnnxWeights } from '../backends/onnx/read_model.ts';
import type { Graph } from '../compiler/ir.ts';
import type { LazyTensor } from '../compiler/weights/checkpoint.ts';
import { converter } from '../compiler/weights/convert.ts';
import { product } from '../compiler/weights/place_tensor.ts';
import type { WeightSource } from '../compiler/weights/source.ts';
import { rawBytes } from '../compiler/weights/stream.ts';
import { isWhole, type Step, type View, viewOf } from '../compiler/weights/view.ts';
import { elements } from '../compiler/weights/view_stream.ts';
import { Bug, error, Refusal } from '../spec/diagnostic.ts';

export type Values = Pick<WeightSource, 'values'>;

interface Part {
  readonly name: string;
  readonly view: View;
}

/**
 * For `graph`, which the model was written from, and for every graph on the way to it. Elements of a parameter that no
 * view of the model has are zero: nothing reads them.
 */
export function ownWeights(
  path: string,
  graph: Graph,
  tensors: ReadonlyMap<string, LazyTensor> = openOnnxWeights(path).tensors,
): (of: Graph) => Values {
  const parts = new Map<string, Part[]>();
  for (const part of paramsOf(graph)) parts.set(part.view.of, [...(parts.get(part.view.of) ?? []), part]);
  const stored = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (tensor)
      return floats(rawBytes(tensor), converter(tensor.dtype, ['float32']).run, product(tensor.shape));
    throw new Refusal([error('N704', `the model holds no ${name}, which its spec asks for`, { file: path })]);
  };
  return (of) => {
    const views = new Map(paramsOf(of).map(({ name, view }) => [name, view]));
    return {
      values(name) {
        const view = views.get(name);
        if (!view) throw new Bug(`no parameter named ${name} in this graph`);
        return isWhole(view) ? whole(view, parts.get(view.of) ?? [], stored, path) : stored(name);
      },
    };
  };
}

const paramsOf = ({ nodes }: Graph): readonly Part[] =>
  nodes.flatMap((node) => {
    const view = node.op === 'param' ? viewOf(node) : undefined;
    return view ? [{ name: String(node.attrs['name']), view }] : [];
  });

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
  stored: (name: string) => Float32Array,
  file: string,
): Float32Array {
  const same = parts.find(({ view }) => isWhole(view));
  if (same) return stored(same.name);
  const all = new Float32Array(product(shape));
  for (const { name, view } of parts) {
    const values = stored(name);
    let at = 0;
    for (const element of elements(view.shape, view.strides, view.start)) {
      all[element] = undone(values[at++]!, view.apply, of, file);
    }
  }
  return all;
}

/** What an element was before the arithmetic of its view. */
function undone(value: number, steps: readonly Step[], of: string, file: string): number {
  return steps.reduceRight((x, [op, , by = 0, side = 'right']) => {
    const before = inverses[op]?.(x, by, side);
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
  add: (x, by) => x - by,
  sub: (x, by, side) => (side === 'right' ? x + by : by - x),
  mul: (x, by) => x / by,
  div: (x, by, side) => (side === 'right' ? x * by : by / x),
};
