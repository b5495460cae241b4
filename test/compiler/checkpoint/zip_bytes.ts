/** Writes zip archives by hand, right ones and ones that lie. */

import { crc32, deflateRawSync } from 'node:zlib';

export interface Part {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** What the directory says instead of the truth. */
  readonly lie?: {
    readonly crc?: number;
    readonly size?: number;
    readonly packed?: number;
    readonly header?: number;
    readonly method?: number;
    readonly flags?: number;
    /** Sizes go into the 64-bit field, with these values. */
    readonly wide?: readonly [size: bigint, packed: bigint];
  };
}

export interface EndLie {
  readonly count?: number;
  readonly start?: number;
  readonly bytes?: number;
  /** A 64-bit end record with these numbers stands before the end. */
  readonly wide?: {
    readonly count: bigint;
    readonly bytes: bigint;
    readonly start: bigint;
    readonly at?: bigint;
  };
}

export function zipBytes(parts: readonly Part[], lie: EndLie = {}): Buffer {
  const pieces: Buffer[] = [];
  const records: Buffer[] = [];
  let at = 0;
  for (const part of parts) {
    const { local, data, central } = entry(part, at);
    pieces.push(local, data);
    records.push(central);
    at += local.length + data.length;
  }
  const directory = Buffer.concat(records);
  return Buffer.concat([...pieces, directory, end(parts.length, directory.length, at, lie)]);
}

function entry({ name, data, deflate = false, lie = {} }: Part, at: number) {
  const raw = Buffer.from(name, 'utf8');
  const packed = deflate ? deflateRawSync(data) : Buffer.from(data);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(deflate ? 8 : 0, 8);
  local.writeUInt16LE(raw.length, 26);
  const extra = lie.wide ? Buffer.alloc(20) : Buffer.alloc(0);
  if (lie.wide) {
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(16, 2);
    extra.writeBigUInt64LE(lie.wide[0], 4);
    extra.writeBigUInt64LE(lie.wide[1], 12);
  }
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(lie.flags ?? 0, 8);
  central.writeUInt16LE(lie.method ?? (deflate ? 8 : 0), 10);
  central.writeUInt32LE(lie.crc ?? crc32(data), 16);
  central.writeUInt32LE(lie.wide ? 0xffffffff : (lie.packed ?? packed.length), 20);
  central.writeUInt32LE(lie.wide ? 0xffffffff : (lie.size ?? data.length), 24);
  central.writeUInt16LE(raw.length, 28);
  central.writeUInt16LE(extra.length, 30);
  central.writeUInt32LE(lie.header ?? at, 42);
  return {
    local: Buffer.concat([local, raw]),
    data: packed,
    central: Buffer.concat([central, raw, extra]),
  };
}

function end(count: number, bytes: number, start: number, lie: EndLie): Buffer {
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(lie.count ?? (lie.wide ? 0xffff : count), 8);
  record.writeUInt16LE(lie.count ?? (lie.wide ? 0xffff : count), 10);
  record.writeUInt32LE(lie.bytes ?? (lie.wide ? 0xffffffff : bytes), 12);
  record.writeUInt32LE(lie.start ?? (lie.wide ? 0xffffffff : start), 16);
  if (!lie.wide) return record;
  const wide = Buffer.alloc(56 + 20);
  wide.writeUInt32LE(0x06064b50, 0);
  wide.writeBigUInt64LE(44n, 4);
  wide.writeBigUInt64LE(lie.wide.count, 24);
  wide.writeBigUInt64LE(lie.wide.count, 32);
  wide.writeBigUInt64LE(lie.wide.bytes, 40);
  wide.writeBigUInt64LE(lie.wide.start, 48);
  wide.writeUInt32LE(0x07064b50, 56);
  wide.writeBigUInt64LE(lie.wide.at ?? BigInt(start + bytes), 64);
  return Buffer.concat([wide, record]);
}
