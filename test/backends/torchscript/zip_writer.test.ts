/** The zip writer against Python's own reader, and by its offsets. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ZipRecord, zipFile } from '../../../backends/torchscript/zip_writer.ts';
import { hasPython, inPython } from './in_python.ts';

const record = (name: string, bytes: Uint8Array): ZipRecord => ({
  name,
  size: bytes.length,
  chunks: () => [bytes.subarray(0, 5), bytes.subarray(5)],
});
const bytesOf = (n: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: n }, (_, i) => Math.imul(i + 1, 0x9e3779b1 + seed) >>> 24);

const records = [
  record('archive/version', Buffer.from('10\n')),
  record('archive/data.pkl', bytesOf(517, 1)),
  record('archive/code/ä é.py', Buffer.from('x = 1\n')),
  record('archive/data/0', bytesOf(4096, 2)),
  record('archive/data/1', new Uint8Array()),
  record('archive/data/2', bytesOf(63, 3)),
];

const written = (all: readonly ZipRecord[]): Buffer => Buffer.concat([...zipFile(all).chunks()]);

test('the size is known before the first byte, and the second time the bytes are the same', () => {
  const bytes = written(records);
  assert.is(bytes.length, zipFile(records).size);
  assert.ok(bytes.equals(written(records)));
});

test('data begin at multiples of 64 bytes', () => {
  const bytes = written(records);
  for (const { name, chunks } of records) {
    const data = Buffer.concat([...chunks()]);
    if (data.length < 8) continue;
    assert.is(bytes.indexOf(data) % 64, 0, name);
  }
});

test('a record that is not as long as it said is a bug', () => {
  const short = { ...records[1]!, size: 518 };
  assert.throws(() => written([records[0]!, short]), /archive\/data\.pkl has 517 bytes and was to have 518/);
});

if (hasPython()) {
  test("Python's zipfile finds every record whole, and a flipped bit", () => {
    const script = `
import io, json, sys, zipfile
data = sys.stdin.buffer.read()
z = zipfile.ZipFile(io.BytesIO(data))
changed = bytearray(data)
changed[z.getinfo("archive/data/0").header_offset + 2000] ^= 1
print(json.dumps({
    "bad": z.testzip(), "found": zipfile.ZipFile(io.BytesIO(bytes(changed))).testzip(),
    "names": z.namelist(), "sizes": [i.file_size for i in z.infolist()],
    "dates": sorted({i.date_time for i in z.infolist()}), "stored": all(i.compress_type == 0 for i in z.infolist()),
}))`;
    const seen = inPython(script, written(records));
    assert.equal(seen, {
      bad: null,
      found: 'archive/data/0',
      names: records.map((r) => r.name),
      sizes: records.map((r) => r.size),
      dates: [[1980, 0, 0, 0, 0, 0]],
      stored: true,
    });
  });

  test('a record beyond 4 GiB, and one that begins behind it, are found by 64-bit sizes and offsets', () => {
    const block = new Uint8Array(2 ** 26);
    const big: ZipRecord = {
      name: 'archive/data/0',
      size: 2 ** 32 + 2 ** 26,
      *chunks() {
        for (let i = 0; i < 65; i++) yield block;
      },
    };
    const all = [big, record('archive/data/1', bytesOf(100, 4))];
    const folder = mkdtempSync(join(tmpdir(), 'nanoc-zip-'));
    const small = join(folder, 'small');
    // Zeros are left out of the file that is read, and of what is held.
    const script = `
import io, json, sys, zipfile
head, tail, hole = open(sys.argv[1] + ".head", "rb").read(), open(sys.argv[1] + ".tail", "rb").read(), int(sys.argv[2])
with open(sys.argv[1], "wb") as f:
    f.write(head); f.seek(hole, 1); f.write(tail)
z = zipfile.ZipFile(sys.argv[1])
one, two = z.infolist()
print(json.dumps([one.file_size, two.header_offset, len(z.read(two))]))`;
    try {
      const chunks = [...zipFile(all).chunks()];
      writeFileSync(`${small}.head`, chunks[0]!);
      writeFileSync(`${small}.tail`, Buffer.concat(chunks.slice(1).filter((c) => c !== block)));
      const seen = inPython(script, '', [small, String(big.size)]);
      assert.is(chunks[0]!.length % 64, 0);
      assert.equal(seen, [big.size, chunks[0]!.length + big.size + 24, 100]);
      assert.is(
        chunks.reduce((n, c) => n + c.length, 0),
        zipFile(all).size,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test.run();
