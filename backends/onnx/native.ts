/** Composite ops that take fewer ONNX operators than their decomposition has; an op missing here is a compile error. */

import type { Node } from '../../compiler/graph/ir.ts';
import type { Keep } from '../../compiler/passes/decompose_composites.ts';
import { constant, type Dim, product } from '../../spec/dim.ts';
import type { Attrs, Op } from '../../spec/op.ts';
import { type Composite, isComposite, type ops } from '../../spec/ops/index.ts';
import { tensor } from '../../spec/tensor.ts';
import { lowerAttention } from './lower_attention.ts';
import { lowerRotary } from './lower_rotary.ts';
import { reduce } from './lowering.ts';
import { reshape, type Site, type Type, type Value } from './site.ts';
import { isAvailable, type SinceOperator, since } from './versions.ts';

type AttrsOf<C extends Composite> = (typeof ops)[C] extends Op<infer A> ? A : never;

interface Native<A> {
  /** Why a node is decomposed into primitives instead; undefined when it is not. */
  declines?(type: Type, attrs: A, opset: number): string | undefined;
  lower(site: Site, inputs: readonly Value[], attrs: A, type: Type): string;
}

const float32Only = ({ dtype }: Type): string | undefined =>
  dtype === 'float32' ? undefined : `it is computed in float32, and this is ${dtype}`;

const onceAvailable =
  (operator: SinceOperator) =>
  (type: Type, _: unknown, opset: number): string | undefined =>
    isAvailable(operator, opset) ? float32Only(type) : `opset ${opset} is below ${since[operator]}`;

/** The scale that norm operators require: ones, shared by all norms of one width. */
const ones = ({ writer }: Site, width: Dim): string => {
  const n = constant(width)!;
  return writer.shared(`ones[${n}]`, () => tensor('float32', [n], new Float32Array(n).fill(1)));
};

const fixedWidth = (type: Type): string | undefined =>
  constant(type.shape.at(-1)!) === undefined ? 'its width is known only when running' : float32Only(type);

/** x * (sqrt(n) / sqrt(sum(x * x) + n * eps)): one operator on all of x less than the usual spelling. */
function rmsNorm(site: Site, x: Value, eps: number, type: Type): string {
  const { writer, opset } = site;
  const axis = type.shape.length - 1;
  if (isAvailable('RMSNormalization', opset)) {
    const attributes = { axis: { i: axis }, epsilon: { f: eps } };
    return writer.node('RMSNormalization', [x.name, ones(site, type.shape[axis]!)], attributes);
  }
  const n = constant(type.shape[axis]!)!;
  const squares = reduce(site, 'ReduceSumSquare', [x], axis);
  const power = writer.node('Add', [squares, writer.scalar(Math.fround(n * eps), 'float32')]);
  const root = writer.scalar(Math.fround(Math.sqrt(n)), 'float32');
  return writer.node('Mul', [x.name, writer.node('Div', [root, writer.node('Sqrt', [power])])]);
}

/** The weight goes in as torch keeps it; tied ones are one initialiser. */
function linear(site: Site, [x, weight]: readonly Value[], type: Type): string {
  const lead = x!.type.shape.slice(0, -1);
  const rows = reshape(site, x!, [product(lead), x!.type.shape.at(-1)!]);
  const name = site.writer.node('Gemm', [rows.name, weight!.name], { transB: { i: 1 } });
  const flat: Value = { name, type: { ...type, shape: [product(lead), type.shape.at(-1)!] } };
  return reshape(site, flat, type.shape).name;
}

/** What the type checker misses here is how ONNX says the op, or a sentence on why it says its primitives instead. */
interface NativesInBackendsOnnx extends Readonly<{ [C in Composite]: Native<AttrsOf<C>> | string }> {}

const natives: NativesInBackendsOnnx = {
  append: {
    lower: ({ writer }, inputs, { axis }) =>
      writer.node(
        'Concat',
        inputs.map((x) => x.name),
        { axis: { i: axis } },
      ),
  },
  attention: {
    declines: (type) => (type.dtype === 'bfloat16' ? 'bfloat16 is computed in float32' : undefined),
    lower: lowerAttention,
  },
  gelu: {
    declines: onceAvailable('Gelu'),
    lower: ({ writer }, [x]) => writer.node('Gelu', [x!.name]),
  },
  gelu_tanh: {
    declines: onceAvailable('Gelu'),
    lower: ({ writer }, [x]) => writer.node('Gelu', [x!.name], { approximate: { s: 'tanh' } }),
  },
  layer_norm: {
    declines: fixedWidth,
    lower(site, [x], { eps }, { shape }) {
      const attributes = { axis: { i: shape.length - 1 }, epsilon: { f: eps } };
      return site.writer.node('LayerNormalization', [x!.name, ones(site, shape.at(-1)!)], attributes);
    },
  },
  linear: {
    declines: ({ dtype }) => (dtype === 'bfloat16' ? 'bfloat16 is computed in float32' : undefined),
    lower: (site, inputs, _, type) => linear(site, inputs, type),
  },
  rms_norm: {
    declines: fixedWidth,
    lower: (site, [x], { eps }, type) => rmsNorm(site, x!, eps, type),
  },
  rotary: {
    declines: (type) => float32Only(type),
    lower: lowerRotary,
  },
  rotary_table: 'it is made of primitives',
  silu: 'it is two operators',
  softmax: {
    declines: float32Only,
    lower: ({ writer }, [x], _, { shape }) =>
      writer.node('Softmax', [x!.name], { axis: { i: shape.length - 1 } }),
  },
};

/** The entry of an op whose name is known only at run time; the node has that op's own attributes. */
const nativeOf = (op: Composite): Native<Attrs> | string =>
  (natives[op] as unknown as Native<Attrs> | string | undefined) ?? 'a plugin added it';

/** For decompose_composites: which nodes stay, or why not. */
export const keptAt =
  (opset: number): Keep =>
  ({ op, type, attrs }: Node) => {
    if (!isComposite(op)) return true;
    const row = nativeOf(op);
    return typeof row === 'string' ? row : (row.declines?.(type, attrs, opset) ?? true);
  };

/** The name of the result; undefined for an op that is never kept. */
export function lowerComposite(
  op: Composite,
  site: Site,
  inputs: readonly Value[],
  attrs: Attrs,
  type: Type,
): string | undefined {
  const row = nativeOf(op);
  return typeof row === 'string' ? undefined : row.lower(site, inputs, attrs, type);
}
