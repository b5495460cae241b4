import { chmodSync, cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { placeNorms } from '../../cli/draft/norms.ts';
import { fixture as golden, open, readFixture } from '../golden/compile_fixture.ts';
import { measure } from '../golden/measure.ts';
import { safetensors } from './checkpoint_files.ts';
import { bytesOf, folder, lines, nanoc } from './run_cli.ts';

const textOf = (path: string): string => bytesOf(path).toString();

test('a spec from the template is canonical, checks, and compiles', async () => {
  const cwd = folder();
  const { code, out, err } = await nanoc(['new', 'my_model'], { cwd });
  assert.is(code, 0, err);
  assert.match(out, 'my_model.nanospec is written');
  const commands = lines(err)
    .filter((line) => line.startsWith('  nanoc '))
    .map((line) => line.trim().split(' ').slice(1));
  assert.is(commands.length, 3, err);
  for (const command of [...commands, ['fmt', '--check', 'my_model.nanospec']]) {
    const ran = await nanoc(command, { cwd });
    assert.is(ran.code, 0, ran.err);
  }
  assert.equal(readdirSync(cwd).sort(), ['my_model.nanospec', 'my_model.onnx']);
  assert.match(textOf(join(cwd, 'my_model.nanospec')), /^## my_model: .*\n.*\nmodel my_model \{/);
});

test('a path puts it into that folder; under --json a line says where it is', async () => {
  const path = join(folder(), 'other.nanospec');
  const { code, out } = await nanoc(['new', path, '--json']);
  assert.equal([code, JSON.parse(out)], [0, { file: path, model: 'other' }]);
  assert.match(textOf(path), 'model other {');
});

test('nothing that is there is written over', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'mine.nanospec'), 'precious');
  for (const more of [[], ['--from-checkpoint', golden('hf-qwen3')]]) {
    const { code, err } = await nanoc(['new', 'mine', ...more], { cwd });
    assert.is(code, 1);
    assert.match(err, 'error N504: mine.nanospec exists');
    assert.is(textOf(join(cwd, 'mine.nanospec')), 'precious');
  }
});

const refused: readonly (readonly [args: readonly string[], code: number, message: RegExp])[] = [
  [['new'], 2, /N510: no name given/],
  [['new', '3d-gpt'], 2, /N510: a model cannot be called "3d-gpt"\nhint: .*: model_3d_gpt/],
  [['new', 'block'], 2, /N510: a model cannot be called "block"/],
  [['new', 'a/b'], 1, /N505: there is no folder a/],
  [['new', 'x', '--from-checkpoint', 'nowhere'], 1, /N601: no checkpoint at nowhere/],
  [['new', 'x', 'y'], 2, /too many arguments/],
];

for (const [args, wanted, message] of refused) {
  test(`nanoc ${args.join(' ')} is refused`, async () => {
    const cwd = folder();
    const { code, err } = await nanoc(args, { cwd });
    assert.is(code, wanted, err);
    assert.match(err, message);
    assert.equal(readdirSync(cwd), []);
  });
}

if (process.getuid?.() !== 0) {
  test('a folder that cannot be written to is said', async () => {
    const cwd = folder();
    chmodSync(cwd, 0o500);
    const { code, err } = await nanoc(['new', 'x'], { cwd });
    assert.is(code, 1);
    assert.match(err, 'error N505: x.nanospec cannot be written');
  });
}

interface Drafted {
  readonly path: string;
  readonly code: number;
  readonly complete: boolean;
  readonly shipped?: string;
  readonly missing: readonly string[];
  readonly granted: readonly string[];
}

interface Answer {
  readonly complete: boolean;
  readonly shipped?: string;
  readonly marks: readonly { readonly line: number; readonly kind: string; readonly what: string }[];
}

