/** Every entry of a config that could bear on the arithmetic decides what is drafted, or the draft refuses and names it. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Checkpoint, Json, JsonObject } from '../../compiler/checkpoint/checkpoint.ts';
import { openCheckpoint } from '../../compiler/checkpoint/open_checkpoint.ts';
import { isObject } from '../../compiler/checkpoint/safetensors.ts';
import { draftOf } from '../../driver/draft/draft.ts';
import { idle, isBearing } from '../../driver/draft/entry_names.ts';
import { type Page, write } from '../../driver/draft/write.ts';
import { compareLogits } from '../../runtime/verify/compare.ts';
import { readTensors } from '../../runtime/verify/golden.ts';
import { logitsOf } from '../../runtime/verify/verify_run.ts';
import { open } from '../golden/compile_fixture.ts';
import { draft, textOf } from './draft_checkpoint.ts';

const root = fileURLToPath(new URL('../fixtures/drafts/', import.meta.url));
const names = readdirSync(root).sort();

/** What these lack, and nothing else. */
const lacking: Readonly<Record<string, readonly string[]>> = {
  'litgpt-latent': ['what Attn computes'],
  'litgpt-yarn': ['how rotations are slowed (rope_type "yarn")'],
};

/** How far a session is from the logits of a fixture. */
async function apart(name: string, path: string, edit = (text: string): string => text): Promise<number> {
  const file = `${root}${name}/io.safetensors`;
  const io = readTensors(readFileSync(file), file);
  const { data, shape } = io.get('tokens')!;
  const [rows = 0, length = 0] = shape;
  const tokens = Array.from({ length: rows }, (_, b) => [...data.subarray(b * length, (b + 1) * length)]);
  const session = await open(`${root}${name}`, path, { edit });
  const found = await logitsOf(session, [{ tokens }]);
  await session.close();
  const wanted = io.get('logits')!;
  assert.equal(found.shape, wanted.shape);
  return compareLogits(wanted, found, { abs: 0, kl: 0 }).abs;
}

const complete = names.filter((name) => !(name in lacking) && !name.startsWith('x-'));

for (const name of complete) {
  test(`the draft of ${name} is complete and computes what its own code does`, async () => {
    const { path, complete: whole, missing } = await draft(`${root}${name}`);
    assert.ok(whole, missing.join('; '));
    const distance = await apart(name, path);
    assert.ok(distance <= 1e-4, `${distance} apart`);
  });
}

for (const [name, change] of Object.entries({
  'litgpt-phi': (text: string) => text.replaceAll('gelu_tanh(', 'gelu('),
  'litgpt-gemma2': (text: string) => text.replace(', softcap=inner', ''),
  'litgpt-gemma3': (text: string) => text.replace('near[i] == 1', 'near[i] == 0'),
  'litgpt-mistral': (text: string) => text.replace('window=window', 'window=window + 1'),
  'scratch-gpt': (text: string) => text.replaceAll('gelu_tanh(', 'relu('),
})) {
  test(`a draft of ${name} with one thing changed is seen`, async () => {
    const { path } = await draft(`${root}${name}`);
    assert.is.not(change(textOf(path)), textOf(path));
    assert.ok((await apart(name, path, change)) > 5e-4);
  });
}

const lacks = ({ lacks: outer, blocks }: Page): readonly string[] => [
  ...outer,
  ...blocks.flatMap((block) => block.lacks),
];

for (const [name, wanted] of Object.entries(lacking)) {
  test(`the draft of ${name} refuses to compile`, () => {
    assert.equal(lacks(draftOf(openCheckpoint(`${root}${name}`), 'm')), wanted);
  });
}

test("nothing is taken for granted that litgpt's entries say", () => {
  for (const name of complete.filter((n) => n.startsWith('litgpt-'))) {
    const { assumed, blocks } = draftOf(openCheckpoint(`${root}${name}`), 'm');
    const all = [...assumed, ...blocks.flatMap((block) => block.assumed)];
    assert.equal(
      all.filter((what) => /no entry|norms without a bias|entries of the config/.test(what)),
      [],
      name,
    );
  }
});

