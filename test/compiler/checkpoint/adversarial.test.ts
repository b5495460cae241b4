/** Broken and hostile checkpoints of the golden set: each gets the verdict and the words that its case asks for. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCheckpoint } from '../../../compiler/checkpoint/open_checkpoint.ts';
import { rawBytes } from '../../../compiler/weights/stream.ts';
import { type Loaded, loadAll } from '../weights/load_all.ts';

interface Case {
  readonly case: string;
  readonly verdict: 'load' | 'either' | 'refuse' | 'warn';
  readonly message_should_mention: readonly string[];
}

const folder = fileURLToPath(new URL('../../fixtures/adversarial/', import.meta.url));
const { cases } = JSON.parse(readFileSync(`${folder}cases.json`, 'utf8')) as { cases: readonly Case[] };

function expectedValues(name: string): ReadonlyMap<string, Buffer> {
  const own = `${folder}${name}/expected.safetensors`;
  const { tensors } = openCheckpoint(existsSync(own) ? own : `${folder}expected.safetensors`);
  const entries = [...tensors].filter(([key]) => key.endsWith('weight'));
  return new Map(entries.map(([key, t]) => [key, Buffer.concat(Array.from(rawBytes(t), (c) => c.slice()))]));
}

function differing(actual: ReadonlyMap<string, Buffer>, name: string): readonly string[] {
  const expected = expectedValues(name);
  assert.is(actual.size, expected.size);
  return [...expected].filter(([key, bytes]) => !actual.get(key)?.equals(bytes)).map(([key]) => key);
}

const mentions = ({ text }: Loaded, words: readonly string[]): void => {
  for (const word of words) assert.ok(text.toLowerCase().includes(word.toLowerCase()), `${word} in: ${text}`);
};

assert.ok(cases.length >= 20);
for (const { case: name, verdict, message_should_mention: words } of cases) {
  test(`${name}: ${verdict}`, () => {
    const loaded = loadAll(`${folder}${name}`);
    if (verdict === 'refuse') {
      assert.is(loaded.values, undefined, loaded.text);
      mentions(loaded, words);
    } else if (loaded.values === undefined) {
      assert.ok(verdict !== 'load', loaded.text);
      mentions(loaded, words);
    } else if (verdict === 'warn') {
      mentions(loaded, words);
    } else {
      assert.equal(differing(loaded.values, name), []);
    }
  });
}

test('the comparison of values sees one wrong bit', () => {
  const { values } = loadAll(`${folder}control-pt`);
  values!.get('lm_head.weight')![5]! ^= 1;
  assert.equal(differing(values!, 'control-pt'), ['lm_head.weight']);
});

test('a tensor that is not finite is reported with its counts', () => {
  assert.match(loadAll(`${folder}nan-weights`).text, /c_fc\.weight has 1 NaN and 1 infinite among its 1024/);
  assert.is(loadAll(`${folder}control-pt`).text, '');
});

test.run();
