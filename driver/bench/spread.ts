/** Repeated measurements in three figures: their median, the quartiles around it, and how far apart those are. */

export interface Spread {
  readonly median: number;
  /** The first and the third quartile. */
  readonly low: number;
  readonly high: number;
  /** The distance of the quartiles as a share of the median. */
  readonly share: number;
}

/** Above this share a machine is too noisy to tell one figure from another. */
export const noisyShare = 0.15;

/** Of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => {
    const place = part * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
    return below + (above - below) * (place - Math.floor(place));
  };
  const [low, median, high] = [at(0.25), at(0.5), at(0.75)];
  return { median, low, high, share: median === 0 ? 0 : (high - low) / Math.abs(median) };
}

/** Half the distance of the quartiles: `± 3 %`. */
export const spreadText = ({ share }: Pick<Spread, 'share'>): string => `± ${(50 * share).toFixed(0)} %`;

export const medianOf = (values: readonly number[]): number => spreadOf(values).median;
