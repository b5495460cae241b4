/** Whatever lies in a checkpoint and its config: a draft parses and checks, or says which part it could not write. */

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Checkpoint, Json, JsonObject, LazyTensor } from '../../compiler/checkpoint/checkpoint.ts';
import { openFile } from '../../compiler/checkpoint/file_node.ts';
import { openCheckpoint } from '../../compiler/checkpoint/open_checkpoint.ts';
import { type Sound, soundDraft } from '../../driver/draft/flat.ts';
import { write } from '../../driver/draft/write.ts';
import { hasErrors, Refusal } from '../../spec/diagnostic.ts';
import { format } from '../../spec/format.ts';
import { parse } from '../../spec/parse.ts';
import { safetensors } from './checkpoint_files.ts';
import { norms, nothingOpen, plainMlp, twoLayers } from './draft_checkpoint.ts';

/** Undefined where there is nothing to draft. */
function sound(checkpoint: Checkpoint): Sound | undefined {
  try {
    return soundDraft(checkpoint, 'drafted');
  } catch (cause) {
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}

function assertSound(checkpoint: Checkpoint): void {
  const found = sound(checkpoint);
  if (!found) return;
  assert.equal(
    found.wrong.map(({ message }) => message),
    [],
  );
  const text = write(found.page);
  const { value, diagnostics } = parse({ name: 'drafted.nanospec', text });
  assert.not(hasErrors(diagnostics));
  assert.is(format(value!), text);
}

const made = (shapes: Readonly<Record<string, readonly number[]>>, config: JsonObject): Checkpoint => {
  const start: LazyTensor[] = Object.entries(shapes).map(([name, shape]) => ({
    name,
    dtype: 'float32',
    shape,
    strides: shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1)),
    start: 0,
    storage: { file: 'none', offset: 0, bytes: 0, label: 'none', open: () => openFile('none') },
  }));
  return {
    format: 'made up',
    path: 'none',
    files: [],
    tensors: new Map(start.map((t) => [t.name, t])),
    config,
  };
};

const unwritable: Readonly<
  Record<string, readonly [shapes: Record<string, readonly number[]>, why: RegExp]>
> = {
  'a tensor with the name of an entry': [{ 'mlp.eps': [1] }, /'eps' already names a config entry/],
  'a member with the name of a kind': [
    { 'attn.Linear.weight': [32, 32] },
    /'Linear', a module of this block/,
  ],
};

for (const [what, [more, why]] of Object.entries(unwritable)) {
  test(`${what} is declared as it is stored, and the draft says why`, () => {
    const shapes = twoLayers({ ...norms, ...plainMlp, ...more });
    const { page, wrong } = soundDraft(openCheckpoint(safetensors(shapes, nothingOpen)), 'drafted');
    assert.equal(wrong, []);
    assert.match(page.lacks[0]!, /^what the model computes; its parts could not be written \(/);
    assert.match(page.lacks[0]!, why);
    const names = Object.keys(shapes).filter((name) => name !== 'wte.weight');
    const text = write(page);
    for (const name of names) assert.ok(text.includes(`from "${name}"`), name);
  });
}

test('lists in lists, as nn.Sequential makes them, are members by another name', () => {
  const layer = (i: number) => ({
    [`layers.${i}.0.norm.weight`]: [32],
    [`layers.${i}.0.to_qkv.weight`]: [96, 32],
    [`layers.${i}.1.0.weight`]: [32],
    [`layers.${i}.1.1.weight`]: [64, 32],
    [`layers.${i}.1.3.weight`]: [32, 64],
  });
  const shapes = {
    'token_emb.weight': [50, 32],
    ...layer(0),
    ...layer(1),
    'out.0.weight': [32],
    'out.1.weight': [50, 32],
  };
  const { page, wrong } = soundDraft(openCheckpoint(safetensors(shapes, { heads: 4 })), 'drafted');
  assert.equal(wrong, []);
  const lacks = [...page.lacks, ...page.blocks.flatMap((block) => block.lacks)];
  for (const part of ['where part_0 goes', 'where part_1 goes', 'where out goes'])
    assert.ok(lacks.includes(part), `${part} in ${lacks.join('; ')}`);
});

const word = fc.constantFrom(
  ...'0 1 2 attn self_attn mlp ff q_proj k_proj v_proj o_proj qkv c_attn c_proj gate up down norm ln_1 norm1 dense'.split(
    ' ',
  ),
  ...'eps dim heads vocab i x cache local rope Linear RMSNorm layer layers weight experts gate_proj lm_head query_key_value'.split(
    ' ',
  ),
);
const leaf = fc.constantFrom('weight', 'bias', 'scale', 'gamma', 'eps', 'sinks');
const size = fc.constantFrom(1, 2, 3, 8, 16, 24, 32, 48, 96);
const shape = fc.array(size, { maxLength: 3 });
const tensor = fc.tuple(fc.array(word, { minLength: 1, maxLength: 3 }), leaf, shape);

const value: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    false,
    0,
    1,
    -1,
    0.5,
    2,
    4,
    7,
    1e-5,
    1e9,
    1e308,
    '',
    'silu',
    'rope',
    'RMSNorm',
    'x"y\\',
  ),
  fc.array(fc.constantFrom<Json>(0, 1, 'full_attention', 'sliding_attention', null), { maxLength: 3 }),
  fc.constantFrom<Json>(
    {},
    { rope_type: 'yarn', factor: 2 },
    { full_attention: { rope_theta: 5 } },
    { factor: 'x' },
  ),
);
const key = fc.constantFrom(
  ...'n_head n_embd head_dim head_size rotary_dim rotary_pct rope_theta rope_parameters rope_scaling layer_types'.split(
    ' ',
  ),
  ...'sliding_window sliding_window_size sliding_window_indices rope_indices rope_local_base_freq n_expert top_k'.split(
    ' ',
  ),
  ...'hidden_act norm_eps norm_class_name mlp_class_name alibi model_type bias tie_word_embeddings intermediate_size'.split(
    ' ',
  ),
  ...'num_key_value_heads vocab_size max_position_embeddings attention_scores_scalar final_logit_softcapping'.split(
    ' ',
  ),
  ...'use_parallel_residual partial_rotary_factor name no_rope_layers rope_condense_ratio text_config'.split(
    ' ',
  ),
);
const config = fc
  .array(fc.tuple(key, value), { maxLength: 10 })
  .map((entries): JsonObject => Object.fromEntries(entries));

test('drafts of tensors of any names and shapes are sound', () => {
  const run = (
    tensors: readonly (readonly [readonly string[], string, readonly number[]])[],
    entries: JsonObject,
  ) => {
    const more = tensors.map(([path, name, sizes]) => [`${path.join('.')}.${name}`, sizes] as const);
    assertSound(made(twoLayers({ ...norms, ...Object.fromEntries(more) }), entries));
  };
  fc.assert(fc.property(fc.array(tensor, { maxLength: 8 }), config, run), { numRuns: 150, seed: 16 });
});

test('drafts beside configs of any entries are sound', () => {
  const shapes = twoLayers({ ...norms, ...plainMlp });
  fc.assert(
    fc.property(config, (entries) => assertSound(made(shapes, { ...nothingOpen, ...entries }))),
    { numRuns: 200, seed: 17 },
  );
});

test.run();
