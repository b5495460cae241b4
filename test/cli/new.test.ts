import { chmodSync, cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fixture as golden } from '../golden/compile_fixture.ts';
import { safetensors } from './checkpoint_files.ts';
import { textOf } from './draft_checkpoint.ts';
import { folder, lines, nanoc } from './run_cli.ts';

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
  assert.equal(readdirSync(cwd).sort(), ['my_model.nanospec', 'my_model.onnx', 'my_model.onnx_data']);
  assert.match(textOf(join(cwd, 'my_model.nanospec')), /^## my_model: .*\n.*\nmodel my_model \{/);
});

test('what is to be typed next puts the model beside the spec', async () => {
  const path = join(folder(), 'mine');
  const { err } = await nanoc(['new', path]);
  assert.match(err, `nanoc compile ${path}.nanospec -o ${path}.onnx`);
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
