/** Merges the axes of a strided view into as few as possible. */

import type { LazyTensor } from '../checkpoint/checkpoint.ts';

export interface Axis {
  readonly size: number;
  /** In elements. */
  readonly stride: number;
}

/** Axes of size one left out, neighbours that run on made one. */
export function mergedAxes({ shape, strides }: Pick<LazyTensor, 'shape' | 'strides'>): readonly Axis[] {
  const axes: Axis[] = [];
  for (const [i, size] of shape.entries()) {
    const stride = strides[i]!;
    const before = axes.at(-1);
    if (size === 1) continue;
    if (before && before.stride === stride * size)
      axes[axes.length - 1] = { size: before.size * size, stride };
    else axes.push({ size, stride });
  }
  return axes;
}
