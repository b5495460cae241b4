/** Round numbers along an axis. */

/** From 0 to the first that is not below `most`, at most so many steps of 1, 2 or 5 times a power of ten. */
export function ticksTo(most: number, steps = 5): readonly number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / steps;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * unit).find((n) => n >= rough * (1 - 1e-9)) ?? 10 * unit;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}
