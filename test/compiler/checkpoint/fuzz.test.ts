/** Files with one byte changed or cut short: refused, or read as what they hold; a change of a checked byte never goes unseen. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCheckpoint } from '../../../compiler/checkpoint/open_checkpoint.ts';
import { rawBytes } from '../../../compiler/weights/stream.ts';
import { Refusal } from '../../../spec/diagnostic.ts';
import { inFolder } from './in_folder.ts';
import { safetensorsBytes, torchBytes } from './torch_bytes.ts';

type Outcome = 'refused' | 'same' | 'different';

const values = Float32Array.from({ length: 24 }, (_, i) => i / 7);
const original = torchBytes({
  'layers.0.weight': { shape: [2, 12], data: values },
  'layers.1.weight': { shape: [3, 4], strides: [1, 3], start: 2, data: values },
  bias: { type: 'BFloat16Storage', shape: [3], data: Uint16Array.of(1, 2, 3) },
});
const plain = safetensorsBytes(
  {
    'layers.0.weight': { dtype: 'F32', shape: [2, 12], data_offsets: [0, 96] },
    bias: { dtype: 'BF16', shape: [3], data_offsets: [96, 102] },
  },
  Buffer.concat([Buffer.from(values.buffer), Buffer.from('010002000300', 'hex')]),
);

/** All there is to see of a checkpoint. */
function content(path: string): string {
  const lines: string[] = [];
  for (const { name, dtype, shape, ...tensor } of openCheckpoint(path).tensors.values()) {
    const bytes = Array.from(rawBytes({ name, dtype, shape, ...tensor }), (c) =>
      Buffer.from(c).toString('hex'),
    );
    lines.push(`${name} ${dtype} [${shape}] ${bytes.join('')}`);
  }
  return lines.join('\n');
}

function tally(bytes: Buffer, name: string, runs: number): Readonly<Record<Outcome, number>> {
  const seen = { refused: 0, same: 0, different: 0 };
  inFolder({ [name]: bytes }, (folder) => {
    const path = join(folder, name);
    const expected = content(path);
    const look = (changed: Buffer): Outcome => {
      writeFileSync(path, changed);
      try {
        return content(path) === expected ? 'same' : 'different';
      } catch (thrown) {
        if (thrown instanceof Refusal) return 'refused';
        throw thrown;
      }
    };
    const change = fc.record({ at: fc.nat(bytes.length - 1), by: fc.integer({ min: 1, max: 255 }) });
    const cut = fc.record({ length: fc.nat(bytes.length - 1) });
    fc.assert(
      fc.property(fc.oneof({ arbitrary: change, weight: 4 }, { arbitrary: cut, weight: 1 }), (mutation) => {
        const changed = 'length' in mutation ? bytes.subarray(0, mutation.length) : Buffer.from(bytes);
        if ('at' in mutation) changed[mutation.at]! ^= mutation.by;
        seen[look(changed)]++;
      }),
      { numRuns: runs, seed: 20260301 },
    );
  });
  return seen;
}

test('a torch file: every change is refused or changes nothing', () => {
  const { refused, same, different } = tally(original, 'm.pt', 2000);
  assert.is(different, 0, 'the checksums of the archive cover all that is read');
  assert.ok(refused > 500 && same > 100, `${refused} refused, ${same} the same`);
});

test('a torch file without checksums: no change does worse than show', () => {
  const unsummed = Buffer.from(original);
  for (let at = unsummed.indexOf('PK\x01\x02', 0, 'latin1'); at >= 0; ) {
    unsummed.writeUInt32LE(0, at + 16);
    at = unsummed.indexOf('PK\x01\x02', at + 1, 'latin1');
  }
  const { refused, same, different } = tally(unsummed, 'm.pt', 2000);
  assert.ok(refused > 500 && different > 100 && same > 100, `${refused} ${same} ${different}`);
});

test('a safetensors file: no change does worse than show', () => {
  const { refused, different } = tally(plain, 'm.safetensors', 2000);
  assert.ok(refused > 500 && different > 100, `${refused} refused, ${different} different`);
});

test.run();
