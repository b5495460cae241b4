/** SentencePiece's unigram model: the segmentation of a text whose scores have the largest sum. */

export interface UnigramModel {
  /** Pieces and scores, in the order of their ids. */
  readonly pieces: readonly (readonly [piece: string, score: number])[];
  readonly unknown: number;
  /** Characters that no piece has are spelled in the pieces of their bytes. */
  readonly byteFallback: boolean;
  /** Pieces that are not text, such as special tokens and bytes. */
  readonly notText: ReadonlySet<string>;
}

/** How far below the score of the worst piece a character without a piece scores. */
const unknownPenalty = 10;

const bytePiece = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;

/** Returns a function from text to ids. */
export function unigram({
  pieces,
  unknown,
  byteFallback,
  notText: apart,
}: UnigramModel): (text: string) => number[] {
  const ids = new Map<string, number>();
  const bytes = new Map<string, number>();
  let [longest, worst] = [1, Number.POSITIVE_INFINITY];
  for (const [id, [piece, score]] of pieces.entries()) {
    if (byteFallback && /^<0x[0-9A-F]{2}>$/.test(piece)) bytes.set(piece, id);
    else if (piece !== '' && id !== unknown && !apart.has(piece)) {
      ids.set(piece, id);
      longest = Math.max(longest, piece.length);
    }
    worst = Math.min(worst, score);
  }
  const inBytes = Array.from({ length: 256 }, (_, b) => bytes.get(bytePiece(b)) ?? unknown);
  const utf8 = new TextEncoder();
  const spelled = (text: string): number[] =>
    bytes.size === 256 ? Array.from(utf8.encode(text), (b) => inBytes[b]!) : [unknown];
  return (text) => {
    const cuts = bestCuts(text, {
      ids,
      longest,
      scoreOf: (id) => pieces[id]![1],
      other: worst - unknownPenalty,
    });
    const out: number[] = [];
    for (const [i, start] of cuts.entries()) {
      const part = text.slice(start, cuts[i + 1] ?? text.length);
      const id = ids.get(part);
      if (id !== undefined) out.push(id);
      // Unknown characters in a row are one token, or all their bytes.
      else if (bytes.size === 256 || out.at(-1) !== unknown)
        for (const token of spelled(part)) out.push(token);
    }
    return out;
  };
}

interface Known {
  readonly ids: ReadonlyMap<string, number>;
  /** Length of the longest piece in UTF-16 units. */
  readonly longest: number;
  readonly scoreOf: (id: number) => number;
  /** Score of a character without a piece. */
  readonly other: number;
}

/** Where the pieces of the best segmentation begin. */
function bestCuts(text: string, { ids, longest, scoreOf, other }: Known): readonly number[] {
  const n = text.length;
  const best = new Float64Array(n + 1).fill(Number.NEGATIVE_INFINITY);
  const from = new Int32Array(n + 1).fill(-1);
  best[0] = 0;
  const reach = (start: number, end: number, score: number): void => {
    if (from[end] !== -1 && best[start]! + score <= best[end]!) return;
    best[end] = best[start]! + score;
    from[end] = start;
  };
  for (let start = 0; start < n; ) {
    const width = text.codePointAt(start)! > 0xffff ? 2 : 1;
    let single = false;
    for (let end = start + width; end <= Math.min(n, start + longest); end++) {
      const id = ids.get(text.slice(start, end));
      if (id === undefined) continue;
      reach(start, end, scoreOf(id));
      single ||= end === start + width;
    }
    if (!single) reach(start, start + width, other);
    start += width;
  }
  const cuts: number[] = [];
  for (let end = n; end > 0; end = from[end]!) cuts.push(from[end]!);
  return cuts.reverse();
}
