/** The index of the largest value, which is the token that greedy decoding chooses. */
export function argmax(values: ArrayLike<number>, start = 0, length = values.length): number {
  let best = 0;
  for (let i = 1; i < length; i++) {
    const value = values[start + i]!;
    if (value > values[start + best]! || Number.isNaN(values[start + best]!)) best = i;
  }
  return best;
}
