/** `nanoc run` feeds a model the ids that transformers would, whatever tokenizer lies beside it. */

import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folder, lines, nanoc, root, tiny } from './run_cli.ts';

const model = join(folder(), 'tiny.onnx');
const made = await nanoc(['compile', '--checkpoint', `${tiny}/base_checkpoints/d4`, '-o', model]);

interface Case {
  readonly text: string;
  readonly ids: readonly number[];
  readonly ordinary: readonly number[];
}

const at = (name: string): string => `${root}test/fixtures/tokenizers/${name}`;
const names = readdirSync(at('')).filter((name) => existsSync(join(at(name), 'cases.json')));
const casesOf = (name: string) =>
  JSON.parse(readFileSync(join(at(name), 'cases.json'), 'utf8')) as readonly Case[];

/** What the model says after each of the prompts, by the ids it says. */
async function said(given: readonly string[]): Promise<string> {
  const ran = await nanoc(['run', model, ...given, '-n', '3', '--json', '--repetition-penalty', '1.3']);
  assert.is(ran.code, 0, ran.err);
  const rows: number[][] = [];
  for (const line of lines(ran.out)) {
    const { row = 0, token } = JSON.parse(line) as { readonly row?: number; readonly token: number };
    rows[row] = [...(rows[row] ?? []), token];
  }
  return rows.map((row) => row.join()).join(' | ');
}

const prompts = (texts: readonly string[]) => texts.flatMap((text) => ['--prompt', text]);
const idsOf = (all: readonly (readonly number[])[]) => all.flatMap((ids) => ['--tokens', ids.join()]);

for (const name of names) {
  test(`${name}: a prompt is the ids that its library gives`, async () => {
    assert.is(made.code, 0, made.err);
    const cases = casesOf(name).filter(({ ids, text }) => ids.length > 0 && !text.includes('\u0001'));
    const some = [...cases.slice(3, 9), ...cases.slice(-2)];
    const isPieces = name.startsWith('spm_'); // whose library finds no special token in a text
    const as = ['--tokenizer', at(name), ...(isPieces ? [] : ['--special'])];
    const wanted = await said(idsOf(some.map(({ ids }) => ids)));
    assert.is(await said([...as, ...prompts(some.map(({ text }) => text))]), wanted);
    const others = some.map(({ ids }) => [...ids.slice(0, -1), 7]);
    assert.is.not(await said(idsOf(others)), wanted);
  });
}

test('a SentencePiece model is written beside the model as the files that other programs read', async () => {
  const out = join(folder(), 'pieces.onnx');
  const from = ['--checkpoint', `${tiny}/base_checkpoints/d4`, '--tokenizer', at('spm_llama2')];
  const compiled = await nanoc(['compile', ...from, '-o', out]);
  assert.is(compiled.code, 0, compiled.err);
  assert.not.match(compiled.err, 'add_bos_token');
  const silent = [...from.slice(0, -1), at('spm_unknown'), '-o', join(folder(), 'silent.onnx')];
  assert.match((await nanoc(['compile', ...silent])).err, 'says whether a text begins with a BOS token');
  const written = (name: string) => JSON.parse(readFileSync(out.replace('onnx', name), 'utf8'));
  assert.is(written('tokenizer.json').model.type, 'BPE');
  assert.equal(written('tokenizer_config.json').add_bos_token, true);
  for (const { text, ids } of casesOf('spm_llama2').slice(3, 12)) {
    const ran = async (...given: string[]) => (await nanoc(['run', out, ...given, '-n', '4', '--json'])).out;
    const tokens = (lines_: string) => lines(lines_).map((line) => JSON.parse(line).token);
    assert.equal(tokens(await ran('--prompt', text)), tokens(await ran('--tokens', ids.join())), text);
  }
});

test('of several tokenizers in a folder the one that transformers takes is read', async () => {
  const both = folder();
  cpSync(at('spm_llama2'), both, { recursive: true });
  const text = ['--prompt', 'Hello'];
  const pieces = await said([...text, '--tokenizer', both]);
  cpSync(at('qwen3'), both, { recursive: true });
  assert.is(await said([...text, '--tokenizer', both]), await said([...text, '--tokenizer', at('qwen3')]));
  assert.is.not(pieces, await said([...text, '--tokenizer', both]));
  rmSync(join(both, 'tokenizer.json'));
  cpSync(at('spm_llama2'), both, { recursive: true });
  writeFileSync(join(both, 'vocab.json'), '{"a": 0}');
  writeFileSync(join(both, 'merges.txt'), '');
  assert.is(await said([...text, '--tokenizer', both]), pieces);
});

test('a damaged SentencePiece model is refused', async () => {
  const broken = join(folder(), 'tokenizer.model');
  const whole = readFileSync(join(at('spm_llama2'), 'tokenizer.model'));
  for (const bytes of [whole.subarray(0, 300), Buffer.from([0x0a, 7, 10, 5]), Buffer.from('\nnot pieces')]) {
    writeFileSync(broken, bytes);
    const { code, err } = await nanoc(['run', model, '--prompt', 'a', '--tokenizer', broken]);
    assert.is(code, 1);
    assert.match(err, /N621: (?:damaged, or no|the) SentencePiece model/);
  }
});

test('--bos has it otherwise', async () => {
  const { text, ids, ordinary } = casesOf('llama3').find((c) => c.text === 'Hello')!;
  const run = (name: string, bos: string) => ['--prompt', text, '--tokenizer', at(name), '--bos', bos];
  assert.is(await said(run('llama3', 'auto')), await said(idsOf([ids])));
  assert.is(await said(run('llama3', 'never')), await said(idsOf([ordinary])));
  const gpt2 = casesOf('gpt2').find((c) => c.text === 'Hello')!;
  const end = 640;
  assert.is(await said(run('gpt2', 'always')), await said(idsOf([[end, ...gpt2.ids]])));
  const none = await nanoc(['run', model, ...run('qwen3', 'always')]);
  assert.is(none.code, 1);
  assert.match(none.err, 'N705: the tokenizer has no token that begins a text');
  const ids_ = await nanoc(['run', model, '--tokens', '1', '--bos', 'never']);
  assert.is(ids_.code, 2);
  assert.match(ids_.err, 'write the id of the token with --tokens');
});

test.run();
