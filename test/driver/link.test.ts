/** Models that read their weights in the checkpoint itself. */

import {
  cpSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readModel } from '../../backends/onnx/read_model.ts';
import { fixture, folder, nanoc } from '../cli/run_cli.ts';

/** A copy of a golden checkpoint, which a test may change, and a place for a model. */
function copyOf(name: string) {
  const at = folder();
  const checkpoint = join(at, 'checkpoint');
  cpSync(fixture(name), checkpoint, { recursive: true });
  return { checkpoint, model: join(at, 'm.onnx'), at };
}

const link = (checkpoint: string, model: string, ...more: readonly string[]) =>
  nanoc(['compile', '--checkpoint', checkpoint, '--external', 'link', '-o', model, ...more]);

for (const [name, weights] of [
  ['nanochat-g1-mha', 'model_000000.pt'],
  ['hf-llama', 'model.safetensors'],
] as const)
  test(`a model reads its weights in ${weights}, and is the one that is written otherwise`, async () => {
    const { checkpoint, model, at } = copyOf(name);
    const { code, err } = await link(checkpoint, model);
    assert.is(code, 0, err);
    const linked = join(at, `m.onnx_data_${weights}`);
    assert.is(statSync(linked).ino, statSync(join(checkpoint, weights)).ino);
    assert.match(err, `${linked} is a second name of ${join(checkpoint, weights)}`);
    assert.match(err, 'weights were linked and not read');
    const verified = await nanoc(['verify', model, '--checkpoint', checkpoint]);
    assert.is(verified.code, 0, verified.out + verified.err);
    const inside = readModel(model).initializers.filter(({ file }) => file === linked);
    assert.ok(inside.length > 10);
    // Compiled again over itself, with its links: nothing is left beside, and the checkpoint is whole.
    const before = statSync(join(checkpoint, weights));
    assert.is((await link(checkpoint, model, '--force')).code, 0);
    assert.is(statSync(join(checkpoint, weights)).size, before.size);
    assert.equal(
      readdirSync(at).filter((file) => /partial|replaced/.test(file)),
      [],
    );
    // A model with weights of its own takes the second name away, and no more.
    const written = await nanoc(['compile', '--checkpoint', checkpoint, '-o', model, '--force']);
    assert.is(written.code, 0, written.err);
    assert.not(readdirSync(at).includes(`m.onnx_data_${weights}`));
    assert.is(statSync(join(checkpoint, weights)).size, before.size);
  });

test('a checkpoint that is written into later is noticed', async () => {
  const { checkpoint, model } = copyOf('nanochat-g1-mha');
  assert.is((await link(checkpoint, model)).code, 0);
  const path = join(checkpoint, 'model_000000.pt');
  writeSync(openSync(path, 'r+'), Buffer.alloc(1 << 16, 1), 0, 1 << 16, 1 << 17);
  const { code, err } = await nanoc(['verify', model]);
  assert.is(code, 1);
  assert.match(err, 'error N704: m.onnx_data_model_000000.pt is not the data that m.onnx was written with');
});

for (const [how, back] of [
  ['is gone', () => {}],
  ['leads to that of the model', symlinkSync],
] as const)
  test(`the last name of a checkpoint is kept, where its own ${how}`, async () => {
    const { checkpoint, model, at } = copyOf('hf-llama');
    const [weights, linked] = [
      join(checkpoint, 'model.safetensors'),
      join(at, 'm.onnx_data_model.safetensors'),
    ];
    const before = readFileSync(weights);
    assert.is((await link(checkpoint, model)).code, 0);
    rmSync(weights);
    back(linked, weights);
    const from = existsSync(weights) ? checkpoint : fixture('hf-qwen2');
    const { code, err } = await nanoc([
      'compile',
      '--checkpoint',
      from,
      '-o',
      model,
      '--dtype',
      'f16',
      '--force',
    ]);
    assert.is(code, 0, err);
    assert.ok(readFileSync(linked).equals(before));
    assert.not.match(err, /removed .*safetensors/);
  });

test('weights are read on request, and damage in them is found', async () => {
  const { checkpoint, model } = copyOf('nanochat-g1-mha');
  const path = join(checkpoint, 'model_000000.pt');
  writeSync(openSync(path, 'r+'), Buffer.alloc(64, 0xff), 0, 64, 1 << 18);
  assert.is((await link(checkpoint, model)).code, 0);
  const { code, err } = await link(checkpoint, model, '--force', '--check-weights');
  assert.is(code, 1);
  assert.match(err, /error N604: model_000000.pt: crc of data\/\d+ differs/);
  const sound = copyOf('hf-llama');
  const read = await link(sound.checkpoint, sound.model, '--check-weights');
  assert.is(read.code, 0, read.err);
  assert.not.match(read.err, 'not read');
});

test('what cannot be linked is written, and said with the reason', async () => {
  const { checkpoint, model } = copyOf('hf-mixtral');
  const some = await link(checkpoint, model);
  assert.is(some.code, 0, some.err);
  assert.match(some.err, /warning N514: \d+ of \d+ weights cannot be linked/);
  assert.match(some.err, /found +\d+ stacked of \d+ tensors/);
  assert.match(some.err, /they are written: \d+ bytes of m.onnx_data/);
  const verified = await nanoc(['verify', model]);
  assert.is(verified.code, 0, verified.out);
  const none = await link(checkpoint, model, '--force', '--dtype', 'f16');
  assert.is(none.code, 1);
  assert.match(none.err, /error N514: no weight of this model can be linked/);
  assert.match(none.err, /found +.*\d+ converted from float32 to float16/);
});

test('a target or a layout that cannot link says so', async () => {
  const { checkpoint, at } = copyOf('nanochat-g1-mha');
  const script = await link(checkpoint, join(at, 'm.pt'), '--target', 'torchscript');
  assert.is(script.code, 2);
  assert.match(script.err, /N510: .*external/);
  const layout = await link(checkpoint, join(at, 'web'), '--layout', 'genai');
  assert.is(layout.code, 2, layout.err);
  assert.match(layout.err, 'N510: --layout genai takes no --external link');
});

test('another file system is refused with what to do', async () => {
  const { checkpoint } = copyOf('nanochat-g1-mha');
  const other = '/dev/shm';
  if (!readdirSync('/dev').includes('shm') || statSync(other).dev === statSync(checkpoint).dev) return;
  const model = join(other, `nanoc-test-${process.pid}.onnx`);
  const { code, err } = await link(checkpoint, model);
  assert.is(code, 1);
  assert.match(err, /N505: .*model_000000.pt cannot be linked to/);
  assert.match(err, 'put the model on the file system of the checkpoint');
  assert.equal(
    readdirSync(other).filter((file) => file.startsWith(`nanoc-test-${process.pid}`)),
    [],
  );
});

test.run();