function* leaves(config: JsonObject, prefix: readonly string[] = []): Generator<readonly string[]> {
  for (const [key, value] of Object.entries(config)) {
    if (isObject(value)) yield* leaves(value, [...prefix, key]);
    else yield [...prefix, key];
  }
}

function changed(config: JsonObject, [first = '', ...rest]: readonly string[], value: Json): JsonObject {
  const inner = config[first];
  return { ...config, [first]: rest.length > 0 && isObject(inner) ? changed(inner, rest, value) : value };
}

const at = (config: JsonObject, path: readonly string[]): Json =>
  path.reduce<Json>((value, key) => (isObject(value) ? (value[key] ?? null) : null), config);

/** Other values that the entry could have; null is one that a size, a flag or a word could have had. */
function others(value: Json): readonly Json[] {
  if (typeof value === 'boolean') return [!value];
  if (typeof value === 'number') return [value + 2, value * 3 + 1];
  if (typeof value === 'string') return ['something_else'];
  if (Array.isArray(value)) return [value.map((flag) => (flag === 1 ? 0 : flag === 0 ? 1 : flag))];
  return [5, 'something_else', true];
}

/** The part of a spec that computes: no comments, and nothing that only says which checkpoints it is for. */
const computing = (page: Page): string =>
  write(page, { open: true })
    .split('\n')
    .filter((line) => !/^\s*(#|expect )/.test(line))
    .map((line) => line.replace(/\s+from ".*$/, ''))
    .join('\n');

/** litgpt's code does the same either way: one bias is there, there is no second norm to leave out, no router has the option. */
const alike: readonly string[] = [
  'litgpt-phi attn_bias',
  'litgpt-pythia attn_bias',
  'litgpt-phi norm_2',
  'litgpt-falcon norm_2',
  'litgpt-mixtral norm_topk_prob',
];

for (const name of [...complete, ...Object.keys(lacking)]) {
  test(`each entry of ${name} decides something, or is named when it is another`, () => {
    const checkpoint = openCheckpoint(`${root}${name}`);
    const { config } = checkpoint as Checkpoint & { readonly config: JsonObject }; // every fixture has one
    const base = draftOf(checkpoint, 'm');
    const before = computing(base);
    const passedOver: string[] = [];
    for (const path of leaves(config)) {
      const key = path.join('.');
      if (idle(key) || !isBearing(key) || alike.includes(`${name} ${key}`)) continue;
      for (const value of others(at(config, path))) {
        const page = draftOf({ ...checkpoint, config: changed(config, path, value) }, 'm');
        const named = lacks(page).some((what) => what.includes(path.at(-1)!));
        const isMissing = lacks(page).length > 0 && name in lacking;
        const says = computing(page) !== before;
        if (!named && !says && !isMissing) passedOver.push(`${key} = ${JSON.stringify(value)}`);
      }
    }
    assert.equal(passedOver, []);
  });
}

/** Each says something of the model that its names and shapes do not. */
const foreign: JsonObject = {
  rmsnorm_plus_one: true,
  rms_norm_add_unit_offset: true,
  add_unit_offset: true,
  flip_sin_cos: true,
  dilation: 3,
  subln: true,
  dim_model_base: 8, // as wide as a head, by chance
  num_kv_shared_layers: 1,
};

for (const [key, value] of Object.entries(foreign)) {
  test(`${key} is named by a draft that has no part for it`, () => {
    const checkpoint = openCheckpoint(`${root}scratch-llama`);
    const { config } = checkpoint as Checkpoint & { readonly config: JsonObject }; // every fixture has one
    const said = lacks(draftOf({ ...checkpoint, config: { ...config, [key]: value } }, 'm'));
    assert.equal(said, [`where the config's ${key} = ${JSON.stringify(value)} goes`]);
  });
}

test.run();