async function draft(checkpoint: string): Promise<Drafted> {
  const path = join(folder(), 'drafted.nanospec');
  const { code, out, err } = await nanoc(['new', path, '--json', '--from-checkpoint', checkpoint]);
  const [first = '', ...more] = lines(out);
  assert.equal(more, [], out + err);
  const answer = JSON.parse(first) as Answer; // what the line above has just printed
  const text = textOf(path).split('\n');
  for (const { line, kind } of answer.marks)
    assert.match(text[line - 1]!, kind === 'lacks' ? '# missing: ' : '# taken for granted: ');
  const of = (kind: string): readonly string[] =>
    answer.marks.filter((mark) => mark.kind === kind).map((mark) => mark.what);
  return { ...answer, path, code, missing: of('lacks'), granted: of('assumed') };
}

const unshipped = (name: string): string => `../unshipped/${name}`;

/** What names and shapes tell in full, and the code of others says the same. */
const complete: readonly string[] = [
  ...[
    'hf-bloom',
    'hf-falcon',
    'hf-falcon-grouped',
    'hf-gpt-neox',
    'hf-gpt2',
    'hf-llama',
    'hf-mistral',
    'hf-mixtral',
  ],
  ...['hf-mixtral-window', 'hf-olmo2', 'hf-phi3', 'hf-qwen2', 'hf-qwen3', 'hf-qwen3-moe', 'hf-stablelm'],
  ...['hf-gemma', 'hf-gemma2', 'hf-gemma3', 'hf-olmo3', 'hf-phi', 'hf-smollm3', 'hf-starcoder2'],
  ...[
    'nanochat-g1-mha',
    'nanochat-g1p-gqa-mixed',
    'llama2c-gqa',
    'llama32-ropescaling',
    'nanogpt-bias',
    'nanogpt-nobias',
    'qwen3',
  ],
  ...['hf-arcee', 'hf-gpt-bigcode'].map(unshipped),
  ...['hf-exaone4', 'hf-exaone4-full', 'hf-glm4', 'hf-gptj', 'hf-helium', 'hf-nemotron'],
  ...['hf-persimmon', 'hf-qwen2-moe'].map(unshipped),
  'hf-opt',
];

for (const name of complete) {
  test(`the draft of ${name} is complete and computes what it should`, async () => {
    const { path, code, complete: whole, shipped } = await draft(golden(name));
    assert.is(code, 0);
    assert.ok(whole);
    assert.is(shipped === undefined, name.startsWith('../unshipped/'));
    assert.is((await nanoc(['fmt', '--check', path])).code, 0);
    const allowed = readFixture(name).tolerance.atol_float32;
    const session = await open(golden(name), path);
    const { uncached, cached, sameTokens } = await measure(session, name);
    await session.close();
    assert.ok(uncached <= allowed && cached <= allowed && sameTokens, `${uncached}, ${cached} apart`);
  });
}

test('a draft with one thing changed is seen', async () => {
  const { path } = await draft(golden('hf-phi'));
  const edit = (text: string): string => text.replace('floor(head_dim * part)', 'head_dim');
  assert.is.not(edit(textOf(path)), textOf(path));
  const session = await open(golden('hf-phi'), path, { edit });
  const { uncached } = await measure(session, 'hf-phi');
  await session.close();
  assert.ok(uncached > 1e-2, `only ${uncached} apart`);
});

test('a draft computes what it should when what it misses is written', async () => {
  const { path } = await draft(golden('hf-mpt'));
  const edit = (text: string): string =>
    text
      .replaceAll(/^ *require false, .*\n/gm, '')
      .replace('unbind(Wqkv(x) as', 'unbind(clamp(Wqkv(x), -1.5, 1.5) as');
  const session = await open(golden('hf-mpt'), path, { edit });
  const { uncached, cached } = await measure(session, 'hf-mpt');
  await session.close();
  assert.ok(Math.max(uncached, cached) <= readFixture('hf-mpt').tolerance.atol_float32, `${uncached} apart`);
});

