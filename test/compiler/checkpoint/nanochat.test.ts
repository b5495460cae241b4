/** nanochat's generations, told apart by keys, shapes and the meta file; and what must be right in that file. */

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Checkpoint, Json, JsonObject, LazyTensor } from '../../../compiler/checkpoint/checkpoint.ts';
import { openFile } from '../../../compiler/checkpoint/file_node.ts';
import { findGeneration, nanochatConfig } from '../../../compiler/checkpoint/nanochat.ts';
import { openCheckpoint } from '../../../compiler/checkpoint/open_checkpoint.ts';
import { contiguousStrides } from '../../../compiler/checkpoint/place_tensor.ts';
import { parseJson } from '../../../compiler/checkpoint/strict_json.ts';
import { refusal } from '../../harness/refusal.ts';

const golden = fileURLToPath(new URL('../../fixtures/golden/', import.meta.url));

const tensorsOf = (shapes: Readonly<Record<string, readonly number[]>>): ReadonlyMap<string, LazyTensor> =>
  new Map(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      {
        name,
        dtype: 'float32',
        shape,
        strides: contiguousStrides(shape),
        start: 0,
        storage: { file: 'model.pt', offset: 0, bytes: 0, label: 'data/0', open: () => openFile('model.pt') },
      },
    ]),
  );

const base = {
  'transformer.wte.weight': [128, 16],
  'transformer.h.0.attn.c_q.weight': [16, 16],
  'lm_head.weight': [128, 16],
};

function generation(
  more: Readonly<Record<string, readonly number[]>>,
  config: JsonObject = {},
  meta?: JsonObject,
) {
  const tensors = tensorsOf({ ...base, ...more });
  const checkpoint: Checkpoint = {
    format: 'x',
    path: 'x',
    files: [],
    tensors,
    config,
    ...(meta && { meta }),
  };
  return findGeneration(checkpoint);
}

const summary = (found: ReturnType<typeof findGeneration>): string =>
  !found
    ? 'none'
    : 'spec' in found
      ? found.spec
      : 'refused' in found
        ? `refused ${found.refused}`
        : found.ambiguous.join('|');

test('the golden fixtures are recognised', () => {
  const seen = readdirSync(golden)
    .filter((name) => name.startsWith('nanochat-'))
    .map((name) => `${name}: ${summary(findGeneration(openCheckpoint(`${golden}${name}`)))}`);
  assert.equal(seen, [
    'nanochat-g1-mha: nanochat_2025_10',
    'nanochat-g1p-gqa-mixed: nanochat_2025_10',
    'nanochat-g2-origmod: nanochat_2026_01_lambdas',
    'nanochat-g3-window: nanochat_2026_01_windows',
    'nanochat-g4-valueembed: nanochat_2026_01|nanochat_2026_03_softcap20',
    'nanochat-g5-softcap20: nanochat_2026_01|nanochat_2026_03_softcap20',
    'nanochat-g6-mha: nanochat_2026_03_09',
    'nanochat-g7-gqa-bf16-sft: nanochat_2026_03',
    'nanochat-g7-mha-t300: nanochat_2026_03',
  ]);
});

test('other families are not', () => {
  for (const name of ['nanogpt-bias/ckpt.pt', 'llama2c-gqa/ckpt.pt', 'qwen3', 'llama32-ropescaling'])
    assert.is(findGeneration(openCheckpoint(`${golden}${name}`)), undefined);
});

test('generations that lived for hours are refused by name', () => {
  assert.match(
    summary(generation({ 'bigram_embed.embed.weight': [5, 1] })),
    /refused bigram_embed generation/,
  );
  assert.match(
    summary(generation({ v0_lambdas: [1], resid_lambdas: [1] })),
    /refused value_embed and v0_lambdas states/,
  );
  assert.match(summary(generation({ 'value_embed_A.weight': [128, 4] })), /refused value_embed/);
  assert.match(
    summary(generation({ 'transformer.h.0.attn.ve_gate.weight': [1, 7] })),
    /refused ve_gate of shape \[1, 7\]/,
  );
});

