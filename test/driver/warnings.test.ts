/** What is likely to be a mistake is said when compiling, and nothing is said of healthy checkpoints. */

import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findBackend } from '../../backends/index.ts';
import { openCheckpoint } from '../../compiler/checkpoint/open_checkpoint.ts';
import { compile } from '../../compiler/compile.ts';
import { loadSpec } from '../../driver/specs/load_spec.ts';
import { unreadEntries } from '../../driver/specs/unread_entries.ts';
import { fixture, folder, nanoc, root, tiny, written } from '../cli/run_cli.ts';
import * as pickle from '../compiler/checkpoint/pickle_bytes.ts';
import { torchBytes, torchZip } from '../compiler/checkpoint/torch_bytes.ts';
import { zipBytes } from '../compiler/checkpoint/zip_bytes.ts';

const ambiguous: Readonly<Record<string, string>> = {
  'nanochat-g4-valueembed': 'nanochat_2026_01',
  'nanochat-g5-softcap20': 'nanochat_2026_03_softcap20',
};

const healthy = [
  ...readdirSync(`${root}test/fixtures/golden`).map((name) => [fixture(name), ambiguous[name]] as const),
  ...['base', 'chatsft'].map((kind) => [`${tiny}/${kind}_checkpoints/d4`, undefined] as const),
];

/** Warnings of a compile, the bytes read as a backend would. */
function warnings(path: string, spec?: string): readonly string[] {
  const checkpoint = openCheckpoint(path);
  const backend = findBackend('onnx');
  const emitted = { opset: 21, external: 'never', fileName: 'm.onnx' } as const;
  const { value, diagnostics } = compile({
    ...loadSpec(spec, checkpoint),
    checkpoint,
    backendPasses: backend.passes(emitted),
  });
  if (!value) throw new Error(JSON.stringify(diagnostics.map((d) => d.message)));
  for (const { op, attrs } of value.graph.nodes)
    if (op === 'param') for (const _ of value.weights.chunks(String(attrs['name']))) void _;
  return [...diagnostics, ...value.weights.findings(), ...unreadEntries(checkpoint, value.program)].map(
    ({ code, message }) => `${code}: ${message}`,
  );
}

for (const [path, spec] of healthy) {
  test(`nothing is said of ${path.slice(root.length)}`, () => {
    assert.equal(warnings(path, spec), []);
  });
}

