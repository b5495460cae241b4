/** Tells whose data a file beside a model is: a hash of bytes from places all over it, so that nobody has to read all of it. */

import { sha256 } from '../../compiler/bytes/sha256.ts';
import type { Chunk } from './wire.ts';

const prefix = 'nanoc.data_mark.';

/** Key of a data file's mark in the metadata of its model. */
export const markKey = (dataFile: string): string => prefix + dataFile;

/** The data file that a key is of; undefined for another key. */
export const markedFile = (key: string): string | undefined =>
  key.startsWith(prefix) ? key.slice(prefix.length) : undefined;

const places = 256;
const placeBytes = 64;
/** Characters of a mark, by which a model's size is known before its data is. */
const markLength = 32;

const stepOf = (size: number): number => Math.max(placeBytes, Math.floor(size / places));

/** Collects the bytes at the marked places of a file that comes in pieces, one after the other. */
function markOf(size: number) {
  const step = stepOf(size);
  const hash = sha256().update(`${size} bytes\n`);
  let at = 0;
  return {
    take(piece: Uint8Array): void {
      const end = at + piece.length;
      for (let start = step * Math.floor(at / step); start < end; start += step) {
        const [from, to] = [Math.max(start, at), Math.min(start + placeBytes, end)];
        if (from < to) hash.update(piece.subarray(from - at, to - at));
      }
      at = end;
    },
    skipTo(place: number): void {
      at = place;
    },
    text: (): string => hash.hex().slice(0, markLength),
  };
}

/** The mark of a file of which `read` gives any part. */
export function markIn(size: number, read: (at: number, length: number) => Uint8Array): string {
  const mark = markOf(size);
  const step = stepOf(size);
  for (let at = 0; at < size; at += step) {
    mark.skipTo(at);
    mark.take(read(at, Math.min(placeBytes, size - at)));
  }
  return mark.text();
}

/** The mark that a model has for a data file, and that of the bytes there, where those differ; a model of before there were marks has none. */
export function otherMark(
  metadata: ReadonlyMap<string, string>,
  dataFile: string,
  ...[size, read]: Parameters<typeof markIn>
): { readonly expected: string; readonly found: string } | undefined {
  const expected = metadata.get(markKey(dataFile));
  if (expected === undefined) return undefined;
  const found = markIn(size, read);
  return found === expected ? undefined : { expected, found };
}

/** The same bytes, and their mark, which is found while they are written; where it is asked for earlier they are made for it. */
export function marked({ size, bytes }: Chunk): { readonly chunk: Chunk; readonly mark: Chunk } {
  let found: string | undefined;
  function* watched(): Generator<Uint8Array> {
    const mark = markOf(size);
    for (const piece of bytes()) {
      mark.take(piece);
      yield piece;
    }
    found = mark.text();
  }
  const mark: Chunk = {
    size: markLength,
    bytes() {
      if (found === undefined) for (const _ of watched());
      return [new TextEncoder().encode(found)];
    },
  };
  return { chunk: { size, bytes: watched }, mark };
}
