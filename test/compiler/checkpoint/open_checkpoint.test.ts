/** From a path to a checkpoint: which file is meant, what lies beside it, and what is said when it is nothing of the kind. */

import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findCheckpoint, openCheckpoint } from '../../../compiler/checkpoint/open_checkpoint.ts';
import { refusal } from '../../harness/refusal.ts';
import { type Files, inFolder } from './in_folder.ts';
import * as pickle from './pickle_bytes.ts';
import { safetensorsBytes, torchBytes, torchZip } from './torch_bytes.ts';
import { zipBytes } from './zip_bytes.ts';

const one = (value: number) => ({ shape: [1], data: Float32Array.of(value) });
const pt = (...names: readonly string[]): Buffer =>
  torchBytes(Object.fromEntries((names.length > 0 ? names : ['w']).map((n) => [n, one(1)])));
const st = (...names: readonly string[]): Buffer =>
  safetensorsBytes(
    Object.fromEntries(
      names.map((n, i) => [n, { dtype: 'F32', shape: [1], data_offsets: [4 * i, 4 * i + 4] }]),
    ),
    Buffer.alloc(4 * names.length),
  );

/** The name of the file that holds the tensors of what is opened. */
const opens = (files: Files, path = '', options: { readonly step?: number } = {}): string =>
  inFolder(files, (folder) => {
    const { tensors } = openCheckpoint(join(folder, path), options);
    return [...tensors.values()][0]!.storage.file.slice(folder.length + 1).replaceAll('\\', '/');
  });

const refuses = (files: Files, path = '', options: { readonly step?: number } = {}): string =>
  inFolder(files, (folder) => {
    const [found] = refusal(() => openCheckpoint(join(folder, path), options)).diagnostics;
    return `${found!.code} ${found!.message} | ${found!.hint ?? ''}`;
  });

test('a nanochat folder: the newest step, or the one asked for; optimiser states are passed over', () => {
  const files = {
    'model_000900.pt': pt(),
    'model_001000.pt': pt(),
    'optim_001000.pt': 'not looked at',
    'optim_002000_rank0.pt': 'neither',
  };
  assert.is(opens(files), 'model_001000.pt');
  assert.is(opens(files, '', { step: 900 }), 'model_000900.pt');
  assert.is(opens(files, 'model_000900.pt'), 'model_000900.pt');
  assert.match(refuses(files, '', { step: 7 }), /N601 no step 7 .* there are 900, 1000/);
  assert.match(refuses(files, 'model_000900.pt', { step: 1000 }), /N510/);
});

test('a folder of models: the deepest that has one', () => {
  const files = { 'd4/model_000001.pt': pt(), 'd20/model_000001.pt': pt(), 'd32/notes.txt': 'no model' };
  assert.is(opens(files), 'd20/model_000001.pt');
});

test("nanochat's own folders: by source, tag and step, as its loader chooses", () => {
  const files = {
    'base_checkpoints/d4/model_000005.pt': pt(),
    'base_checkpoints/d12/model_000005.pt': pt(),
    'chatsft_checkpoints/mine/model_000005.pt': pt(),
    'chatsft_checkpoints/yours/model_000005.pt': pt(),
  };
  inFolder(files, (baseDir) => {
    utimesSync(join(baseDir, 'chatsft_checkpoints/mine'), 2_000_000_000, 2_000_000_000);
    const at = (...parts: readonly string[]): string => join(baseDir, ...parts);
    assert.is(findCheckpoint({ baseDir, source: 'base' }), at('base_checkpoints', 'd12'));
    assert.is(findCheckpoint({ baseDir, source: 'base', tag: 'd4' }), at('base_checkpoints', 'd4'));
    assert.is(findCheckpoint({ baseDir, source: 'sft' }), at('chatsft_checkpoints', 'mine'));
    const refused = (place: Parameters<typeof findCheckpoint>[0]): string =>
      refusal(() => findCheckpoint(place)).diagnostics.map((d) => `${d.message} ${d.hint ?? ''}`)[0]!;
    assert.match(refused({ baseDir, source: 'rl' }), /no rl checkpoints/);
    assert.match(refused({ baseDir, source: 'constructor' }), /no source named/);
    assert.match(refused({ baseDir, source: 'base', tag: 'd5' }), /no model tagged d5.*one of d12, d4/);
    assert.match(refused({ baseDir, source: 'base', step: 9 }), /no step 9/);
  });
});

