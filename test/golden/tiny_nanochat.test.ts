/** The trained model that ships: its own engine's greedy texts, token for token, and logits beyond both windows. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../compiler/ports/session.ts';
import { columnsOf } from '../../runtime/cache.ts';
import { chat } from '../../runtime/chat.ts';
import { generate } from '../../runtime/generate.ts';
import { openTokenizer } from '../../runtime/tokenizer/open_tokenizer.ts';
import { compareLogits } from '../../runtime/verify/compare.ts';
import { readTensors } from '../../runtime/verify/golden.ts';
import { cutInto, logitsOf } from '../../runtime/verify/verify_run.ts';
import { open } from './compile_fixture.ts';

const home = fileURLToPath(new URL('../../examples/tiny-nanochat/', import.meta.url));
const folder = `${home}base_checkpoints/d4`;
const read = (name: string) => readFileSync(`${home}reference/${name}`);

/** Written by nanochat's own engine; see the README beside them. */
interface Text {
  readonly prompt: string;
  readonly prompt_ids: readonly number[];
  readonly engine_ids: readonly number[];
  readonly nostop_ids: readonly number[];
}

const texts = JSON.parse(read('base_greedy.json').toString()) as readonly Text[];

async function continued(
  session: Session,
  prompt: readonly number[],
  maxTokens: number,
  stop: number[] = [],
) {
  const tokens: number[] = [];
  for await (const token of generate(session, prompt, { maxTokens, stop })) tokens.push(token);
  return tokens;
}

const session = await open(folder, undefined);

test('the generation is recognised from the checkpoint', () => {
  assert.is(session.manifest.model, 'nanochat_2026_03');
});

for (const { prompt, prompt_ids, engine_ids, nostop_ids } of texts) {
  test(`${JSON.stringify(prompt)} goes on as nanochat's engine goes on`, async () => {
    const file = `${home}tokenizer/tokenizer.pkl`;
    const tokenizer = openTokenizer(readFileSync(file), file);
    assert.equal([tokenizer.bos, ...tokenizer.encode(prompt)], prompt_ids);
    assert.equal(await continued(session, prompt_ids, 64, [...tokenizer.stops]), engine_ids);
    assert.equal(await continued(session, prompt_ids, 64), nostop_ids);
  });
}

test('300 tokens across both windows are the same', async () => {
  // Ids under names of its own; see the README beside it.
  const long = JSON.parse(read('base_long_greedy.json').toString()) as {
    readonly prompt_ids: readonly number[];
    readonly ids: readonly number[];
  };
  assert.equal(await continued(session, long.prompt_ids, 300), long.ids);
});

test('a static cache of just enough slots gives the same text', async () => {
  const { prompt_ids, nostop_ids } = texts[0]!;
  const fixed = await open(folder, undefined, { cache: 'static', slots: prompt_ids.length + 63 });
  assert.equal(await continued(fixed, prompt_ids, 64), nostop_ids);
  await fixed.close();
});

for (const [name, cuts] of [
  ['base_window64', [64]],
  ['base_window64', [63, 1]],
  ['base_long400', [400]],
  ['base_long400', [150, 1, 130, 100, 19]],
] as const) {
  test(`${name} in pieces of ${cuts.join(' + ')} gives the reference logits`, async () => {
    const tensors = readTensors(read(`${name}.safetensors`), name);
    const [ids, given] = [tensors.get('ids')!, (tensors.get('logits') ?? tensors.get('logits_last16'))!];
    const expected = given.shape.length === 2 ? { ...given, shape: [1, ...given.shape] } : given;
    const all = await logitsOf(session, cutInto([[...ids.data]], cuts));
    const actual = columnsOf(all, all.shape[1]! - expected.shape[1]!);
    const { abs, top1 } = compareLogits(expected, actual, { abs: 0, kl: 0 });
    assert.ok(abs <= 1e-4, `${abs} apart`);
    assert.is(top1, 1);
  });
}

// Written by nanochat's own engine, tool use and all.
const conversations = JSON.parse(read('chat_greedy.json').toString()) as readonly (readonly {
  readonly user: string;
  readonly prompt_ids: readonly number[];
  readonly ids: readonly number[];
  readonly mask_sampled: readonly number[];
}[])[];
const file = `${home}tokenizer/tokenizer.pkl`;
const tokenizer = openTokenizer(readFileSync(file), file);

for (const form of [{}, { cache: 'static', slots: 256 }, { cache: 'none' }] as const) {
  test(`conversations are nanochat's token for token, kept from turn to turn: ${form.cache ?? 'dynamic'}`, async () => {
    const talking = await open(`${home}chatsft_checkpoints/d4`, undefined, form);
    for (const turns of conversations) {
      const conversation = chat(talking, tokenizer, { maxTokens: 96 });
      for (const { user, prompt_ids, ids, mask_sampled } of turns) {
        const steps: { readonly token: number; readonly forced: boolean }[] = [];
        for await (const step of conversation.say(user)) steps.push(step);
        assert.equal(
          steps.map((s) => s.token),
          ids,
        );
        assert.equal(
          steps.map((s) => (s.forced ? 0 : 1)),
          mask_sampled,
        );
        assert.equal(conversation.tokens(), [...prompt_ids, ...ids]);
      }
    }
    const dumb = chat(talking, tokenizer, { maxTokens: 96, tools: false });
    const tokens: number[] = [];
    for await (const { token } of dumb.say(conversations[1]![0]!.user)) tokens.push(token);
    assert.not.equal(tokens, conversations[1]![0]!.ids);
    await talking.close();
  });
}

test('one token of the text changed shows', async () => {
  const tensors = readTensors(read('base_window64.safetensors'), 'base_window64');
  const ids = [...tensors.get('ids')!.data];
  ids[3] = (ids[3]! + 1) % 1000;
  const { abs } = compareLogits(tensors.get('logits')!, await logitsOf(session, [{ tokens: [ids] }]), {
    abs: 0,
    kl: 0,
  });
  assert.ok(abs > 0.01);
});

test.after(() => session.close());
test.run();
