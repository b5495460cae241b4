/** What streaming holds in memory does not grow with the model; the files are holes, so they take no room on the disk. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inFolder } from '../checkpoint/in_folder.ts';
import { writeSparseTorch } from '../checkpoint/torch_bytes.ts';

const child = fileURLToPath(new URL('stream_child.ts', import.meta.url));

/** Peak resident memory of a process that streams a checkpoint of so many matrices of 20 MB, in MB. */
function peak(matrices: number, mode: 'stream' | 'hold' = 'stream'): number {
  return inFolder({}, (folder) => {
    const path = join(folder, 'model.pt');
    writeSparseTorch(
      path,
      Object.fromEntries(Array.from({ length: matrices }, (_, i) => [`h.${i}.weight`, [1250, 4000]])),
    );
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', child, path, mode], {
      encoding: 'utf8',
    });
    assert.is(status, 0, stderr);
    const { bytes, peak: kilobytes } = JSON.parse(stdout) as { bytes: number; peak: number };
    assert.is(bytes, matrices * 10_000_000 + 20_000_000);
    return kilobytes / 1000;
  });
}

test('400 MB take no more memory than 100 MB', () => {
  const [small, large] = [peak(5), peak(20)];
  assert.ok(large - small < 40, `${small} MB for 100 MB, ${large} MB for 400 MB`);
});

test('a process that kept what it reads would be seen', () => {
  assert.ok(peak(20, 'hold') - peak(5) > 100);
});

test.run();
