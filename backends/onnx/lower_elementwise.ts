/** Primitives that work on each element alone, in ONNX operators. */

import type { Primitive } from '../../spec/op.ts';
import { dataTypes } from './schema.ts';
import type { Lower, LowerWith, Site, Value } from './site.ts';

/** Lowers to the ONNX operator of the same meaning. */
const same =
  (opType: string): LowerWith<unknown> =>
  ({ writer }, inputs) =>
    writer.node(
      opType,
      inputs.map((x) => x.name),
    );

const isInt = (x: Value): boolean => x.type.dtype === 'int64';

/** Mod has the sign of its divisor for integers only; for floats ONNX defines it otherwise. */
function mod({ writer }: Site, a: Value, b: Value): string {
  if (isInt(a)) return writer.node('Mod', [a.name, b.name]);
  const quotient = writer.node('Floor', [writer.node('Div', [a.name, b.name])]);
  return writer.node('Sub', [a.name, writer.node('Mul', [b.name, quotient])]);
}

export const elementwise = {
  neg: same('Neg'),
  abs: same('Abs'),
  exp: same('Exp'),
  log: same('Log'),
  sqrt: same('Sqrt'),
  rsqrt: ({ writer }, [x]) => writer.node('Reciprocal', [writer.node('Sqrt', [x!.name])]),
  sin: same('Sin'),
  cos: same('Cos'),
  tanh: same('Tanh'),
  sigmoid: same('Sigmoid'),
  relu: ({ writer }, [x]) =>
    isInt(x!) ? writer.node('Max', [x!.name, writer.scalar(0, 'int64')]) : writer.node('Relu', [x!.name]),
  erf: same('Erf'),
  floor: same('Floor'),
  not: same('Not'),
  add: same('Add'),
  sub: same('Sub'),
  mul: same('Mul'),
  div: same('Div'),
  /** Div rounds integers towards zero, so the remainder is subtracted first. */
  floordiv(site, [a, b]) {
    const { writer } = site;
    return isInt(a!)
      ? writer.node('Div', [writer.node('Sub', [a!.name, mod(site, a!, b!)]), b!.name])
      : writer.node('Floor', [writer.node('Div', [a!.name, b!.name])]);
  },
  mod: (site, [a, b]) => mod(site, a!, b!),
  pow: same('Pow'),
  min: same('Min'),
  max: same('Max'),
  eq: same('Equal'),
  lt: same('Less'),
  le: same('LessOrEqual'),
  and: same('And'),
  or: same('Or'),
  where({ writer }, [c, a, b]) {
    if (a!.type.dtype !== 'bool') return writer.node('Where', [c!.name, a!.name, b!.name]);
    const chosen = writer.node('And', [c!.name, a!.name]);
    return writer.node('Or', [chosen, writer.node('And', [writer.node('Not', [c!.name]), b!.name])]);
  },
  cast: ({ writer }, [x], { dtype }) => writer.node('Cast', [x!.name], { to: { i: dataTypes[dtype] } }),
} satisfies Partial<{ [P in Primitive]: Lower<P> }>;
