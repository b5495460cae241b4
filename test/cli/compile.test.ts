import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { safetensors } from './checkpoint_files.ts';
import { bytesOf, fixture, folder, hostile, lines, nanoc, tiny, written } from './run_cli.ts';

const small = ['--set', 'layers=2', '--set', 'dim=64', '--set', 'heads=2', '--set', 'vocab=100'];

test('a checkpoint folder becomes one file, its generation is recognised and the tokenizer lies beside it', async () => {
  const out = join(folder(), 'tiny.onnx');
  const ran = await nanoc(['compile', '--checkpoint', `${tiny}/base_checkpoints/d4`, '-o', out]);
  assert.is(ran.code, 0, ran.err);
  assert.match(ran.out, `${out}: nanochat_2026_03, 1.6M parameters, 7.0 MB, opset 21, dynamic cache`);
  assert.match(ran.err, 'spec: recognised nanochat_2026_03: smear_gate is there');
  const there = readdirSync(dirname(out));
  assert.ok(
    there.includes('tiny.onnx') && there.every((f) => f === 'tiny.onnx' || f.startsWith('tiny.tokenizer')),
  );
  assert.ok(
    bytesOf(`${tiny}/tokenizer/tokenizer.pkl`).equals(bytesOf(join(dirname(out), 'tiny.tokenizer.pkl'))),
  );
});

test('a second run is byte for byte the same, and refused without --force', async () => {
  const [one, two] = [join(folder(), 'm.onnx'), join(folder(), 'm.onnx')];
  const args = ['compile', 'nanochat', '--checkpoint', fixture('nanochat-g7-mha-t300'), '-o'];
  assert.is((await nanoc([...args, one])).code, 0);
  assert.is((await nanoc([...args, two])).code, 0);
  assert.ok(bytesOf(one).equals(bytesOf(two)));
  const again = await nanoc([...args, one]);
  assert.is(again.code, 1);
  assert.match(again.err, `error N504: ${one} exists`);
  assert.match(again.err, '--force');
  assert.is((await nanoc([...args, one, '--force'])).code, 0);
  assert.ok(bytesOf(one).equals(bytesOf(two)));
  assert.equal(readdirSync(dirname(one)), ['m.onnx']);
});

test("a folder as output gets a file of the model's name", async () => {
  const out = folder();
  const ran = await nanoc(['compile', 'nanochat', ...small, '--seed', '3', '-o', `${out}/new/`, '--json']);
  assert.is(ran.code, 0, ran.err);
  assert.equal(readdirSync(join(out, 'new')), ['nanochat_2026_03.onnx']);
  const said = JSON.parse(ran.out);
  assert.is(said.weights, 'random:3');
  assert.is(said.path, join(out, 'new', 'nanochat_2026_03.onnx'));
  assert.equal(said.files, [{ name: 'nanochat_2026_03.onnx', bytes: bytesOf(said.path).length }]);
  const plain = await nanoc(['compile', 'nanochat', ...small, '-o', out]);
  assert.match(plain.out, 'weights are random (seed 0): for trying things out only');
  assert.ok(existsSync(join(out, 'nanochat_2026_03.onnx')));
});

test('an output that cannot be written is refused and leaves nothing', async () => {
  const file = written('file', 'text');
  const device = join(folder(), 'device.onnx');
  symlinkSync('/dev/null', device);
  for (const out of [
    join(file, 'm.onnx'),
    join(file, 'sub/'),
    join(folder(), 'no', 'such', 'm.onnx'),
    '/proc/m.onnx',
    device,
  ]) {
    const ran = await nanoc(['compile', 'nanochat', ...small, '--force', '-o', out]);
    assert.is(ran.code, 1, out);
    assert.match(ran.err, /error N505/);
  }
  assert.not.ok(statSync(device).isFile(), 'a device stays one');
  const taken = folder();
  mkdirSync(join(taken, 'm.onnx', 'inner'), { recursive: true });
  const into = await nanoc(['compile', 'nanochat', ...small, '-o', join(taken, 'm.onnx')]);
  assert.is(into.code, 0, 'an existing folder is a folder');
  assert.equal(readdirSync(dirname(file)), ['file']);
});

test('two generations that no tensor tells apart are both named, and either can be said', async () => {
  const args = ['compile', 'nanochat', '--checkpoint', fixture('nanochat-g4-valueembed')];
  const out = join(folder(), 'm.onnx');
  const ran = await nanoc([...args, '-o', out]);
  assert.is(ran.code, 1);
  assert.match(ran.err, /N618.*`nanochat_2026_01` or `nanochat_2026_03_softcap20`/);
  assert.not(existsSync(out));
  const said = await nanoc(['compile', 'nanochat_2026_01', '--checkpoint', args[3]!, '-o', out]);
  assert.is(said.code, 0, said.err);
});

