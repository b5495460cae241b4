/** Parses the end records and the central directory of a zip, with and without the 64-bit extension. */

import { fileName } from '../bytes/paths.ts';
import { type OpenFile, readAt } from './open_file.ts';
import { refuse } from './refuse.ts';

export interface DirectoryRecord {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Offset of the local header. */
  readonly header: number;
}

export interface Directory {
  readonly records: readonly DirectoryRecord[];
  /** Where the directory begins, that is, where data must have ended. */
  readonly start: number;
}

const limits = { records: 1_000_000, bytes: 256 * 2 ** 20 } as const;

export function readDirectory(file: OpenFile): Directory {
  const { start, bytes, count, end } = findDirectory(file);
  if (start + bytes > end) damaged(file, 'its zip directory lies outside the file');
  if (count > limits.records || bytes > limits.bytes || count * 46 > bytes) {
    damaged(file, `its zip directory of ${count} entries in ${bytes} bytes is not believable`);
  }
  const directory = readAt(file, start, bytes);
  const records: DirectoryRecord[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes || directory.readUInt32LE(at) !== 0x02014b50) {
      damaged(file, `its zip directory breaks off at entry ${i}`);
    }
    const lengths = [28, 30, 32].map((o) => directory.readUInt16LE(at + o));
    const next = at + 46 + lengths.reduce((a, b) => a + b, 0);
    if (next > bytes) damaged(file, `its zip directory breaks off at entry ${i}`);
    records.push(parseRecord(file, directory.subarray(at, next)));
    at = next;
  }
  if (at !== bytes) damaged(file, 'its zip directory has bytes that belong to no entry');
  return { records, start };
}

function parseRecord(file: OpenFile, record: Buffer): DirectoryRecord {
  const nameLength = record.readUInt16LE(28);
  const raw = record.subarray(46, 46 + nameLength);
  const name = raw.toString('utf8');
  if (!Buffer.from(name, 'utf8').equals(raw) || !plainName(name)) {
    damaged(file, `a zip entry is named ${JSON.stringify(name)}, which could lead outside the archive`);
  }
  if (record.readUInt16LE(8) & 0x2041) damaged(file, `zip entry ${JSON.stringify(name)} is encrypted`);
  if (record.readUInt16LE(34) !== 0 && record.readUInt16LE(34) !== 0xffff)
    damaged(file, 'the zip has several parts');
  const extra = record.subarray(46 + nameLength, 46 + nameLength + record.readUInt16LE(30));
  const wide = wideField(extra);
  let used = 0;
  const number = (offset: number): number => {
    const value = record.readUInt32LE(offset);
    if (value !== 0xffffffff) return value;
    if (!wide || used + 8 > wide.length)
      damaged(file, `zip entry ${JSON.stringify(name)} lacks its 64-bit sizes`);
    used += 8;
    return safe(file, wide.readBigUInt64LE(used - 8));
  };
  const size = number(24); // order of the 64-bit field: size, packed size, offset
  const packed = number(20);
  const header = number(42);
  return { name, method: record.readUInt16LE(10), crc: record.readUInt32LE(16), packed, size, header };
}

/** The extra field 0x0001. */
function wideField(extra: Buffer): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1 && at + 4 + length <= extra.length)
      return extra.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  return undefined;
}

interface Place {
  readonly start: number;
  readonly bytes: number;
  readonly count: number;
  /** Where the end records begin. */
  readonly end: number;
}

function findDirectory(file: OpenFile): Place {
  const length = Math.min(file.size, 22 + 0xffff + 20);
  const tail = readAt(file, file.size - length, length);
  for (let at = length - 22; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== 0x06054b50 || at + 22 + tail.readUInt16LE(at + 20) !== length) continue;
    const narrow = {
      count: tail.readUInt16LE(at + 10),
      bytes: tail.readUInt32LE(at + 12),
      start: tail.readUInt32LE(at + 16),
    };
    const end = file.size - length + at;
    if (tail.readUInt16LE(at + 4) !== tail.readUInt16LE(at + 6)) damaged(file, 'the zip has several parts');
    if (at >= 20 && tail.readUInt32LE(at - 20) === 0x07064b50) {
      return widen(file, narrow, safe(file, tail.readBigUInt64LE(at - 12)), end - 20);
    }
    if (narrow.count === 0xffff || narrow.bytes === 0xffffffff || narrow.start === 0xffffffff) {
      damaged(file, 'the zip says it is a 64-bit one but has no 64-bit end record');
    }
    return { ...narrow, end };
  }
  damaged(file, 'the zip is truncated: no directory at its end');
}

/** The 64-bit end record; where the short one gives a number too, both must agree. */
function widen(file: OpenFile, narrow: Omit<Place, 'end'>, at: number, locator: number): Place {
  if (at + 56 > locator) damaged(file, 'the 64-bit end record of the zip lies outside the file');
  const record = readAt(file, at, 56);
  if (record.readUInt32LE(0) !== 0x06064b50) damaged(file, 'the zip has no 64-bit end record where it says');
  const wide = {
    count: safe(file, record.readBigUInt64LE(32)),
    bytes: safe(file, record.readBigUInt64LE(40)),
    start: safe(file, record.readBigUInt64LE(48)),
  };
  const agree =
    [0xffff, wide.count].includes(narrow.count) &&
    [0xffffffff, wide.bytes].includes(narrow.bytes) &&
    [0xffffffff, wide.start].includes(narrow.start);
  if (!agree) damaged(file, 'the two end records of the zip contradict each other');
  return { ...wide, end: at };
}

const plainName = (name: string): boolean =>
  name !== '' && !/[\0\\]/.test(name) && !name.startsWith('/') && !name.split('/').includes('..');

function safe(file: OpenFile, value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    damaged(file, `a size of ${value} bytes in the zip is not believable`);
  return Number(value);
}

function damaged(file: OpenFile, why: string): never {
  refuse('N603', `${fileName(file.path)}: ${why}`, {
    file: file.path,
    hint: 'copy or download the file again',
  });
}
