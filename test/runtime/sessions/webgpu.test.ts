/** WebGPU without a GPU: onnxruntime-node's own provider over the SwiftShader that Debian's chromium brings. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { columnsOf } from '../../../runtime/cache.ts';
import { compareLogits } from '../../../runtime/verify/compare.ts';
import { rowOf } from '../../../runtime/verify/verify_run.ts';
import { tensor } from '../../../spec/tensor.ts';
import { goldenOf, readFixture } from '../../golden/compile_fixture.ts';

const chromium = '/usr/lib/chromium';
const icd = `${chromium}/vk_swiftshader_icd.json`;
const here = existsSync(icd);
const name = 'nanochat-g7-gqa-bf16-sft';
const child = fileURLToPath(new URL('./webgpu_child.ts', import.meta.url));

function onWebgpu(): { readonly shape: number[]; readonly data: number[]; readonly label: string } {
  const runtime = mkdtempSync(join(tmpdir(), 'nanoc-webgpu-'));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', child, name, 'nanochat_2026_03'],
    {
      env: { ...process.env, VK_ICD_FILENAMES: icd, LD_LIBRARY_PATH: chromium, XDG_RUNTIME_DIR: runtime },
      encoding: 'utf8',
    },
  );
  rmSync(runtime, { recursive: true, force: true });
  assert.is(status, 0, stderr);
  return JSON.parse(stdout);
}

if (!here && process.env['CI'] !== 'true') {
  process.stdout.write(`skipped: no ${icd} (apt-get install chromium)\n`);
  test.skip("a prompt and two steps give nanochat's logits on WebGPU", () => {});
} else {
  test("a prompt and two steps give nanochat's logits on WebGPU", () => {
    assert.ok(here, `CI needs ${icd}: apt-get install chromium`);
    const { shape, data, label } = onWebgpu();
    const actual = tensor('float32', shape, data);
    const expected = columnsOf(rowOf(goldenOf(name).steps.logits!, 0), 0, 3);
    const { abs } = compareLogits(expected, actual, { abs: 0, kl: 0 });
    assert.is(label, 'onnxruntime-node webgpu');
    assert.ok(abs <= readFixture(name).tolerance.atol_float32, `${abs} apart`);
    const shifted = tensor(
      'float32',
      shape,
      data.map((x, i) => (i === 5 ? x + 1e-3 : x)),
    );
    assert.ok(compareLogits(expected, shifted, { abs: 0, kl: 0 }).abs > 2e-4);
  });
}

test.run();
