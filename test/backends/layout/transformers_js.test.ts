/** Folders that nanoc writes, opened unchanged by the real @huggingface/transformers: it says what `nanoc run` says. */

import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, pipeline, type TextGenerationPipeline } from '@huggingface/transformers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folder, lines, nanoc, root, tiny } from '../../cli/run_cli.ts';
import { fixture, goldenOf } from '../../golden/compile_fixture.ts';
import { fixtures, specs } from '../../golden/measure.ts';
import { lettersOf, lettersTokenizer } from '../../harness/letters.ts';
import { small } from '../onnx/small_models.ts';

env.allowRemoteModels = false;

async function layOut(...args: string[]): Promise<string> {
  const out = join(folder(), 'laid');
  const ran = await nanoc(['compile', ...args, '--layout', 'transformers.js', '-o', out]);
  assert.is(ran.code, 0, ran.err);
  return out;
}

type Opened = Awaited<ReturnType<typeof open>>;

const open = (path: string, options = {}): Promise<TextGenerationPipeline> =>
  pipeline('text-generation', path, options) as Promise<TextGenerationPipeline>; // by the task's name

/** What was made of each prompt, without it. */
async function continued(client: Opened, prompts: readonly string[], max_new_tokens: number) {
  const made = (await client([...prompts], { max_new_tokens, return_full_text: false })) as unknown as {
    readonly generated_text: string;
  }[][];
  return made.map(([one]) => one!.generated_text);
}

async function ours(path: string, prompts: readonly string[], most: number, file = 'model.onnx') {
  const given = prompts.flatMap((p) => ['--prompt', p]);
  const ran = await nanoc(['run', join(path, 'onnx', file), ...given, '-n', String(most), '--json']);
  assert.is(ran.code, 0, ran.err);
  const steps = lines(ran.out).map((l) => JSON.parse(l) as { readonly row?: number; readonly text: string });
  return prompts.map((_, row) =>
    steps
      .filter((s) => (s.row ?? 0) === row)
      .map((s) => s.text)
      .join(''),
  );
}

async function same(path: string, prompts: readonly string[], most: number): Promise<void> {
  const client = await open(path);
  const expected = await ours(path, prompts, most);
  assert.equal(await continued(client, prompts, most), expected);
  for (const [i, prompt] of prompts.entries())
    assert.equal(await continued(client, [prompt], most), [expected[i]]);
  assert.ok(new Set(expected).size > 1 && expected.every((text) => text.length > 0), String(expected));
  await client.dispose();
}

const rows = [
  [3, 14, 15, 9, 26],
  [5, 35],
  [8, 9, 7, 9, 32, 38, 46],
].map(lettersOf);

for (const { name, generation } of fixtures) {
  test(`${name}: one row, and rows padded to one length`, async () => {
    const spec = specs[generation]!;
    const tokenizer = lettersTokenizer(goldenOf(name).logits.shape[2]!);
    await same(await layOut(spec, '--checkpoint', fixture(name), '--tokenizer', tokenizer), rows, 12);
  });
}

for (const spec of ['gpt2', 'llama', 'gemma3', 'deepseek_v2']) {
  const path = `examples/${spec}`;
  test(`a small ${spec} of random weights: one row, and rows padded to one length`, async () => {
    const set = Object.entries(small[path]!).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const out = await layOut(`${root}${path}.nanospec`, ...set, '--tokenizer', lettersTokenizer(61));
    await same(out, rows, 12);
  });
}

// Written by nanochat's own engine.
const base = JSON.parse(readFileSync(`${tiny}/reference/base_greedy.json`, 'utf8')) as readonly {
  readonly prompt: string;
  readonly engine_text: string;
}[];
const chats = JSON.parse(readFileSync(`${tiny}/reference/chat_greedy.json`, 'utf8')) as readonly (readonly {
  readonly user: string;
  readonly text: string;
}[])[];

test("text goes on as nanochat's engine goes on, and stops where it stops", async () => {
  const out = await layOut('--checkpoint', `${tiny}/base_checkpoints/d4`);
  const client = await open(out);
  // In a batch it goes on with rows that have ended.
  for (const { prompt, engine_text } of base)
    assert.equal(await continued(client, [prompt], 64), [engine_text.replace(/<\|bos\|>$/, '')]);
  await client.dispose();
});

test('a conversation is rendered and answered as nanochat does, and in other dtypes and files nearly so', async () => {
  const from = ['--checkpoint', `${tiny}/chatsft_checkpoints/d4`];
  const out = await layOut(...from, '--external', 'always', '--data-limit', '4');
  const half = ['compile', ...from, '--layout', 'transformers.js', '-o', out, '--dtype', 'f16', '--force'];
  assert.is((await nanoc(half)).code, 0);
  assert.equal(readdirSync(join(out, 'onnx')).sort(), [
    'model.onnx',
    'model.onnx_data',
    'model.onnx_data_1',
    'model_fp16.onnx',
    'nanoc.json',
  ]);
  const config = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
  assert.equal(config['transformers.js_config'], {
    dtype: 'fp16',
    use_external_data_format: { 'model.onnx': 2, 'model_fp16.onnx': 0 },
  });
  const [{ user, text }] = chats[0] as readonly [(typeof chats)[0][0]];
  for (const dtype of ['fp32', 'fp16']) {
    const client = await open(out, { dtype });
    const [{ generated_text: said }] = (await client([{ role: 'user', content: user }], {
      max_new_tokens: 96,
    })) as unknown as readonly [{ readonly generated_text: readonly { readonly content: string }[] }];
    if (dtype === 'fp32') assert.is(said.at(-1)!.content, text.replace('<|assistant_end|>', ''));
    assert.ok(said.at(-1)!.content.length > 10);
    const system = client.tokenizer.apply_chat_template(
      [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Yes' },
        { role: 'user', content: 'Go' },
      ],
      { tokenize: false, add_generation_prompt: true },
    );
    assert.is(
      system,
      '<|bos|><|user_start|>Be brief.\n\nHello<|user_end|><|assistant_start|>Yes<|assistant_end|>' +
        '<|user_start|>Go<|user_end|><|assistant_start|>',
    );
    await client.dispose();
  }
});

test('a model that forgets its state is seen', async () => {
  const specsOf = join(folder(), 'examples');
  cpSync(`${root}examples`, specsOf, {
    recursive: true,
    filter: (from) => !/tiny-nanochat|cpp|node$/.test(from),
  });
  const twin = join(specsOf, 'nanochat_2026_03.nanospec');
  const text = readFileSync(twin, 'utf8');
  const forgetful = text.replace('gate * seen', '0 * gate * seen');
  assert.is.not(forgetful, text);
  writeFileSync(twin, forgetful);
  const client = await open(await layOut(twin, '--checkpoint', `${tiny}/base_checkpoints/d4`));
  const [first] = base;
  const [made] = await continued(client, [first!.prompt], 64);
  assert.is.not(made, first!.engine_text.replace(/<\|bos\|>$/, ''));
  await client.dispose();
});

test('verify takes the model of a folder as it is', async () => {
  const out = await layOut(
    '--checkpoint',
    fixture('nanochat-g7-mha-t300'),
    '--tokenizer',
    lettersTokenizer(61),
  );
  const ran = await nanoc(['verify', join(out, 'onnx/model.onnx')]);
  assert.is(ran.code, 0, ran.err);
});

test.run();