/** hf-llama with its config, and its file of tensors, changed. */
function llama(config: Readonly<Record<string, unknown>>, change?: (bytes: Buffer) => void): string {
  const dir = folder();
  cpSync(fixture('hf-llama'), dir, { recursive: true });
  const file = join(dir, 'config.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...config }));
  const weights = join(dir, 'model.safetensors');
  const bytes = readFileSync(weights);
  change?.(bytes);
  writeFileSync(weights, bytes);
  return dir;
}

/** The bytes of a tensor in a safetensors file. */
function tensorOf(bytes: Buffer, name: string): Buffer {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<
    string,
    { data_offsets: [number, number] }
  >; // the format's own
  const [from, to] = header[name]!.data_offsets;
  return bytes.subarray(8 + length + from, 8 + length + to);
}

test('an entry of the config that nothing reads', () => {
  const said = warnings(llama({ attn_logit_softcapping: 30, residual_multiplier: 0.22 }));
  assert.equal(said, [
    'N624: the spec reads nothing of attn_logit_softcapping = 30, residual_multiplier = 0.22',
  ]);
  const idle = { use_cache: false, attention_dropout: 0.1, rope_scaling: null, torch_dtype: 'bfloat16' };
  assert.equal(warnings(llama(idle)), []);
});

test('a head of zeros, tied to the embedding too', () => {
  const zero = (bytes: Buffer): void => void tensorOf(bytes, 'model.embed_tokens.weight').fill(0);
  assert.match(warnings(llama({}, zero)).join(), /N625: model\.embed_tokens\.weight is all zeros/);
  const other = (bytes: Buffer): void => void tensorOf(bytes, 'model.layers.0.mlp.down_proj.weight').fill(0);
  assert.equal(warnings(llama({}, other)), []);
});

test('weights that float32 cannot square', () => {
  const huge = (bytes: Buffer): void =>
    void tensorOf(bytes, 'model.layers.1.mlp.up_proj.weight').writeFloatLE(-1e38, 8);
  assert.match(
    warnings(llama({}, huge)).join(),
    /N625: 1 of the 1536 numbers of model\.layers\.1\.mlp\.up_proj\.weight reach 1\.8e19/,
  );
});

test('a rotation that never turns', () => {
  const base = (rope_theta: number) => warnings(llama({ rope_parameters: { rope_theta } })).join();
  assert.match(base(1e308), 'N627: `base` is 1e+308, which float32 cannot hold');
  assert.match(base(1e20), 'N627: a rotation of base 100000000000000000000: most of its pairs never turn');
  assert.is(base(5e9), '');
});

test('a prefix that a data-parallel run left, and not that of torch.compile', () => {
  const spec = `model m {
    wte.weight: [4, 2]
    forward(tokens: int64[B, T]) -> logits: [B, T, 4] = linear(take(wte.weight, tokens), wte.weight)
  }`;
  const named = (name: string) =>
    warnings(
      written(
        'm.pt',
        torchBytes({ [name]: { shape: [4, 2], data: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]) } }),
      ),
      written('m.nanospec', spec),
    );
  assert.equal(named('wte.weight'), []);
  assert.equal(named('_orig_mod.wte.weight'), []);
  for (const name of ['module.wte.weight', '_orig_mod.module.wte.weight'])
    assert.equal(named(name), ['N626: `module.` is dropped from all names of tensors']);
});

test('a family that was named and does not fit is refused, whatever fits', async () => {
  const at = fixture('hf-qwen3');
  for (const verb of ['compile', 'verify', 'inspect']) {
    const { code, err } = await nanoc([verb, 'nanochat', '--checkpoint', at]);
    assert.is(code, 1, verb + err);
    assert.match(err, 'error N507');
    assert.match(err, 'is no checkpoint of nanochat');
    assert.match(err, 'qwen3 is for it');
  }
  const { code, err } = await nanoc(['compile', 'nanochat', '--checkpoint', fixture('llama2c-gqa')]);
  assert.is(code, 1);
  assert.match(err, 'llama2c is for it');
});

test('two archives in one file are refused', async () => {
  const parts = ['one', 'two'].map((top) => ({
    name: `${top}/data.pkl`,
    data: Uint8Array.of(0x80, 2, 0x7d, 0x2e),
  }));
  const path = written('two.pt', zipBytes(parts));
  const { code, err } = await nanoc(['compile', 'llama', '--checkpoint', path]);
  assert.is(code, 1);
  assert.match(err, 'error N602: two.pt holds two archives: two/data.pkl lies beside one/');
});

test('two models in one archive are refused', async () => {
  const dict = (key: string): Uint8Array => {
    const spec = { key, elements: 2, shape: [1, 2], strides: [2, 1] };
    const [start, end] = ['}(', 'u'];
    return pickle.bytes(start, pickle.text('wte.weight'), pickle.tensor(spec), end);
  };
  const state = (second: string): Uint8Array =>
    pickle.bytes(
      pickle.proto,
      '}(',
      pickle.text('model'),
      dict('0'),
      pickle.text('state_dict'),
      dict(second),
      'u.',
    );
  const storages = ['0', '1'].map((key) => ({ name: `m/data/${key}`, data: new Uint8Array(8) }));
  const { code, err } = await nanoc([
    'compile',
    'llama',
    '--checkpoint',
    written('both.pt', torchZip(state('1'), storages)),
  ]);
  assert.is(code, 1);
  assert.match(err, 'error N602: both.pt holds several models: model, state_dict');
});

test.run();
