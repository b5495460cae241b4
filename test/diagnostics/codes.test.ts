import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Code, codes } from '../../spec/codes.ts';
import { golden } from '../harness/golden.ts';
import { scenarios, scene } from './scenarios.ts';

const folder = new URL('../fixtures/diagnostics/', import.meta.url);

for (const code of Object.keys(scenarios) as Code[]) {
  // the keys of the table are codes
  test(`${code}, ${codes[code]}`, async () => {
    const said = await scene(code);
    assert.match(said, new RegExp(`(?:error|warning) ${code}: `), said);
    assert.not.match(said, /^ +at .*:\d+:\d+\)?$/m, 'no stack trace');
    golden(new URL(`${code}.txt`, folder), said);
  });
}

/** Where the text of a code is shown that needs more than files: an environment of its own. */
const elsewhere: Partial<Record<Code, string>> = { N702: 'test/repository/package.test.ts' };

test('every code has a fixture that shows its text', () => {
  const texts = readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .map((file) => [file.slice(0, 4), readFileSync(new URL(file, folder), 'utf8')] as const);
  const shown = (code: string): boolean =>
    texts.some(([name, text]) => name === code && new RegExp(`(?:error|warning) ${code}: \\S`).test(text));
  assert.equal(
    Object.keys(codes).filter((code) => !shown(code)),
    [],
  );
  for (const [code, file] of Object.entries(elsewhere)) {
    assert.ok(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').includes(code), code);
  }
});

test('there are at least 40 codes, each with a title', () => {
  assert.ok(Object.keys(codes).length >= 40);
  for (const [code, title] of Object.entries(codes)) assert.match(title, /^[a-z`][^.]+$/, code);
});

test.run();
