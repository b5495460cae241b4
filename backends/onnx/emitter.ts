/** `Emit` over ONNX values, which writes the decomposition of a composite straight into the graph. */

import { Bug } from '../../spec/diagnostic.ts';
import type { Emit, Primitive, PrimitiveAttrs } from '../../spec/op.ts';
import { inferPrimitive } from '../../spec/primitives/index.ts';
import { lowerPrimitive } from './lowering.ts';
import type { Site, Value } from './site.ts';

export const emitter = (site: Site): Emit<Value> => ({
  typeOf: ({ type }) => type,
  make<P extends Primitive>(op: P, inputs: readonly Value[], attrs: PrimitiveAttrs[P]): Value {
    const type = inferPrimitive(
      op,
      inputs.map((x) => x.type),
      attrs,
    );
    if (typeof type === 'string') throw new Bug(`${op}: ${type}`);
    return { name: lowerPrimitive(op, site, inputs, attrs, type), type };
  },
});