test('a Hugging Face folder, whole or in shards', () => {
  const config = JSON.stringify({ hidden_size: 8 });
  const whole = { 'config.json': config, 'model.safetensors': st('a'), 'extra.safetensors': st('b') };
  assert.is(opens(whole), 'model.safetensors');
  const shards = {
    'config.json': config,
    'model-00001-of-00002.safetensors': st('a'),
    'model-00002-of-00002.safetensors': st('b', 'c'),
    'model.safetensors.index.json': JSON.stringify({
      weight_map: {
        a: 'model-00001-of-00002.safetensors',
        b: 'model-00002-of-00002.safetensors',
        c: 'model-00002-of-00002.safetensors',
      },
    }),
  };
  inFolder(shards, (folder) => {
    const { format, tensors, config: found, configFile, files } = openCheckpoint(folder);
    assert.is(format, 'sharded safetensors');
    assert.equal([...tensors.keys()], ['a', 'b', 'c']);
    assert.equal([found, configFile, files.length], [{ hidden_size: 8 }, 'config.json', 4]);
  });
  const torch = { 'pytorch_model.bin.index.json': '{"weight_map":{"w":"x.bin"}}', 'x.bin': pt('w') };
  assert.is(opens(torch), 'x.bin');
});

test('an index that lies is refused', () => {
  const index = (map: unknown): Files => ({
    'm.index.json': JSON.stringify({ weight_map: map }),
    'a.safetensors': st('a', 'b'),
  });
  const said = (map: unknown): string => refuses(index(map), 'm.index.json');
  assert.match(said({ a: '../a.safetensors', b: 'a.safetensors' }), /N614 .*not a file beside it/);
  assert.match(said({ a: 'a.safetensors' }), /N614 .*puts b nowhere/);
  assert.match(said({ a: 'a.safetensors', b: 'a.safetensors', c: 'a.safetensors' }), /N614 .*puts c into/);
  assert.match(said({ a: 'gone.safetensors' }), /N601 .*names 1 of \d files that are not there/);
  assert.match(said([]), /N614 .*no "weight_map"/);
  assert.match(
    refuses({ 'm.index.json': '{"weight_map": {"a": 1, "a": 2}}' }, 'm.index.json'),
    /stands twice/,
  );
});

test('wrappers of torch are dropped from names', () => {
  const names = (...stored: readonly string[]): readonly string[] =>
    inFolder({ 'm.pt': pt(...stored) }, (folder) => [...openCheckpoint(join(folder, 'm.pt')).tensors.keys()]);
  assert.equal(names('_orig_mod.a.w', 'module._orig_mod.b', 'c._orig_mod.d', 'e'), ['a.w', 'b', 'c.d', 'e']);
  assert.match(refuses({ 'm.pt': pt('a', '_orig_mod.a') }, 'm.pt'), /two tensors named a/);
});

test('the config: of the same step, in the file, beside it', () => {
  const config = (files: Files, path: string) =>
    inFolder(files, (folder) => {
      const { config: found, configFile, meta } = openCheckpoint(join(folder, path));
      return [found, configFile, meta?.['step']];
    });
  const meta = (n: number): string => JSON.stringify({ step: n, model_config: { n } });
  const files = { 'model_000001.pt': pt(), 'meta_000001.json': meta(1), 'meta_000002.json': meta(2) };
  assert.equal(config(files, 'model_000001.pt'), [{ n: 1 }, 'meta_000001.json', 1]);
  const inside = pickle.bytes(
    pickle.proto,
    pickle.dict(
      [
        pickle.text('model'),
        pickle.dict([pickle.text('w'), pickle.tensor({ key: '0', elements: 0, shape: [0], strides: [1] })]),
      ],
      [pickle.text('model_args'), pickle.dict([pickle.text('n_layer'), pickle.int(3)])],
    ),
    '.',
  );
  assert.equal(config({ 'ckpt.pt': torchZip(inside), 'config.json': '{"n":9}' }, 'ckpt.pt'), [
    { n_layer: 3 },
    'model_args in ckpt.pt',
    undefined,
  ]);
  assert.equal(
    config({ 'x.safetensors': st('a'), 'config.json': '{"n":9}' }, 'x.safetensors')[1],
    'config.json',
  );
  assert.equal(config({ 'x.safetensors': st('a'), 'meta_000002.json': meta(2) }, 'x.safetensors')[2], 2);
  assert.equal(config({ 'x.safetensors': st('a') }, 'x.safetensors')[0], undefined);
  const bare = { 'model_000007.pt': pt('transformer.h.0.attn.c_q.weight') };
  assert.equal(config(bare, 'model_000007.pt'), [{}, 'meta_000007.json (not there)', undefined]);
});

test("litgpt's config, which outranks a config.json beside its own file", () => {
  const yaml = 'name: x\nnorm_eps: 1.0e-05\nbias: false\nsliding_window_indices:\n- 1\n- 0\nhf_config: {}\n';
  const read = (files: Files): unknown =>
    inFolder(files, (folder) => {
      const { config, configFile } = openCheckpoint(folder);
      return [config, configFile];
    });
  const wanted = { name: 'x', norm_eps: 1e-5, bias: false, sliding_window_indices: [1, 0], hf_config: {} };
  const own = { 'lit_model.pth': pt(), 'model_config.yaml': yaml, 'config.json': '{"n":9}' };
  assert.equal(read(own), [wanted, 'model_config.yaml']);
  const others = { 'model.safetensors': st('a'), 'model_config.yaml': yaml, 'config.json': '{"n":9}' };
  assert.equal(read(others), [{ n: 9 }, 'config.json']);
});