test('a generation without a spec is refused by its name', async () => {
  const path = safetensors(
    {
      'transformer.wte.weight': [64, 16],
      'transformer.h.0.attn.c_q.weight': [16, 16],
      'bigram_embed.embed.weight': [320, 16],
      'lm_head.weight': [64, 16],
    },
    { sequence_len: 32, vocab_size: 64, n_layer: 1, n_head: 1, n_kv_head: 1, n_embd: 16 },
  );
  const { code, err } = await nanoc(['compile', '--checkpoint', path, '-o', join(folder(), 'm.onnx')]);
  assert.is(code, 1);
  assert.match(err, /N619: nanochat's bigram_embed generation of 27 and 28 January 2026 is not supported/);
});

test('broken checkpoints are refused by what is wrong with them', async () => {
  const [strange, other] = [folder(), folder()];
  for (const path of [strange, other])
    cpSync(join(fixture('qwen3'), 'model.safetensors'), join(path, 'model.safetensors'));
  writeFileSync(join(strange, 'config.json'), '{}');
  writeFileSync(join(other, 'config.json'), '{"model_type": "lama"}');
  for (const [path, code, said] of [
    ['/nowhere', 'N601', 'no checkpoint at /nowhere'],
    [hostile('truncated-zip'), 'N603', 'truncated'],
    [hostile('empty-file'), 'N602', 'empty'],
    [hostile('missing-key'), 'N608', 'the checkpoint has no lm_head.weight'],
    [hostile('meta-bad-json'), 'N613', 'meta_000000.json'],
    [strange, 'N507', 'no shipped spec fits this checkpoint'],
    [other, 'N507', 'no shipped spec is for the model_type "lama"'],
  ] as const) {
    const out = join(folder(), 'm.onnx');
    const ran = await nanoc(['compile', '--checkpoint', path, '-o', out]);
    assert.is(ran.code, 1, path);
    assert.match(ran.err, `error ${code}`);
    assert.match(ran.err, said);
    assert.equal(readdirSync(dirname(out)), [], basename(path));
  }
});

test('a tensor left over is refused, and passes when it is said to', async () => {
  const args = ['compile', '--checkpoint', hostile('extra-key'), '-o', join(folder(), 'm.onnx')];
  const refused = await nanoc(args);
  assert.is(refused.code, 1);
  assert.match(refused.err, /N609.*transformer\.h\.0\.attn\.bogus\.weight/);
  const let_through = await nanoc([...args, '--ignore-extra', '*.bogus.weight']);
  assert.is(let_through.code, 0, let_through.err);
});

test('a checkpoint is found as nanochat finds it', async () => {
  const env = { NANOCHAT_BASE_DIR: tiny };
  const out = `${folder()}/`;
  const ran = await nanoc(['compile', '--source', 'base', '--model-tag', 'd4', '--step', '1000', '-o', out], {
    env,
  });
  assert.is(ran.code, 0, ran.err);
  assert.match(ran.err, 'base_checkpoints/d4');
  const none = await nanoc(['compile', '--source', 'rl', '-o', out], { env });
  assert.is(none.code, 1);
  assert.match(none.err, 'N601');
  const step = await nanoc(['compile', '--source', 'base', '--step', '7', '-o', out], { env });
  assert.is(step.code, 1);
  assert.match(step.err, /7/);
});

test('what cannot be asked for ends with 2', async () => {
  for (const [args, said] of [
    [['nanochat', '--opset', '16'], 'from 17 to 26'],
    [['nanochat', '--opset', '27'], 'from 17 to 26'],
    [['nanochat', '--cache', 'elastic'], 'none, dynamic, static'],
    [['nanochat', '--cache', 'none:8'], 'none, dynamic, static'],
    [['nanochat', '--target', 'caffe'], 'allowed: onnx'],
    [['nanochat', '--dtype', 'int4'], 'f32, f16, bf16'],
    [['nanochat', '--quantize', 'int8'], 'unknown option'],
    [['nanochat', '--external', 'lnik'], 'auto, always, never, link'],
    [['nanochat', '--checkpoint', 'a', '--source', 'base'], 'both name a checkpoint'],
    [['nanochat', '--target', 'torchscript', '--opset', '20'], '--opset means nothing to torchscript'],
    [['nanochat', '--target', 'torchscript', '--external', 'never'], 'it is for --target onnx'],
    [['nanochat', '--min-libtorch', '2.0'], '--min-libtorch means nothing to onnx'],
    [['nanochat', '--model-tag', 'd4'], '--model-tag needs --source'],
    [['nanochat', '--step', '4'], '--step needs a checkpoint'],
    [['nanochat', '--explain', 'fold_everything'], 'no pass named `fold_everything` runs here'],
    [
      ['nanochat', '--logits', 'all', '--explain', 'last_token_logits'],
      'no pass named `last_token_logits` runs here',
    ],
    [[], 'no spec named'],
  ] as const) {
    const ran = await nanoc(['compile', ...args]);
    assert.is(ran.code, 2, `${args.join(' ')}: ${ran.err}`);
    assert.match(ran.err, said);
  }
});

test('the summary for programs says what each target needs', async () => {
  const args = ['--target', 'onnx', '--target', 'torchscript', '-o', `${folder()}/`, '--json'];
  const ran = await nanoc(['compile', 'nanochat', ...small, ...args]);
  assert.is(ran.code, 0, ran.err);
  const told = lines(ran.out).map((l) => JSON.parse(l));
  assert.equal(
    told.map(({ target, needs, opset }) => [target, needs, opset]),
    [
      ['onnx', 'opset 21', 21],
      ['torchscript', 'LibTorch 1.13 or later', undefined],
    ],
  );
});

test('weights lie beside the model when asked for, and the model finds them', async () => {
  const out = join(folder(), 'm.onnx');
  const ran = await nanoc(['compile', 'nanochat', ...small, '--external', 'always', '-o', out]);
  assert.is(ran.code, 0, ran.err);
  assert.equal(readdirSync(dirname(out)), ['m.onnx', 'm.onnx_data']);
  assert.match(ran.out, 'beside it: m.onnx_data');
  const text = await nanoc(['run', out, '--tokens', '1,2,3', '-n', '4']);
  assert.is(text.code, 0, text.err);
  assert.is(text.out.trim().split(' ').length, 4);
});

test('a model of more than 16 MB keeps its weights beside it, and gives the last token what a text gives it', async () => {
  const out = join(folder(), 'm.onnx');
  const large = ['compile', 'nanochat', ...small.slice(0, 6), '--set', 'vocab=32768'];
  const ran = await nanoc([...large, '-o', out]);
  assert.is(ran.code, 0, ran.err);
  assert.equal(readdirSync(dirname(out)), ['m.onnx', 'm.onnx_data']);
  assert.match(
    ran.err,
    'logits: of the last token only, as those of 20480 tokens take 2.7 GB; --logits all gives them',
  );
  const tokens = ['--tokens', '1,2,3', '-n', '4'];
  const text = await nanoc(['run', out, ...tokens]);
  assert.is(text.code, 0, text.err);

  const [moved, swapped] = [join(folder(), 'm.onnx'), join(folder(), 'm.onnx')];
  cpSync(out, moved);
  assert.match((await nanoc(['run', moved, ...tokens])).err, 'm.onnx_data, the data of m.onnx, is missing');
  await nanoc([...large, '--seed', '1', '-o', swapped]);
  cpSync(out, swapped);
  const wrong = await nanoc(['run', swapped, ...tokens]);
  assert.is(wrong.code, 1);
  assert.match(wrong.err, 'm.onnx_data is not the data that m.onnx was written with');

  const single = await nanoc([...large, '--external', 'never', '--logits', 'all', '--force', '-o', out]);
  assert.is(single.code, 0, single.err);
  assert.match(single.err, `removed ${out}_data, the data of the model that was replaced`);
  assert.not.match(single.err, 'last token');
  assert.equal(readdirSync(dirname(out)), ['m.onnx']);
  assert.is((await nanoc(['run', out, ...tokens])).out, text.out, 'one file says the same');
  assert.match((await nanoc(['inspect', out])).out, 'logits all');
});

test('weights go into several files where one is limited, and the model reads all of them', async () => {
  const out = join(folder(), 'm.onnx');
  const large = ['compile', 'nanochat', ...small.slice(0, 6), '--set', 'vocab=32768', '--force', '-o', out];
  const tokens = ['--tokens', '1,2,3', '-n', '4'];
  assert.is((await nanoc(large)).code, 0);
  const one = await nanoc(['run', out, ...tokens]);
  assert.is((await nanoc([...large, '--data-limit', '6'])).code, 0);
  const names = ['m.onnx', 'm.onnx_data', 'm.onnx_data_1', 'm.onnx_data_2', 'm.onnx_data_3'];
  const there = readdirSync(dirname(out)).sort();
  assert.ok(there.length > 3);
  assert.equal(there, names.slice(0, there.length));
  const several = await nanoc(['run', out, ...tokens]);
  assert.is(several.out, one.out, several.err);
  const { bytes } = JSON.parse((await nanoc(['inspect', out, '--json'])).out) as { readonly bytes: number };
  const sizes = there.map((name) => statSync(join(dirname(out), name)).size);
  assert.is(
    bytes,
    sizes.reduce((a, b) => a + b),
  );
  const again = await nanoc(large);
  assert.match(again.err, `removed ${out}_data_1`);
  assert.equal(readdirSync(dirname(out)).sort(), ['m.onnx', 'm.onnx_data']);
});

test('data of other models in the folder stays when a model is replaced', async () => {
  const out = join(folder(), 'm.onnx');
  const args = ['compile', 'nanochat', ...small, '-o', out, '--force'];
  assert.is((await nanoc([...args, '--external', 'always'])).code, 0);
  renameSync(out, join(dirname(out), 'kept.onnx')); // which still reads m.onnx_data
  for (let i = 0; i < 2; i++) assert.is((await nanoc([...args, '--external', 'never'])).code, 0);
  assert.equal(readdirSync(dirname(out)), ['kept.onnx', 'm.onnx', 'm.onnx_data']);
});

test('gigabytes of random weights are written only where -o says, and that before any are', async () => {
  const cwd = folder();
  for (const more of [[], ['--layout', 'triton'], ['--target', 'torchscript']]) {
    const ran = await nanoc(['compile', 'nanochat', ...more], { cwd });
    assert.is(ran.code, 2);
    assert.match(ran.err, /would hold \d\.\d GB of random weights, as there is no checkpoint/);
    assert.match(ran.err, /hint: .*--checkpoint.*--set.*-o/);
    assert.equal(readdirSync(cwd), []);
  }
  const named = await nanoc(['compile', 'nanochat', '-o', join(cwd, 'no', 'such', 'm.onnx')]);
  assert.match(named.err, 'N505');
  const tiny = await nanoc(['compile', 'nanochat', ...small], { cwd });
  assert.is(tiny.code, 0, tiny.err);
});

test('the stages of the compiler are shown instead of written', async () => {
  const cwd = folder();
  const look = async (...args: string[]): Promise<string> => {
    const ran = await nanoc(['compile', 'nanochat', ...small, ...args], { cwd });
    assert.is(ran.code, 0, ran.err);
    return ran.out;
  };
  assert.is(JSON.parse(await look('--emit', 'ast')).kind, 'File');
  assert.match(await look('--emit', 'graph'), 'attention');
  assert.match(await look('--emit', 'passes'), /# after place_cache: \d+ nodes/);
  assert.match(
    await look('--explain', 'place_cache'),
    'transformer.h.0.attn.k: append port past_key_values.0.key',
  );
  assert.match(await look('--explain', 'all'), 'drop_dead_nodes: ');
  const told = async (...args: string[]) => lines(await look('--json', ...args)).map((l) => JSON.parse(l));
  assert.equal((await told('--emit', 'ast'))[0].kind, 'File');
  assert.match((await told('--emit', 'graph'))[0].graph, 'attention');
  assert.equal(Object.keys((await told('--emit', 'passes'))[1]), ['pass', 'nodes', 'graph']);
  assert.is((await told('--explain', 'place_cache'))[0].pass, 'place_cache');
  assert.equal(readdirSync(cwd), []);
});

test('storage, cache and positions are those that were asked for', async () => {
  const out = join(folder(), 'm.onnx');
  const args = [
    '--dtype',
    'f16',
    '--cache',
    'static:40',
    '--max-seq-len',
    '64',
    '--logits',
    'last',
    '--opset',
    '17',
  ];
  const ran = await nanoc(['compile', 'nanochat', ...small, ...args, '-o', out]);
  assert.is(ran.code, 0, ran.err);
  assert.match(ran.out, 'opset 17, static cache of 40 slots');
  const { manifest, opset, ir } = JSON.parse((await nanoc(['inspect', out, '--json'])).out);
  assert.is(opset, 17);
  assert.is(ir, 8);
  assert.is(manifest.storage, 'float16');
  assert.is(manifest.slots, 40);
  assert.is(manifest.context, 64);
  assert.is(manifest.logits, 'last');
  assert.ok(lines((await nanoc(['inspect', out])).out).some((l) => l.includes('static, 40 slots')));
});

test('a tokenizer that is named must be one, and must fit', async () => {
  const out = join(folder(), 'm.onnx');
  const args = ['compile', 'nanochat', ...small, '-o', out, '--tokenizer'];
  const absent = await nanoc([...args, '/nowhere']);
  assert.is(absent.code, 1);
  assert.match(absent.err, 'N708');
  const garbage = await nanoc([...args, written('tokenizer.pkl', 'not a pickle')]);
  assert.is(garbage.code, 1);
  assert.match(garbage.err, 'N621');
  const large = await nanoc([...args, `${tiny}/tokenizer`]);
  assert.is(large.code, 1);
  assert.match(large.err, /expected at most 100 tokens/);
  assert.equal(readdirSync(dirname(out)), []);
});

test('verifying at once says so in the exit code', async () => {
  const out = join(folder(), 'm.onnx');
  const args = ['compile', 'nanochat', ...small, '-o', out, '--force', '--verify'];
  const ran = await nanoc(args);
  assert.is(ran.code, 0, ran.err);
  assert.match(ran.out, 'all agree');
});

test.run();