test('of norms on both sides of a branch, the name that says more decides', () => {
  const glm4 = [
    'input_layernorm',
    'post_attention_layernorm',
    'post_self_attn_layernorm',
    'post_mlp_layernorm',
  ];
  assert.equal(placeNorms(glm4).norms, {
    beforeAttention: 'input_layernorm',
    afterAttention: 'post_self_attn_layernorm',
    beforeMlp: 'post_attention_layernorm',
    afterMlp: 'post_mlp_layernorm',
  });
  assert.is(placeNorms(glm4.toSpliced(2, 1)).norms.afterAttention, 'post_attention_layernorm');
});

/** What drafts certainly lack; every tensor is declared all the same. */
const lacking: Readonly<Record<string, readonly string[]>> = {
  'hf-deepseek-v2': ['what SelfAttn computes'],
  'hf-gpt-oss': ['how rotations are slowed (rope_type "yarn")', 'what Mlp computes'],
  'hf-mamba': ['what Mixer computes'],
  'hf-mpt': ["where the config's attn_config.clip_qkv = 1.5 goes"],
  'nanochat-g4-valueembed': [
    'where value_embeds goes',
    'where resid_lambdas goes',
    'where x0_lambdas goes',
    'where ve_gate goes',
  ],
  'hf-granite': ['embedding_multiplier', 'logits_scaling', 'residual_multiplier'].map(
    (key, i) => `where the config's ${key} = ${[3, 2, 0.5][i]} goes`,
  ),
};

for (const [name, missing] of Object.entries(lacking)) {
  test(`the draft of ${name} says what is missing, and refuses to compile`, async () => {
    const { path, code, complete: whole, missing: said } = await draft(golden(name));
    assert.equal([code, whole, said], [0, false, missing]);
    const check = await nanoc(['check', path]);
    assert.is(check.code, 1);
    assert.match(check.err, /error N317: say /);
    const open = textOf(path).replaceAll(/^ *require false, .*\n/gm, '');
    writeFileSync(path, open);
    const compiled = await nanoc([
      'compile',
      path,
      '--checkpoint',
      golden(name),
      '-o',
      path.replace('.nanospec', '.onnx'),
    ]);
    assert.is(compiled.code, 0, compiled.err);
  });
}

