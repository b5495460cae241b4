/** The directory of a zip archive, read from its end and checked against the file; nothing is unpacked. */

import { basename } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { crc32 } from '../bytes/crc32.ts';
import { type OpenFile, readAt } from './open_file.ts';
import { refuse } from './refuse.ts';
import { readDirectory } from './zip_directory.ts';

export interface ZipEntry {
  readonly name: string;
  readonly stored: boolean;
  /** Absolute offset of the first byte of the data. */
  readonly offset: number;
  /** Bytes in the file. */
  readonly packed: number;
  /** Bytes when unpacked. */
  readonly size: number;
  /** Absent where the archive records none. */
  readonly crc?: number;
}

export interface Zip {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** Name of the first entry in the directory. */
  readonly first: string;
}

/** Refuses what a careful writer never makes: doubled names, overlaps, encryption, names that lead elsewhere. */
export function readZip(file: OpenFile): Zip {
  const directory = readDirectory(file);
  const entries = new Map<string, ZipEntry>();
  const sums = directory.records.some((r) => r.crc !== 0);
  for (const { name, header, method, packed, size, crc } of directory.records) {
    if (entries.has(name)) broken(file, `the zip has two entries named ${quote(name)}`);
    if (method !== 0 && method !== 8) broken(file, `${quote(name)} uses zip compression method ${method}`);
    if (method === 0 && packed !== size) broken(file, `the zip gives ${quote(name)} two sizes`);
    const offset = dataStart(file, name, header, directory.start);
    if (packed > directory.start - offset) broken(file, `${quote(name)} reaches past the data of the zip`);
    // torch can be told to write no checksums; it then writes 0 for every entry.
    entries.set(name, { name, stored: method === 0, offset, packed, size, ...(sums && { crc }) });
  }
  const sorted = directory.records
    .map((r) => ({ ...r, end: endOf(entries, r.name) }))
    .sort((a, b) => a.header - b.header);
  for (const [i, entry] of sorted.entries()) {
    const next = sorted[i + 1];
    if (next && entry.end > next.header)
      broken(file, `${quote(entry.name)} and ${quote(next.name)} overlap in the zip`);
  }
  return { entries, first: directory.records[0]?.name ?? '' };
}

/** Bytes of a small entry, unpacked and summed. */
export function readEntry(file: OpenFile, entry: ZipEntry, limit: number): Uint8Array {
  if (entry.size > limit || entry.packed > limit) {
    broken(
      file,
      `${quote(entry.name)} has ${Math.max(entry.size, entry.packed)} bytes; ${limit} is the limit`,
    );
  }
  const raw = readAt(file, entry.offset, entry.packed);
  const bytes = entry.stored ? raw : inflate(file, entry, raw);
  if (entry.crc !== undefined && crc32(bytes) !== entry.crc) {
    refuse('N604', `crc of ${quote(entry.name)} differs from the one the zip records: the file is damaged`, {
      file: file.path,
    });
  }
  return bytes;
}

function inflate(file: OpenFile, entry: ZipEntry, raw: Uint8Array): Uint8Array {
  let bytes: Uint8Array | undefined;
  try {
    bytes = inflateRawSync(raw, { maxOutputLength: entry.size + 1 });
  } catch {
    // Damaged, or longer than declared; one message says both.
  }
  if (bytes?.length !== entry.size)
    broken(file, `${quote(entry.name)} does not unpack to the ${entry.size} bytes that the zip says`);
  return bytes;
}

const endOf = (entries: ReadonlyMap<string, ZipEntry>, name: string): number => {
  const entry = entries.get(name);
  return entry ? entry.offset + entry.packed : 0;
};

/** Only the local header knows where data begins; it must name the same entry. */
function dataStart(file: OpenFile, name: string, header: number, limit: number): number {
  if (header + 30 > limit) broken(file, `${quote(name)} begins past the data of the zip`);
  const local = readAt(file, header, 30);
  const nameBytes = Buffer.from(name, 'utf8');
  const [nameLength, extraLength] = [local.readUInt16LE(26), local.readUInt16LE(28)];
  const fits = header + 30 + nameLength <= limit && nameLength === nameBytes.length;
  if (
    local.readUInt32LE(0) !== 0x04034b50 ||
    !fits ||
    !readAt(file, header + 30, nameLength).equals(nameBytes)
  ) {
    broken(file, `the zip has no header for ${quote(name)} where its directory says`);
  }
  return header + 30 + nameLength + extraLength;
}

const quote = (name: string): string => JSON.stringify(name);

function broken(file: OpenFile, why: string): never {
  refuse('N603', `${basename(file.path)}: ${why}`, {
    file: file.path,
    hint: 'copy or download the file again',
  });
}
