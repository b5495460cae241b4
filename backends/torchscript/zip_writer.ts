/** A zip archive as chunks: stored records, each at a multiple of 64 bytes, with checksums computed while they are written. */

import { crc32 } from '../../compiler/bytes/crc32.ts';
import { concatenated, numbers, utf8 } from '../../compiler/bytes/little_endian.ts';
import { Bug } from '../../spec/diagnostic.ts';

export interface ZipRecord {
  readonly name: string;
  /** Exact length of `chunks()`. */
  readonly size: number;
  chunks(): Iterable<Uint8Array>;
}

export interface ZipFile {
  /** Exact length of `chunks()`, known before the first one. */
  readonly size: number;
  chunks(): Iterable<Uint8Array>;
}

const alignment = 64;
/** Sizes and offsets from here on do not fit into the 32 bits of a plain header. */
const zip64Limit = 2 ** 32 - 1;
const signatures = {
  local: 0x04034b50,
  descriptor: 0x08074b50,
  central: 0x02014b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
  end: 0x06054b50,
} as const;
/** Names are UTF-8; the checksum follows the data. */
const flags = 0x0808;

interface Placed {
  readonly record: ZipRecord;
  readonly name: Uint8Array;
  readonly header: number;
  readonly extra: Uint8Array;
  /** Where the data begins, and where the next record does. */
  readonly data: number;
  readonly end: number;
  readonly zip64: boolean;
}

/** Dates are zero, so that equal records make equal archives. Throws a `Bug` when a record has another length than announced. */
export function zipFile(records: readonly ZipRecord[]): ZipFile {
  const placed = placedAll(records);
  const start = placed.at(-1)?.end ?? 0;
  return {
    size:
      start +
      central(
        placed,
        placed.map(() => 0),
      ).length,
    *chunks() {
      const crcs: number[] = [];
      for (const p of placed) {
        yield localHeader(p);
        let crc = 0;
        let size = 0;
        for (const chunk of p.record.chunks()) {
          crc = crc32(chunk, crc);
          size += chunk.length;
          yield chunk;
        }
        const { name, size: promised } = p.record;
        if (size !== promised) throw new Bug(`${name} has ${size} bytes and was to have ${promised}`);
        crcs.push(crc);
        yield descriptor(p, crc);
      }
      yield central(placed, crcs);
    },
  };
}

/** Bytes of an archive with their offset. */
export interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
}

export interface Summed {
  readonly name: string;
  readonly size: number;
  readonly crc: number;
}

/** All bytes that `zipFile` writes around records, and where each record begins. */
export function zipFrame(records: readonly Summed[]): {
  readonly size: number;
  readonly pieces: readonly Piece[];
  readonly starts: ReadonlyMap<string, number>;
} {
  const placed = placedAll(records.map(({ name, size }) => ({ name, size, chunks: () => [] })));
  const crcs = records.map((r) => r.crc);
  const start = placed.at(-1)?.end ?? 0;
  const around = placed.flatMap((p, i) => [
    { at: p.header, bytes: localHeader(p) },
    { at: p.data + p.record.size, bytes: descriptor(p, crcs[i]!) },
  ]);
  const closing = central(placed, crcs);
  return {
    size: start + closing.length,
    pieces: [...around, { at: start, bytes: closing }],
    starts: new Map(placed.map((p) => [p.record.name, p.data])),
  };
}

function placedAll(records: readonly ZipRecord[]): readonly Placed[] {
  const placed: Placed[] = [];
  for (const record of records) placed.push(place(record, placed.at(-1)?.end ?? 0));
  return placed;
}

function central(placed: readonly Placed[], crcs: readonly number[]): Uint8Array {
  const entries = placed.map((p, i) => centralEntry(p, crcs[i]!));
  const length = entries.reduce((sum, e) => sum + e.length, 0);
  return concatenated([...entries, ending(entries.length, length, placed.at(-1)?.end ?? 0)]);
}

function place(record: ZipRecord, header: number): Placed {
  const name = utf8(record.name);
  const zip64 = record.size >= zip64Limit;
  const extra = localExtra(header + 30 + name.length, zip64);
  const data = header + 30 + name.length + extra.length;
  return { record, name, header, extra, data, end: data + record.size + (zip64 ? 24 : 16), zip64 };
}

/** Extra fields that begin at `start`: sizes of 64 bits where needed, and the padding that torch itself writes. */
function localExtra(start: number, zip64: boolean): Uint8Array {
  const sizes = zip64 ? concatenated([numbers(2, 1, 16), numbers(8, 0, 0)]) : new Uint8Array();
  const before = start + sizes.length + 4;
  const pad = (alignment - (before % alignment)) % alignment;
  return concatenated([sizes, utf8('FB'), numbers(2, pad), utf8('Z'.repeat(pad))]);
}

/** Version needed, flags, method, time, date. */
const commonFields = (zip64: boolean): Uint8Array => numbers(2, zip64 ? 45 : 20, flags, 0, 0, 0);

const localHeader = ({ name, extra, zip64 }: Placed): Uint8Array =>
  concatenated([
    numbers(4, signatures.local),
    commonFields(zip64),
    numbers(4, 0, zip64 ? zip64Limit : 0, zip64 ? zip64Limit : 0),
    numbers(2, name.length, extra.length),
    name,
    extra,
  ]);

const descriptor = ({ record, zip64 }: Placed, crc: number): Uint8Array =>
  concatenated([numbers(4, signatures.descriptor, crc), numbers(zip64 ? 8 : 4, record.size, record.size)]);

function centralEntry({ record, name, header, zip64 }: Placed, crc: number): Uint8Array {
  const wide = [...(zip64 ? [record.size, record.size] : []), ...(header >= zip64Limit ? [header] : [])];
  const extra = wide.length > 0 ? [numbers(2, 1, 8 * wide.length), numbers(8, ...wide)] : [];
  const size = zip64 ? zip64Limit : record.size;
  return concatenated([
    numbers(4, signatures.central),
    numbers(2, wide.length > 0 ? 45 : 20),
    commonFields(wide.length > 0),
    numbers(4, crc, size, size),
    numbers(2, name.length, wide.length > 0 ? 4 + 8 * wide.length : 0, 0, 0, 0),
    numbers(4, 0, Math.min(header, zip64Limit)),
    name,
    ...extra,
  ]);
}

/** The end of the archive: the number of entries, the length of their directory, and where it begins. */
function ending(entries: number, length: number, start: number): Uint8Array {
  const wide = entries >= 0xffff || start >= zip64Limit || length >= zip64Limit;
  const end64 = concatenated([
    numbers(4, signatures.end64),
    numbers(8, 44),
    numbers(2, 45, 45),
    numbers(4, 0, 0),
    numbers(8, entries, entries, length, start),
    numbers(4, signatures.locator64, 0),
    numbers(8, start + length),
    numbers(4, 1),
  ]);
  const shortCount = Math.min(entries, 0xffff);
  return concatenated([
    ...(wide ? [end64] : []),
    numbers(4, signatures.end),
    numbers(2, 0, 0, shortCount, shortCount),
    numbers(4, Math.min(length, zip64Limit), Math.min(start, zip64Limit)),
    numbers(2, 0),
  ]);
}
