import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fixture as golden } from '../golden/compile_fixture.ts';
import { safetensors } from './checkpoint_files.ts';
import { draft, norms, nothingOpen, plainMlp, textOf, twoLayers } from './draft_checkpoint.ts';

test('what the files cannot say is listed', async () => {
  const { granted } = await draft(golden('llama2c-gqa'));
  for (const part of [
    /^a rotation pairs neighbours/,
    /base 10000/,
    /^norms without a bias are RMS norms/,
    /^norms add 1e-5/,
    /`1 \+ weight`/,
    /^the activation is silu\(x\), as in Meta's code/,
    /^where the norms stand/,
  ])
    assert.ok(
      granted.some((what) => part.test(what)),
      `${part} in ${granted.join('; ')}`,
    );
  const fused = await draft(golden('hf-phi3'));
  for (const part of [/^qkv_proj holds all queries, then/, /^gate_up_proj holds the gate first/])
    assert.ok(
      fused.granted.some((what) => part.test(what)),
      `${part} in ${fused.granted.join('; ')}`,
    );
});

/** What is known of a family by its name may not hold for a checkpoint that bears it. */
const knownByFamily: Readonly<Record<string, readonly string[]>> = {
  'nanochat-g1-mha': [
    'a rotation pairs number j of a head with number j + head_dim / 2, as Hugging Face does, not neighbours, ' +
      "and turns by minus the angle, as nanochat's code does",
    "queries and keys are normed behind their rotation, as nanochat's code does",
    "embeddings are normed without weights, as nanochat's code does",
    "logits are capped at 15, as nanochat's code does",
    "the activation is square(relu(x)), as in nanochat's code",
    'the branches read rms_norm(x): there are no norms with weights',
    'norms add 2**-23: no entry says their epsilon',
  ],
  'nanochat-g1p-gqa-mixed': ['the vocabulary is padded: 200 of 256 rows are tokens, the rest has no logits'],
  'hf-bloom': [
    "heads lean towards near tokens (ALiBi), as in bloom's code: no entry says so",
    'the slopes of ALiBi are powers of 2 ** (-8 / n), with n the last power of two, and those between them follow, ' +
      "as in BLOOM's code",
    "the activation is gelu_tanh(x), as in bloom's code",
  ],
  'hf-mpt': [
    "the slopes of ALiBi are powers of 2 ** (-lean / n), with n the next power of two: every second comes first, as in MPT's code",
  ],
  'hf-gemma': [
    "a norm multiplies by `1 + weight`, as gemma's code does",
    "embeddings are multiplied by the root of their width, as gemma's code does",
  ],
  'hf-smollm3': ["1 in no_rope_layers stands for a layer that does turn, as SmolLM3's code has it"],
  'hf-exaone4': ["layers without the window do not turn queries and keys, as exaone4's code has it"],
  'hf-glm4': ["a rotation pairs neighbours, as glm4's code does, and turns by plus the angle"],
  'hf-hunyuan-v1-dense': [
    "queries and keys are turned before they are normed, as in hunyuan_v1_dense's code",
  ],
};

for (const [name, wanted] of Object.entries(knownByFamily)) {
  test(`what the family of ${name} does is drafted, and listed`, async () => {
    const { granted } = await draft(golden(name));
    for (const what of wanted) assert.ok(granted.includes(what), `${what} in ${granted.join('; ')}`);
  });
}

test('a draft says that nothing without weights is there but what it has', async () => {
  const { granted } = await draft(golden('hf-gemma2'));
  assert.ok(
    granted.includes(
      'nothing else is there that has no weights: no norm of embeddings, queries, keys or values; no scale of branches or logits',
    ),
    granted.join('; '),
  );
});

test('rows of a table of positions beyond what the config says stand before the first token', async () => {
  const { granted, path } = await draft(golden('hf-opt'));
  const why = 'which has so many rows more than the config says there are positions';
  assert.ok(
    granted.includes(`the first token has row 2 of the table of positions, ${why}`),
    granted.join('; '),
  );
  assert.not.ok(granted.some((what) => what.includes('activation_function')));
  assert.match(textOf(path), 'Embedding(context + 2, dim)');
});

test('an entry that says something by being false is missed, one that says nothing by being true is not', async () => {
  const shapes = twoLayers({
    'ln_1.weight': [32],
    'up.weight': [64, 32],
    'down.weight': [32, 64],
  });
  const config = { ...nothingOpen, do_layer_norm_before: false, scale_attn_weights: true };
  const { missing, granted } = await draft(safetensors(shapes, config));
  assert.equal(missing, ["where the config's do_layer_norm_before = false goes"]);
  assert.not.ok(granted.some((what) => what.includes('scale_attn_weights')));
});

test('whether branches stand side by side is listed where no entry says it', async () => {
  const order = async (name: string): Promise<string | undefined> =>
    (await draft(golden(name))).granted.find((what) => /and mlp/.test(what));
  assert.is(await order('hf-phi'), 'self_attn and mlp read the same, side by side: no entry says so');
  assert.is(await order('hf-llama'), 'self_attn and mlp follow each other: no entry says so');
  assert.is(await order('hf-gpt-neox'), undefined);
});

test('a kind of attention that is not known is missing, and what bounds it', async () => {
  const shapes = twoLayers({ ...norms, ...plainMlp });
  const config = {
    ...nothingOpen,
    layer_types: ['chunked_attention', 'full_attention'],
    attention_chunk_size: 8,
  };
  const { missing } = await draft(safetensors(shapes, config));
  assert.equal(missing, [
    'where the config\'s layer_types = ["chunked_attention","full_attention"] goes',
    "where the config's attention_chunk_size = 8 goes",
    'what layers of the kind "chunked_attention" see; all tokens stand for it',
  ]);
});

test('what is taken for granted of a layer is said of what it has', async () => {
  const { granted } = await draft(golden('hf-mamba'));
  assert.ok(granted.includes('where the norms stand, by their names: norm before mixer'), granted.join('; '));
  assert.ok(
    granted.includes(
      "norms without a bias are RMS norms, as in mamba's code: only their weights are in the file",
    ),
  );
  assert.not.ok(granted.some((what) => /attention|quer(y|ies)|Mlp/.test(what)));
});

test.run();
