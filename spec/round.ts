/** Rounding of exact results to the dtypes that JavaScript has no arrays for: half and brain floats. */

import type { Tensor } from './tensor.ts';
import type { GraphDType } from './type.ts';

const view = new DataView(new ArrayBuffer(8));
/** Adding and taking away 1.5 * 2**52 rounds a double to a whole number, ties to even. */
const roundToInteger = 6755399441055744;

interface Format {
  /** Bits after the leading one. */
  readonly fraction: number;
  readonly lowestExponent: number;
  readonly largest: number;
}
const formats = {
  float16: { fraction: 10, lowestExponent: -14, largest: 65504 },
  bfloat16: { fraction: 7, lowestExponent: -126, largest: 3.3895313892515355e38 },
} satisfies Partial<Record<GraphDType, Format>>;

function narrow(x: number, f: Format): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  view.setFloat64(0, x);
  const exponent = ((view.getUint32(0) >>> 20) & 0x7ff) - 1023;
  const quantum = 2 ** (Math.max(exponent, f.lowestExponent) - f.fraction);
  const rounded = (x / quantum + roundToInteger - roundToInteger) * quantum;
  if (Math.abs(rounded) > f.largest) return x > 0 ? Infinity : -Infinity;
  return rounded === 0 && x < 0 ? -0 : rounded;
}

/** The nearest value of a float dtype, ties to even; other dtypes pass unchanged. */
export function roundTo(dtype: GraphDType, x: number): number {
  if (dtype === 'float32') return Math.fround(x);
  return dtype === 'float16' || dtype === 'bfloat16' ? narrow(x, formats[dtype]) : x;
}

/** A writer that stores exact results into `t`, rounded once to its dtype. */
export function storeInto(t: Tensor): (index: number, value: number) => void {
  const { data, dtype } = t;
  if (dtype === 'float16' || dtype === 'bfloat16') {
    const format = formats[dtype];
    return (i, v) => {
      data[i] = narrow(v, format);
    };
  }
  return (i, v) => {
    data[i] = v;
  };
}

/** The least finite value of a dtype, which masked scores get. */
export const lowest = (dtype: GraphDType): number =>
  dtype === 'float16' || dtype === 'bfloat16' ? -formats[dtype].largest : -3.4028234663852886e38;
