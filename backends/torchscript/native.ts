/** Composite ops as TorchScript calls; an op missing here is a compile error. */

import type { Node } from '../../compiler/graph/ir.ts';
import { Bug } from '../../spec/diagnostic.ts';
import { constant } from '../../spec/dim.ts';
import type { Attrs, Op } from '../../spec/op.ts';
import { type Composite, isComposite, type ops } from '../../spec/ops/index.ts';
import { isPrimitive } from '../../spec/primitives/index.ts';
import { called, type Expr, float, torch } from './expr.ts';
import { attention, layerNorm, rmsNorm, rotary, softmax } from './functions.ts';
import { type LowerWith, lowerPrimitive } from './lowering.ts';
import type { Site } from './site.ts';

type AttrsOf<C extends Composite> = (typeof ops)[C] extends Op<infer A> ? A : never;

const texts = (site: Site, inputs: Node['inputs']): string[] => inputs.map((x) => site.tensor(x).text);

/** What the type checker misses here is how torch calls the op, or a sentence on why it says its primitives instead. */
interface NativesInBackendsTorchscript
  extends Readonly<{ [C in Composite]: LowerWith<AttrsOf<C>> | string }> {}

const natives: NativesInBackendsTorchscript = {
  append: (site, inputs, { axis }) => torch('cat', `[${texts(site, inputs).join(', ')}]`, String(axis)),
  attention(site, inputs, attrs) {
    const [q, k] = inputs.slice(0, 2).map((x) => constant(site.node(x).type.shape[1]!));
    const half = site.node(inputs[0]!).type.dtype === 'float16';
    const name = site.function(attention(attrs, q !== k, { release: site.release, half }));
    const numbers = [float(attrs.scale), ...(attrs.softcap === null ? [] : [float(attrs.softcap)])];
    return called(name, [...texts(site, inputs), ...numbers]);
  },
  gelu: (site, [x]) => torch('gelu', site.tensor(x!)),
  gelu_tanh: (site, [x]) => torch('gelu', site.tensor(x!), 'approximate="tanh"'),
  layer_norm: (site, inputs, { eps }) =>
    called(site.function(layerNorm), [...texts(site, inputs), float(eps)]),
  linear: (site, inputs) => torch('linear', ...texts(site, inputs)),
  rms_norm: (site, inputs, { eps }) => called(site.function(rmsNorm), [...texts(site, inputs), float(eps)]),
  rotary(site, inputs, { pairing }, { shape }) {
    const pairs = constant(site.node(inputs[1]!).type.shape[3]!)!;
    const name = site.function(rotary(pairing, 2 * pairs !== constant(shape[3]!)));
    return called(name, texts(site, inputs));
  },
  rotary_table: 'it is made of primitives',
  silu: (site, [x]) => torch('silu', site.tensor(x!)),
  softmax: (site, inputs) => called(site.function(softmax), texts(site, inputs)),
};

/** The node's attributes are those of its op, as the builder saw to. */
const nativeOf = (op: Composite): LowerWith<Attrs> | string =>
  (natives[op] as unknown as LowerWith<Attrs> | string | undefined) ?? 'a plugin added it';

/** True when a node stays one call; otherwise the reason why it is decomposed into primitives. */
export const keepsComposite = ({ op }: Node): boolean | string => {
  const native = nativeOf(op as Composite); // asked of composites only
  return typeof native === 'string' ? native : true;
};

/** A primitive or a composite that stays one call. */
export function lowerOp(node: Node, site: Site): Expr {
  if (isPrimitive(node.op)) return lowerPrimitive(node.op, site, node);
  const expr = isComposite(node.op) ? lowerComposite(node.op, site, node) : undefined;
  if (!expr) throw new Bug(`no TorchScript for ${node.op}`);
  return expr;
}

function lowerComposite(op: Composite, site: Site, { inputs, attrs, type }: Node): Expr | undefined {
  const native = nativeOf(op);
  return typeof native === 'string' ? undefined : native(site, inputs, attrs, type);
}
