/** The nearest of the known names, for "did you mean" hints. */

/** Undefined when nothing is within 0.4 of the word's length, counted in edits and swaps of neighbours. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.floor(word.length * 0.4) + 1;
  for (const name of names) {
    if (Math.abs(name.length - word.length) >= least) continue;
    const edits = distance(word.toLowerCase(), name.toLowerCase(), least);
    if (edits < least) [best, least] = [name, edits];
  }
  return best;
}

export function didYouMean(word: string, names: Iterable<string>): { readonly hint?: string } {
  const near = nearest(word, names);
  return near === undefined ? {} : { hint: `did you mean \`${near}\`?` };
}

/** Damerau and Levenshtein's distance, restricted to neighbours; `limit` where it is no less. */
function distance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let d = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) d = Math.min(d, before[j - 2]! + 1);
      row.push(d);
      least = Math.min(least, d);
    }
    // No later row has less: a swap takes up the row above this one, which has one edit less at best, and costs one.
    if (least >= limit) return limit;
    [before, above] = [above, row];
  }
  return above[b.length]!;
}
