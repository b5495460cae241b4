/** What two runs remember, held against each other: a model that is right so far and keeps the wrong past is wrong at the next token. */

import type { ManifestPort } from '../../compiler/ports/manifest.ts';
import { empty, product, type Tensor } from '../../spec/tensor.ts';
import type { Session } from '../sessions/session.ts';
import { compareValues, magnitude } from './compare.ts';
import { type Outcome, rowOf } from './verify_run.ts';

/** One port after the same text, twice. */
export interface PortPair {
  /** The port's output: `present.0.key`. */
  readonly name: string;
  readonly expected: Tensor;
  readonly actual: Tensor;
}

/** What to compare of a port's tensor; all of it by default. */
export type Part = (port: ManifestPort, tensor: Tensor) => Tensor;

const all: Part = (_, tensor) => tensor;

/** The ports that both runs have; a model of another cache form has others, and none is none to compare. */
export function memoryPairs(
  { manifest }: Session,
  expected: Outcome,
  actual: Outcome,
  { of = all, against = all }: { readonly of?: Part; readonly against?: Part } = {},
): readonly PortPair[] {
  return manifest.ports.flatMap((port) => {
    const [a, b] = [expected.memory.get(port.output), actual.memory.get(port.output)];
    if (!a || !b) return [];
    return [{ name: port.output, expected: against(port, a), actual: of(port, b) }];
  });
}

/** A row, or all of them, and these slots of a port that grows or has slots; a state has only its rows. */
export const slotsOf =
  (row: number | undefined, places: readonly number[]): Part =>
  ({ axis }, tensor) => {
    const own = row === undefined ? tensor : rowOf(tensor, row);
    return axis === undefined ? own : placesOf(own, axis, places);
  };

/** Of one axis. */
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

/** The port that is farthest off. */
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
