import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type OnnxOptions, onnxSession } from '../../../runtime/sessions/onnx_node_session.ts';
import type { Diagnostic } from '../../../spec/diagnostic.ts';
import { tensor } from '../../../spec/tensor.ts';
import { refusalOf } from '../../harness/refusal.ts';
import { tinyManifest } from '../tiny_session.ts';

// Made with Python's onnx: x + 1 (float32), i + 2 ** 40 (int64), h + h (float16), not b.
const path = fileURLToPath(new URL('../../fixtures/onnx/four_types.onnx', import.meta.url));
const manifest = { ...tinyManifest({ cache: 'none' }), inputs: [], outputs: [] };

const refused = async (options: Partial<OnnxOptions>): Promise<Diagnostic> =>
  (await refusalOf(onnxSession({ model: path, manifest, ...options }))).diagnostics[0]!;

const feeds = {
  x: tensor('float32', [2], [1.5, -2]),
  i: tensor('int64', [2], [-1, 2 ** 41]),
  h: tensor('float16', [2], [0.25, -3]),
  b: tensor('bool', [2], [1, 0]),
  extra: tensor('bool', [1], [1]),
};

test('carries four kinds of numbers there and back', async () => {
  for (const model of [path, new Uint8Array(readFileSync(path))]) {
    const session = await onnxSession({ model, manifest });
    const { x_out, i_out, h_out, b_out } = await session.run(feeds);
    assert.is([...x_out!.data].join(), '2.5,-1');
    assert.is([...i_out!.data].join(), `${2 ** 40 - 1},${2 ** 41 + 2 ** 40}`);
    assert.is([...h_out!.data].join(), '0.5,-6');
    assert.is([...b_out!.data].join(), '0,1');
    assert.is(h_out!.dtype, 'float16');
    assert.is(i_out!.shape.join(), '2');
    await session.close();
  }
});

test('gives only what is asked for, and passes over names it has not', async () => {
  const session = await onnxSession({ model: path, manifest });
  assert.is(Object.keys(await session.run(feeds, ['i_out', 'logits'])).join(), 'i_out');
  await session.close();
});

test('says how to install what is missing', async () => {
  const { code, hint } = await refused({ load: () => import('onnxruntime-node-is-not-here' as string) });
  assert.is(code, 'N702');
  assert.match(hint ?? '', 'npm install onnxruntime-node');
});

test('names the file that is no model', async () => {
  const { code, file, found } = await refused({ model: fileURLToPath(import.meta.url) });
  assert.is(code, 'N704');
  assert.match(file ?? '', 'onnx_node_session.test.ts');
  assert.ok((found ?? '').length > 0);
  assert.is((await refused({ model: new Uint8Array([1, 2, 3]) })).code, 'N704');
});

test('a device that is not here is refused, not replaced', async () => {
  const { code, hint } = await refused({ device: 'cuda' });
  assert.is(code, 'N703');
  assert.match(hint ?? '', '--device cpu');
  // What is wrong with the model is said of the model, whatever the device.
  assert.is((await refused({ device: 'cuda', model: new Uint8Array([1, 2, 3]) })).code, 'N704');
});

test('bfloat16 at the boundary is refused before it is run', async () => {
  const outputs = [{ name: 'logits', dtype: 'bfloat16', shape: [1] }] as const;
  const { code, found } = await refused({ manifest: { ...manifest, outputs } });
  assert.is(code, 'N704');
  assert.is(found, 'logits is bfloat16');
});

const tasks = '/proc/self/task';
const onLinux = existsSync(tasks) ? test : test.skip;

onLinux('takes as many threads as it is told, or all that the machine has', async () => {
  const added = async (options: Pick<OnnxOptions, 'threads'>): Promise<number> => {
    const before = readdirSync(tasks).length;
    const session = await onnxSession({ model: path, manifest, ...options });
    const count = readdirSync(tasks).length - before;
    await session.close();
    return count;
  };
  await added({}); // what the runtime starts once
  assert.is(await added({ threads: 5 }), 4, 'the calling thread is one of them');
  assert.is(await added({ threads: 1 }), 0);
  assert.is(await added({}), availableParallelism() - 1);
});

test.run();