test('a missing window pattern means full attention, as in nanochat itself', () => {
  assert.is(summary(generation({ resid_lambdas: [1] })), 'nanochat_2026_01_lambdas');
  assert.is(
    summary(generation({ resid_lambdas: [1] }, { window_pattern: 'SL' })),
    'nanochat_2026_01_windows',
  );
});

test('only base_train options older than fp8 prove the softcap', () => {
  const gate = { 'transformer.h.0.attn.ve_gate.weight': [1, 32] };
  const both = 'nanochat_2026_01|nanochat_2026_03_softcap20';
  const by = (options: Json): string => summary(generation(gate, {}, { user_config: options }));
  assert.is(by({ depth: 4 }), 'nanochat_2026_01');
  assert.is(by({ depth: 4, fp8: false }), both);
  assert.is(by({ run: 'sft' }), both);
  assert.is(by({}), both);
  assert.is(by('depth'), both);
  assert.is(summary(generation(gate)), both);
});

const config = { sequence_len: 8, vocab_size: 100, n_layer: 1, n_head: 2, n_kv_head: 2, n_embd: 16 };
const where = { configFile: 'meta_000001.json', path: '/x/meta_000001.json' };
const checked = (changes: JsonObject, tensors = tensorsOf(base)): JsonObject =>
  nanochatConfig({ ...config, ...changes }, tensors, where);
const problem = (changes: JsonObject, tensors = tensorsOf(base)): string =>
  refusal(() => checked(changes, tensors)).diagnostics.map((d) => `${d.code} ${d.message}`)[0]!;

test('the padded vocabulary is read off the embedding when it is a believable padding', () => {
  assert.is(checked({})['padded_vocab_size'], 128);
  assert.is(checked({ vocab_size: 128 })['padded_vocab_size'], 128);
  assert.is(checked({ vocab_size: 60 })['padded_vocab_size'], undefined);
  assert.is(checked({ vocab_size: 300 })['padded_vocab_size'], undefined);
  assert.is(checked({ padded_vocab_size: 200 })['padded_vocab_size'], 200);
});

test('a config that is incomplete or no config of these weights is refused', () => {
  for (const key of Object.keys(config)) {
    assert.match(problem({ [key]: null }), new RegExp(`^N611 meta_000001.json has no ${key} `));
    for (const wrong of ['2', 1.5, -1, 0, true, [2]])
      assert.match(problem({ [key]: wrong }), new RegExp(`^N613 ${key} is`));
  }
  assert.match(problem({ n_layer: 2 }), /N612 meta_000001.json says n_layer is 2; .* no transformer.h.1/);
  assert.match(problem({ n_layer: 1e9 }), /N612 .* no transformer.h.1/);
  const deep = tensorsOf({ ...base, 'transformer.h.2.attn.c_q.weight': [16, 16] });
  assert.match(problem({ n_layer: 1 }, deep), /N612 .* transformer.h.2.attn.c_q.weight too/);
  assert.match(problem({ n_layer: 3 }, deep), /N612 .* no transformer.h.1/);
});

test('heads that do not divide and patterns of other letters are refused', () => {
  assert.match(problem({ n_head: 3, n_kv_head: 3 }), /^N613 n_head is 3 in .* n_embd, 16/);
  assert.match(problem({ n_head: 4, n_kv_head: 3 }), /^N613 n_kv_head is 3 in .* n_head, 4/);
  for (const wrong of ['SXL', '', 7, ['S']])
    assert.match(problem({ window_pattern: wrong }), /^N613 window_pattern is .* letters S and L/);
  assert.is(checked({ window_pattern: 'sL' })['window_pattern'], 'sL');
  assert.is(checked({ window_pattern: null })['window_pattern'], null);
});

test('the bare NaN of Python is read as null and its Infinity as such, but not inside texts', () => {
  const text = '{"val_bpb": NaN, "best": -Infinity, "worst": Infinity, "note": "NaN, \\"Infinity"}';
  assert.equal(parseJson(text, { python: true }), {
    value: { val_bpb: null, best: -Infinity, worst: Infinity, note: 'NaN, "Infinity' },
  });
  assert.ok('problem' in parseJson(text));
});

test.run();