test('a YAML config that is none, or one that grows without end, is refused', () => {
  const bomb = [
    'a: &a [x]',
    ...Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*a, *a, *a, *a, *a, *a]`),
  ];
  const nested = bomb.map((line, i) => (i > 1 ? line.replaceAll('*a', `*b${i - 2}`) : line)).join('\n');
  for (const [text, why] of [
    ['a: [1', /N613 model_config.yaml is not valid YAML/],
    ['- 1\n- 2\n', /N613 model_config.yaml is not a mapping/],
    ['', /N613 model_config.yaml is not a mapping/],
    ['a: 1\na: 2\n', /N613 model_config.yaml is not valid YAML/],
    [nested, /N613 model_config.yaml is not valid YAML/],
    ['['.repeat(60_000), /N613 model_config.yaml is not valid YAML/],
    [`x: ${'y'.repeat(100_000)}`, /N613 model_config.yaml has \d+ bytes; 64000 is the limit/],
  ] as const)
    assert.match(refuses({ 'lit_model.pth': pt(), 'model_config.yaml': text }), why);
});

test('a config that cannot be read is refused by its name', () => {
  const said = (meta: string): string => refuses({ 'model_000001.pt': pt(), 'meta_000001.json': meta });
  assert.match(said('{'), /N613 meta_000001.json is not valid JSON/);
  assert.match(said('[]'), /N613 meta_000001.json is not a JSON object/);
  assert.match(said('{"step": 1}'), /N611 meta_000001.json has no model_config/);
  assert.match(said('{"a": 1, "a": 2}'), /N613 .* stands twice/);
  assert.match(said('['.repeat(100_000)), /N613 .*nested more than/);
});

test('what is no checkpoint is called by its name', () => {
  const file = (content: string | Uint8Array, name = 'x.pt'): string => refuses({ [name]: content }, name);
  assert.match(file(''), /N602 x.pt is empty/);
  assert.match(file('\n <!DOCTYPE html><html>'), /N602 .*HTML/);
  assert.match(file('version https://git-lfs.github.com/spec/v1\n'), /N602 .*git-lfs/);
  assert.match(file('GGUF\u0003'), /N602 .*GGUF/);
  assert.match(file(Buffer.from('1f8b08', 'hex')), /N602 .*gzip/);
  assert.match(file('{"a": 1}', 'x.json'), /N602 .*JSON/);
  assert.match(file('hello'), /N602 .*not a checkpoint that nanoc knows/);
  assert.match(file(zipBytes([{ name: 'a/b', data: Buffer.from('x') }])), /N602 .*zip without data.pkl/);
  const script = [{ name: 'm/constants.pkl', data: Buffer.from('x') }];
  assert.match(file(torchBytes({ w: one(1) }, script)), /N602 .*TorchScript/);
  const whole = pickle.bytes(pickle.proto, pickle.global('torch.nn.modules.linear', 'Linear'), ')\x81.');
  assert.match(file(torchZip(whole)), /N622 a whole module was pickled.*nothing was executed/);
  assert.match(file('nonsense', 'x.safetensors'), /N614 .*header/);
});

test('a folder without a checkpoint says what was looked for', () => {
  assert.match(refuses({ 'notes.txt': '' }), /N601 no checkpoint in folder/);
  assert.match(refuses({ 'base_checkpoints/d4/model_000001.pt': pt() }), /one folder deeper/);
  assert.match(refuses({ 'a.pt': pt(), 'b.pt': pt() }), /several checkpoints: a.pt, b.pt/);
  assert.match(refuses({}, 'nowhere'), /N601 no checkpoint at/);
  assert.is(opens({ 'only.pth': pt(), 'optimizer.pt': '', 'notes.txt': '' }), 'only.pth');
});

test('a name that would reach into the terminal is refused', () => {
  for (const name of ['a\u001b[2J', 'a\nb', '\u0000', 'x'.repeat(1001), ''])
    assert.match(refuses({ 'm.pt': pt(name) }, 'm.pt'), /N602 m.pt has a tensor named "/);
  assert.is(opens({ 'm.pt': pt('../../etc') }, 'm.pt'), 'm.pt');
});

test('a safetensors file is one, whatever the length of its header begins with', () => {
  // Of a pickle, a zip, gzip, JSON, a web page, a GGUF file.
  for (const low of [0x80, 0x4b50, 0x8b1f, 0x7b20, 0x213c, 0x4747]) {
    const header = JSON.stringify({ w: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } });
    const length = low + 0x10000 * (low < header.length ? 1 : 0);
    const text = header.padEnd(length, ' ');
    assert.is(text.length & 0xffff, low & 0xffff);
    const file = safetensorsBytes(text, Buffer.alloc(4));
    assert.is(opens({ 'model.bin': file }, 'model.bin'), 'model.bin');
  }
});

test.run();
