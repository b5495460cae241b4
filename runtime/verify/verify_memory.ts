/** Compares the memory of two runs, since a model with correct logits and a wrong cache is wrong at the next token. */

import type { ManifestPort } from '../../compiler/ports/manifest.ts';
import type { Session } from '../../compiler/ports/session.ts';
import { empty, product, type Tensor } from '../../spec/tensor.ts';
import { compareValues, magnitude } from './compare.ts';
import { type Outcome, rowOf } from './verify_run.ts';

/** The tensors of one port in two runs of the same text. */
export interface PortPair {
  /** The port's output: `present.0.key`. */
  readonly name: string;
  readonly expected: Tensor;
  readonly actual: Tensor;
}

/** Selects the part of a port's tensor that is compared; all of it by default. */
export type Part = (port: ManifestPort, tensor: Tensor) => Tensor;

const wholeTensor: Part = (_, tensor) => tensor;

/** The ports that both runs have; models with other forms of cache may share none. */
export function memoryPairs(
  { manifest }: Session,
  expected: Outcome,
  actual: Outcome,
  { of = wholeTensor, against = wholeTensor }: { readonly of?: Part; readonly against?: Part } = {},
): readonly PortPair[] {
  return manifest.ports.flatMap((port) => {
    const [a, b] = [expected.memory.get(port.output), actual.memory.get(port.output)];
    if (!a || !b) return [];
    return [{ name: port.output, expected: against(port, a), actual: of(port, b) }];
  });
}

/** Selects one row or all rows, and these slots of a port that has slots or grows; a state has only rows. */
export const slotsOf =
  (row: number | undefined, places: readonly number[]): Part =>
  ({ axis }, tensor) => {
    const own = row === undefined ? tensor : rowOf(tensor, row);
    return axis === undefined ? own : placesOf(own, axis, places);
  };

/** Selects places of one axis. */
function placesOf({ dtype, shape, data }: Tensor, axis: number, places: readonly number[]): Tensor {
  const [outer, inner] = [product(shape.slice(0, axis)), product(shape.slice(axis + 1))];
  const length = shape[axis]!;
  const part = empty(dtype, shape.with(axis, places.length));
  for (let o = 0; o < outer; o++) {
    places.forEach((place, i) => {
      const from = (o * length + place) * inner;
      part.data.set(data.subarray(from, from + inner), (o * places.length + i) * inner);
    });
  }
  return part;
}

export interface PortDifference {
  readonly name: string;
  /** Largest |difference| as a share of the largest number that is expected. */
  readonly share: number;
}

/** The port with the largest difference. */
export function worstPort(pairs: readonly PortPair[]): PortDifference | undefined {
  const found = pairs.map(({ name, expected, actual }) => ({ name, share: shareApart(expected, actual) }));
  return found.reduce<PortDifference | undefined>(
    (worst, d) => (worst && worst.share >= d.share ? worst : d),
    undefined,
  );
}

function shareApart(expected: Tensor, actual: Tensor): number {
  const { abs } = compareValues(expected, actual);
  return abs === 0 ? 0 : abs / magnitude(expected);
}
