/** What the mutation run may change, and in which order it does. */

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { applied, drawn, edits, keyOf, type Mutation, mutationsOf } from '../../scripts/mutation/edits.ts';
import { filesOf, places } from '../../scripts/mutation/places.ts';
import { root } from '../repository/sources.ts';
import { equivalent } from './equivalent.ts';

const textOf = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const all = filesOf(root).flatMap(({ path }) => mutationsOf(path, textOf(path)));

function first(count: number, seed: number): readonly Mutation[] {
  const found: Mutation[] = [];
  for (const m of drawn(all, seed)) if (found.push(m) === count) break;
  return found;
}

const changes = (text: string, file = 'compiler/x.ts'): readonly string[] =>
  mutationsOf(file, text).map((m) => m.after);

test('every place has files, and a file has one place', () => {
  const paths = filesOf(root).map(({ path }) => path);
  assert.is(new Set(paths).size, paths.length);
  for (const { folder, files } of places)
    assert.ok(
      paths.some((p) => p.startsWith(`${folder}/`)),
      `${folder} ${files?.source}`,
    );
});

test('a seed says which mutations are drawn, and in which order', () => {
  assert.equal(first(60, 1), first(60, 1));
  assert.not.equal(first(60, 1), first(60, 2));
});

test('no line is drawn twice, and every kind of edit as often as another', () => {
  const found = first(8 * 8, 3);
  assert.is(new Set(found.map((m) => `${m.file}:${m.line}`)).size, found.length);
  const names = new Set(edits.map((e) => e.name));
  for (const name of names) assert.is(found.filter((m) => m.edit === name).length, 64 / names.size, name);
});

test('one line changes, and nothing else', () => {
  for (const m of first(200, 4)) {
    const before = textOf(m.file);
    const [old, now] = [before.split('\n'), applied(before, m).split('\n')];
    const apart = old.flatMap((line, i) => (line === now[i] ? [] : [i + 1]));
    assert.equal([apart, old.length], [[m.line], now.length], keyOf(m));
  }
});

test('each edit of the table is made', () => {
  const text = [
    'const a = [x, y];',
    'f(x, y);',
    "pick({ axis: 3, of: 'int64' });",
    'const b = 0.5;',
    'g(q + r);',
    'if (s < t) h();',
  ].join('\n');
  const found = changes(text);
  for (const after of [
    'const a = [y, x];',
    'f(y, x);',
    "pick({ axis: 4, of: 'int64' });",
    "pick({ axis: 0, of: 'int64' });",
    "pick({ axis: 3, of: 'bool' });",
    'const b = 1;',
    'g(q);',
    'g(q - r);',
    'if (s <= t) h();',
  ])
    assert.ok(found.includes(after), after);
});

test('what computes nothing is left alone', () => {
  for (const line of [
    '// 1 + 2, or [a, b]',
    '/** Of rank 3: a < b. */',
    'type Pair = readonly [a: 1, b: 2];',
    'const m = new Map<string, [Node, View][]>();',
    'interface Shape { readonly rank: 4 }',
    "import { a } from './b1 + 2.ts';",
    `throw new Bug(\`rank \${n + 1}\`);`,
    `failAt(use, undefined, 'N321', \`a range of \${n + 1}\`);`,
    "const p = { doc: 'a * b', found: show(a, b) };",
    "const told = 'a + b of 3';",
    `const shown = \`a \${b + c} of 3\`;`,
  ])
    assert.equal(changes(line), [], line);
});

test('a comment at the end of a line is left alone, and the line is not', () => {
  assert.equal(changes('f(g(a, b)); // 2 ** -24'), ['f(g(b, a)); // 2 ** -24']);
});

test('text is code where TorchScript is written', () => {
  assert.equal(changes("const line = 'y = a + b';"), []);
  assert.ok(changes("const line = 'y = a + b';", 'backends/torchscript/x.ts').length > 0);
});

test('what is said to be equivalent has a reason', () => {
  for (const [key, why] of Object.entries(equivalent))
    assert.ok(/^\S+\.ts: .+ -> .+$/.test(key) && why.length > 20, key);
});

test.run();