test('what the files cannot say is listed', async () => {
  const { granted } = await draft(golden('llama2c-gqa'));
  for (const part of [
    /^a rotation pairs neighbours/,
    /base 10000/,
    /^norms without a bias are RMS norms/,
    /^norms add 1e-5/,
    /`1 \+ weight`/,
    /^the activation is silu: no entry/,
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
  const layer = (i: number) => ({
    [`h.${i}.attn.c_attn.weight`]: [96, 32],
    [`h.${i}.attn.c_proj.weight`]: [32, 32],
    [`h.${i}.ln_1.weight`]: [32],
    [`h.${i}.up.weight`]: [64, 32],
    [`h.${i}.down.weight`]: [32, 64],
  });
  const shapes = { 'wte.weight': [50, 32], ...layer(0), ...layer(1) };
  const config = { n_head: 4, do_layer_norm_before: false, scale_attn_weights: true };
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

test('a kind of attention that is not known is listed', async () => {
  const layer = (i: number) => ({
    [`h.${i}.attn.c_attn.weight`]: [96, 32],
    [`h.${i}.attn.c_proj.weight`]: [32, 32],
    [`h.${i}.mlp.c_fc.weight`]: [64, 32],
    [`h.${i}.mlp.c_proj.weight`]: [32, 64],
  });
  const shapes = { 'wte.weight': [50, 32], ...layer(0), ...layer(1) };
  const config = { n_head: 4, layer_types: ['chunked_attention', 'full_attention'], attention_chunk_size: 8 };
  const { granted } = await draft(safetensors(shapes, config));
  for (const what of [
    'layers of the kind "chunked_attention" see all tokens',
    'entries of the config without a part in it: attention_chunk_size = 8',
  ])
    assert.ok(granted.includes(what), `${what} in ${granted.join('; ')}`);
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

test('without a name it is called as the config says, apart from a spec that ships', async () => {
  const cwd = folder();
  const { code, out, err } = await nanoc(['new', '--from-checkpoint', golden('hf-llama')], { cwd });
  assert.is(code, 0, err);
  assert.match(out, 'my_llama.nanospec is drafted: all 29 tensors have a place; nothing is missing');
  assert.match(err, 'the spec llama, which ships, is for this checkpoint');
});

test('a spec that ships for the family and refuses the checkpoint is not recommended', async () => {
  for (const [name, change, reason] of [
    [
      'hf-llama',
      { rope_parameters: { rope_type: 'dynamic', rope_theta: 10000, factor: 2 } },
      /^N317: .* \(slowing = "dynamic"\)$/,
    ],
    ['hf-falcon', { alibi: true }, /^N612: .*"alibi" = false; the checkpoint says true$/],
  ] as const) {
    const from = folder();
    cpSync(golden(name), from, { recursive: true });
    const config = JSON.parse(textOf(join(from, 'config.json')));
    writeFileSync(join(from, 'config.json'), JSON.stringify({ ...config, ...change }));
    const family = name.replace('hf-', '');
    const cwd = folder();
    const { err } = await nanoc(['new', 'mine', '--from-checkpoint', from], { cwd });
    assert.match(err, `the spec ${family}, which ships, is for this family, but refuses this checkpoint: N`);
    assert.not.match(err, `nanoc compile ${family} `);
    const told = (await nanoc(['new', 'other', '--json', '--from-checkpoint', from], { cwd })).out;
    const { shipped, refused: why } = JSON.parse(told);
    assert.equal([shipped, why.spec], [undefined, family]);
    assert.match(why.reason, reason);
    const ran = await nanoc(['compile', family, '--checkpoint', from, '-o', 'm.onnx'], { cwd });
    assert.is(ran.code, 1);
    assert.match(ran.err, `error ${why.reason.replace(/ \(.*/, '')}`);
  }
});

test('without a config sizes come from shapes, and heads are guessed', async () => {
  const layer = (i: number) => ({
    [`blocks.${i}.attn.q_proj.weight`]: [64, 64],
    [`blocks.${i}.attn.k_proj.weight`]: [32, 64],
    [`blocks.${i}.attn.v_proj.weight`]: [32, 64],
    [`blocks.${i}.attn.o_proj.weight`]: [64, 64],
    [`blocks.${i}.mlp.up.weight`]: [100, 64],
    [`blocks.${i}.mlp.down.weight`]: [64, 100],
    [`blocks.${i}.norm_1.weight`]: [64],
    [`blocks.${i}.norm_2.weight`]: [64],
  });
  const shapes = {
    'embed.weight': [50, 64],
    ...layer(0),
    ...layer(1),
    'head.weight': [50, 64],
    'rope.inv_freq': [8],
  };
  const { granted, missing, code, path } = await draft(safetensors(shapes, {}));
  assert.equal([code, missing], [0, []]);
  assert.ok(
    granted.some((what) => /^a head has 16 numbers/.test(what)),
    granted.join('; '),
  );
  assert.match(textOf(path), 'ignore "rope.inv_freq"');
  assert.match(textOf(path), /hidden += 100\n/);
});

test('parts that only some layers have, and lists with gaps, get conditions', async () => {
  const base = (i: number) => ({
    [`h.${i}.attn.c_attn.weight`]: [96, 32],
    [`h.${i}.attn.c_proj.weight`]: [32, 32],
    [`h.${i}.mlp.c_fc.weight`]: i === 0 ? [64, 32] : [48, 32],
    [`h.${i}.mlp.c_proj.weight`]: i === 0 ? [32, 64] : [32, 48],
    ...(i % 2 === 1 ? { [`h.${i}.extra.weight`]: [3, 32] } : {}),
  });
  const shapes = {
    'wte.weight': [50, 32],
    ...base(0),
    ...base(1),
    ...base(2),
    ...base(3),
    'odd.1.weight': [50, 7],
    'odd.3.weight': [50, 7],
  };
  const { missing, code, path } = await draft(safetensors(shapes, { n_head: 4 }));
  assert.equal([code, missing], [0, ['where odd goes', 'where extra goes']]);
  const text = textOf(path);
  for (const part of [
    'if i < 1 { mlp: Mlp } else { mlp: Mlp2 }',
    'if i % 2 == 1 { extra: Linear(dim, 3) }',
    'odd[i in range(4) if i % 2 == 1]: Linear(7, 50)',
  ])
    assert.ok(text.includes(part), `${part} in ${text}`);
});

test('where the bases of rotations go by the kinds of layers, and there is one kind, its base counts', async () => {
  const layer = (i: number) => ({
    [`h.${i}.attn.c_attn.weight`]: [96, 32],
    [`h.${i}.attn.c_proj.weight`]: [32, 32],
    [`h.${i}.mlp.c_fc.weight`]: [64, 32],
    [`h.${i}.mlp.c_proj.weight`]: [32, 64],
  });
  const shapes = { 'wte.weight': [50, 32], ...layer(0), ...layer(1) };
  const base = async (kind: string): Promise<string | undefined> => {
    const config = {
      n_head: 4,
      layer_types: [kind, kind],
      rope_parameters: { full_attention: { rope_theta: 500 }, sliding_attention: { rope_theta: 70 } },
    };
    const { path, granted } = await draft(safetensors(shapes, config));
    assert.not.ok(granted.some((what) => what.includes('with base 10000')));
    return /_base += (\d+)/.exec(textOf(path))?.[1];
  };
  assert.equal([await base('full_attention'), await base('sliding_attention')], ['500', '70']);
});

test('what stands beside the numbers of a list gets a name of its own', async () => {
  const layer = (i: number) => ({
    [`h.${i}.attn.c_attn.weight`]: [96, 32],
    [`h.${i}.attn.c_proj.weight`]: [32, 32],
    [`h.${i}.moe.experts.0.up.weight`]: [48, 32],
    [`h.${i}.moe.experts.1.up.weight`]: [48, 32],
    [`h.${i}.moe.experts.shift`]: [2],
    [`h.${i}.moe.experts.last.weight`]: [32, 48],
  });
  const shapes = { 'wte.weight': [50, 32], ...layer(0), ...layer(1) };
  const { missing, code, path } = await draft(safetensors(shapes, { n_head: 4 }));
  assert.equal([code, missing], [0, ['what Moe computes']]);
  for (const part of [
    /experts\[i in range\(2\)\]: +Experts/,
    /experts_shift: +\[2\] from "experts.shift"/,
    /experts_last: +Linear\(48, dim\) from "experts.last"/,
  ])
    assert.match(textOf(path), part);
});

const hopeless: Readonly<
  Record<string, readonly [shapes: Readonly<Record<string, readonly number[]>>, message: RegExp]>
> = {
  'no layers': [
    { 'wte.weight': [8, 4] },
    /N513: no spec can be drafted: nothing in it looks like a list of layers/,
  ],
  'a name that is no name': [
    { 'a-b.weight': [8, 4] },
    /N513: no spec can be drafted: no member can be called "a-b.weight"/,
  ],
  'a word of the language': [{ 'block.0.weight': [8, 4] }, /N513: .*"block.0.weight"/],
  'a name of a hundred parts': [{ [Array(100).fill('a').join('.')]: [8, 4] }, /N513: no spec can be drafted/],
};

for (const [what, [shapes, message]] of Object.entries(hopeless)) {
  test(`${what} is refused`, async () => {
    const cwd = folder();
    const { code, err } = await nanoc(['new', 'x', '--from-checkpoint', safetensors(shapes, {})], { cwd });
    assert.is(code, 1);
    assert.match(err, message);
    assert.equal(readdirSync(cwd), []);
  });
}

test.run();
