/** Every example of the language reference compiles, or is refused with the code that it is there to show. */

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from '../../compiler/build.ts';
import { hasErrors } from '../../spec/diagnostic.ts';
import { format } from '../../spec/format.ts';
import { parse } from '../../spec/parse.ts';
import { render } from '../../spec/render.ts';

const text = readFileSync(new URL('../../spec/LANGUAGE.md', import.meta.url), 'utf8');
const tail = 'wte: Embedding(8, 4)\n  forward(tokens: int64[B, T]) -> logits: [B, T, 4] = wte(tokens)\n}\n';

/** Parts become files in the obvious way. */
const wrap: Readonly<Record<string, (part: string) => string>> = {
  config: (part) => `model part {\n  config {\n${part}  }\n  ${tail}`,
  file: (part) => `${part}model part {\n  ${tail}`,
};

interface Example {
  readonly line: number;
  readonly words: readonly string[];
  readonly text: string;
}

function examples(): Example[] {
  return [...text.matchAll(/^```(nanospec[^\n]*)\n(.*?)^```$/gms)].map((m) => ({
    line: text.slice(0, m.index).split('\n').length,
    words: m[1]!.split(' '),
    text: m[2]!,
  }));
}

const options = { include: () => undefined };

for (const example of examples()) {
  const [kind, word = ''] = example.words;
  const at = `LANGUAGE.md:${example.line}`;
  const file = kind === 'nanospec-part' ? wrap[word]!(example.text) : example.text;
  const source = { name: at, text: file };

  if (kind === 'nanospec' && word === 'error') {
    const code = example.words[2];
    test(`${at} is refused with ${code}`, () => {
      const parsed = parse(source);
      const found = parsed.value ? build(parsed.value, options).diagnostics : parsed.diagnostics;
      assert.equal(
        found.filter((d) => d.severity === 'error').map((d) => d.code as string),
        [code],
        render(found, { color: false }),
      );
    });
    continue;
  }

  test(`${at} compiles`, () => {
    const parsed = parse(source);
    assert.not(hasErrors(parsed.diagnostics), render(parsed.diagnostics, { color: false }));
    const built = build(parsed.value!, options);
    assert.equal(built.diagnostics.length, 0, render(built.diagnostics, { color: false }));
    assert.ok(built.graph && built.graph.nodes.length > 0);
  });

  if (kind === 'nanospec') {
    test(`${at} is in canonical form, comments apart`, () => {
      const squeeze = (t: string) => t.replace(/[ \t]+/g, ' ').trim();
      assert.is(squeeze(format(parse(source).value!)), squeeze(file));
    });
  }
}

test('there are examples of both kinds', () => {
  const kinds = examples().map((e) => e.words.slice(0, 2).join(' '));
  assert.ok(kinds.filter((k) => k === 'nanospec').length >= 6);
  assert.ok(kinds.filter((k) => k === 'nanospec error').length >= 4);
});

test.run();
