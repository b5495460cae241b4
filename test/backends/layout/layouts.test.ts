/** Folders for onnxruntime-genai and Triton, held against what their sources read; and what no client can carry. */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readManifest as manifestOf } from '../../../backends/onnx/read_model.ts';
import { folder, lines, nanoc, root, tiny } from '../../cli/run_cli.ts';
import { fixture } from '../../golden/compile_fixture.ts';
import { lettersTokenizer } from '../../harness/letters.ts';
import { small } from '../onnx/small_models.ts';
import { readConfig } from './pbtxt.ts';

const old = ['nanochat_2026_01_windows', '--checkpoint', fixture('nanochat-g3-window')];
const smeared = ['--checkpoint', `${tiny}/base_checkpoints/d4`];
const letters = ['--tokenizer', lettersTokenizer(61)];

async function layOut(layout: string, ...args: string[]): Promise<string> {
  const out = join(folder(), 'laid');
  const ran = await nanoc(['compile', ...args, '--layout', layout, '-o', out]);
  assert.is(ran.code, 0, ran.err);
  return out;
}

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

test('genai: every name of its config is one of the model, and sizes are those of the model', async () => {
  const out = await layOut('genai', ...old, ...letters);
  assert.equal(readdirSync(out).sort(), [
    'genai_config.json',
    'model.onnx',
    'nanoc.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
  const { model, search } = json(join(out, 'genai_config.json'));
  const { inputs, outputs, ports, vocab, context } = manifestOf(join(out, 'model.onnx'));
  const { decoder } = model;
  const filled = (given: Readonly<Record<string, string>>): readonly string[] =>
    Object.values(given).flatMap((name) =>
      name.includes('%d')
        ? Array.from({ length: decoder.num_hidden_layers }, (_, i) => name.replace('%d', String(i)))
        : [name],
    );
  const names = (tensors: readonly { readonly name: string }[]) => tensors.map((t) => t.name).sort();
  assert.equal([...filled(decoder.inputs)].sort(), names(inputs));
  assert.equal([...filled(decoder.outputs)].sort(), names(outputs));
  assert.equal(ports[0]!.shape, [
    'batch_size',
    decoder.num_key_value_heads,
    'past_sequence_length',
    decoder.head_size,
  ]);
  assert.equal([model.vocab_size, model.context_length, search.max_length], [vocab, context, context]);
  assert.equal(
    [model.type, decoder.filename, search.past_present_share_buffer],
    ['decoder', 'model.onnx', false],
  );
  assert.is(decoder.hidden_size, decoder.num_attention_heads * decoder.head_size);
  const run = await nanoc(['run', out, '--prompt', 'ABC', '-n', '4']);
  assert.is(run.code, 0, run.err);
});

for (const cache of ['none', 'dynamic', 'static:32']) {
  test(`triton: the config says what the model takes and gives, with --cache ${cache}`, async () => {
    const out = await layOut('triton', ...smeared, '--cache', cache);
    const name = 'nanochat_2026_03';
    assert.equal(readdirSync(join(out, name)).sort(), ['1', 'config.pbtxt']);
    const config = readConfig(readFileSync(join(out, name, 'config.pbtxt'), 'utf8'));
    const { inputs, outputs } = manifestOf(join(out, name, '1', 'model.onnx'));
    assert.equal([config.name, config.backend, config.max_batch_size], [name, 'onnxruntime', 0]);
    const types = { float32: 'TYPE_FP32', int64: 'TYPE_INT64', bool: 'TYPE_BOOL' } as const;
    for (const [given, own] of [
      [config.input, inputs],
      [config.output, outputs],
    ] as const) {
      const expected = own.map((t) => ({
        name: t.name,
        data_type: types[t.dtype as keyof typeof types],
        dims: t.shape.map((d) => (typeof d === 'number' ? d : -1)),
      }));
      assert.equal(given, expected);
    }
  });
}

test('triton: a TorchScript archive takes one tensor and gives one, under the names its backend wants', async () => {
  const out = await layOut('triton', ...smeared, '--target', 'torchscript', '--cache', 'none');
  const name = 'nanochat_2026_03';
  assert.ok(existsSync(join(out, name, '1', 'model.pt')));
  const config = readConfig(readFileSync(join(out, name, 'config.pbtxt'), 'utf8'));
  assert.is(config.backend, 'pytorch');
  assert.equal(config.input, [{ name: 'INPUT__0', data_type: 'TYPE_INT64', dims: [-1, -1] }]);
  assert.equal(config.output, [{ name: 'OUTPUT__0', data_type: 'TYPE_FP32', dims: [-1, 1, 1024] }]);
});

test('a config with a fault is seen', () => {
  for (const [text, said] of [
    ['nmae: "x"', 'no field named nmae'],
    ['name: x', 'x is no string'],
    ['input [ { dims: [ -1 -1 ] } ]', 'expected ,'],
    ['input { data_type: TYPE_FLOAT }', 'TYPE_FLOAT is no enum'],
    ['name: "a" name: "b"', 'name twice'],
    ['name: [ "a" ]', 'name is no list'],
    ['input { name: "a"', 'no field named undefined'],
  ] as const)
    assert.throws(() => readConfig(text), said);
});

test('what a client cannot carry is refused, and nothing is left', async () => {
  const dir = folder();
  for (const [args, code, said] of [
    [[...smeared, '--layout', 'genai'], 1, 'N511: onnxruntime-genai cannot carry this model'],
    [[...smeared, '--layout', 'genai'], 1, 'past_state.x'],
    [[...smeared, '--layout', 'triton', '--target', 'torchscript'], 1, 'N511: .*backend `pytorch`'],
    [[...smeared, '--layout', 'transformers.js', '--cache', 'static'], 2, '--cache dynamic'],
    [[...smeared, '--layout', 'transformers.js', '--cache', 'none'], 2, '--cache dynamic'],
    [[...smeared, '--layout', 'transformers.js', '--target', 'torchscript'], 2, 'takes no torchscript'],
    [[...smeared, '--layout', 'triton', '--target', 'onnx', '--target', 'torchscript'], 2, 'for one target'],
    [[...smeared, '--layout', 'ollama'], 2, 'plain, transformers.js, genai, triton'],
    [[...old, '--layout', 'transformers.js'], 1, 'N708: --layout transformers.js wants a tokenizer'],
    [
      [...old, '--layout', 'genai', '--tokenizer', `${tiny}/tokenizer`],
      1,
      'N621: the tokenizer does not fit',
    ],
  ] as const) {
    const out = join(dir, 'out');
    const ran = await nanoc(['compile', ...args, '-o', out]);
    assert.is(ran.code, code, ran.err);
    assert.match(ran.err, new RegExp(said));
    assert.not.ok(existsSync(out));
  }
  const file = join(dir, 'file');
  writeFileSync(file, '');
  const onFile = await nanoc(['compile', ...smeared, '--layout', 'transformers.js', '-o', file]);
  assert.match(onFile.err, 'a layout is a folder');
  const latent = 'examples/deepseek_v2';
  const set = Object.entries(small[latent]!).flatMap(([k, v]) => ['--set', `${k}=${v}`]);
  const half = await nanoc([
    'compile',
    `${root}${latent}.nanospec`,
    ...set,
    ...letters,
    '--layout',
    'genai',
    '-o',
    file,
  ]);
  assert.is(half.code, 1);
});

test('a second run over a layout is refused, or told to overwrite', async () => {
  const out = await layOut('transformers.js', ...smeared);
  const again = ['compile', ...smeared, '--layout', 'transformers.js', '-o', out];
  const refused = await nanoc(again);
  assert.is(refused.code, 1);
  assert.match(refused.err, 'N504');
  const before = readFileSync(join(out, 'onnx/model.onnx'));
  assert.is((await nanoc([...again, '--force'])).code, 0);
  assert.ok(readFileSync(join(out, 'onnx/model.onnx')).equals(before));
});

test('nanoc run opens a folder, and says what it looked for in a wrong one', async () => {
  const out = await layOut('transformers.js', ...smeared);
  const ran = await nanoc(['run', out, '--prompt', 'JULIET:', '-n', '3', '--json']);
  assert.is(ran.code, 0, ran.err);
  assert.ok(lines(ran.out).length >= 1);
  const wrong = await nanoc(['run', folder(), '--prompt', 'x']);
  assert.is(wrong.code, 1);
  assert.match(wrong.err, 'onnx/model.onnx');
});

test.run();
