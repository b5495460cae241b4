/** What names mean, what may not hide what, and what is said of names that mean nothing. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { diagnose, said } from './refused.ts';

const model = (items: string, body = '{ return wte(tokens) }', file = ''): string => `${file}
model m {
  config { dim = 4 }
  wte: Embedding(100, dim)
  ${items}
  forward(tokens: int64[B, T]) -> logits: [B, T, dim] ${body}
}
`;

/** Diagnostics as `N201 word`, by the first word in back quotes. */
const brief = (text: string): string[] =>
  diagnose(text).map((d) => `${d.code} ${/`([^`]*)`/.exec(d.message)?.[1] ?? ''}`);

const right = (text: string): void => assert.is(said(diagnose(text)), '');

test('prelude and built-ins may be redefined, in a file, a model, a block, a body', () => {
  right(model('a: RMSNorm(dim)', '= a(wte(tokens))', 'block RMSNorm(n) { w: [n] forward(x) = x * w }'));
  right(model('fn softmax(x) = x', '= softmax(wte(tokens))'));
  right(
    model('block L { attention: Linear(dim, dim) forward(x) = attention(x) }\n l: L', '= l(wte(tokens))'),
  );
  right(model('', '{ sum = sum(wte(tokens), axis=-1) return wte(tokens) + sum }'));
});

test('nothing else is hidden, whoever comes second', () => {
  assert.equal(brief(model('dim: [4]')), ['N203 dim']);
  assert.equal(brief(model('block L(dim) { w: [dim] }\n l: L(3)')), ['N203 dim']);
  assert.equal(brief(model('block L { dim = 3 }\n l: L')), ['N203 dim']);
  assert.equal(brief(model('fn f(dim) = dim\n n = f(3)')), ['N203 dim']);
  assert.equal(brief(model('n = [dim for dim in range(3)]')), ['N203 dim']);
  assert.equal(brief(model('h[dim in range(3)]: [4]')), ['N203 dim']);
  assert.equal(brief(model('', '{ for dim in range(3) { y = 1 } return wte(tokens) }')), ['N203 dim']);
  assert.equal(brief(model('', '{ wte = wte(tokens) return wte }')), ['N203 wte']);
  assert.equal(brief(model('fn a(x) = x', '= a(wte(tokens))', 'block a { }')), ['N203 a']);
  assert.equal(brief(model('a.b: [4]\n a.b: [4]')), ['N203 b']);
  assert.equal(brief(model('a: [4]\n a.b: [4]')), ['N203 a']);
});

test('both arms of an if may declare one name', () => {
  right(model('if dim > 3 { a: Linear(dim, dim) } else { a: [4] }', '= a(wte(tokens))'));
});

test('a member of an arm not taken names the condition', () => {
  const text = model('if dim > 9 { a: Linear(dim, dim) } else { b.c: [4] }', '= a(wte(tokens))');
  const words = said(diagnose(text));
  assert.match(
    words,
    'error N208: `a` exists only where `dim > 9` (line 5), which does not hold in the model',
  );
  assert.match(words, 'use it under the same condition: if dim > 9 { ... }');
  const other = said(diagnose(model('if dim > 3 { a: [4] } else { b.c: [4] }', '= b.c * wte(tokens)')));
  assert.match(other, '`c` exists only where not `dim > 3` (line 5)');
});

test('reserved values may not be declared', () => {
  for (const name of ['B', 'T', 'P', 'positions', 'pi', 'inf']) {
    assert.equal(brief(model(`${name}: [4]`)), [`N207 ${name}`]);
    assert.equal(brief(model('', `{ ${name} = 3 return wte(tokens) }`)), [`N207 ${name}`]);
  }
});

test('a model may take positions as an input', () => {
  const text = model('', '= wte(positions)').replace('B, T])', 'B, T], positions: int64[B, T])');
  right(text);
  assert.equal(brief(text.replace('positions: int64[B, T]', 'positions: [B, T]')), ['N309 positions']);
});

test('declarations are used below, but for blocks and functions', () => {
  right(model('n = twice(3)\n l: L\n fn twice(x) = 2 * x\n block L { w: [4] }'));
  assert.equal(brief(model('n = m\n m = 3')), ['N214 m']);
  assert.equal(brief(model('l: L\n block L { w: [n] }\n n = 3')), ['N214 n']);
  assert.match(said(diagnose(model('n = m\n m = 3'))), 'move the declaration up (line 6)');
});

test('unknown names come with the nearest, or with what they are called here', () => {
  const hint = (text: string): string | undefined => diagnose(text)[0]?.hint;
  assert.is(hint(model('n = dmi')), 'did you mean `dim`?');
  assert.is(hint(model('', '= softmaxx(wte(tokens))')), 'did you mean `softmax`?');
  assert.is(hint(model('l: Linaer(3, 4)')), 'did you mean `Linear`?');
  assert.is(hint(model('n = True')), 'write `true`');
  assert.is(hint(model('', '= self.wte(tokens)')), 'members are named directly: `weight`, not `self.weight`');
  assert.is(hint(model('', '= linear(wte(tokens), wte.wieght)')), 'did you mean `weight`?');
  assert.is(hint(model('n = quite_unlike_anything')), undefined);
});

test('names are checked in code that this config does not reach', () => {
  assert.equal(brief(model('block L { w: [n] }')), ['N201 n']);
  assert.equal(brief(model('fn f(x) = y')), ['N201 y']);
  assert.equal(brief(model('if dim > 9 { w: [n] }')), ['N201 n']);
  assert.equal(brief(model('', '{ if dim > 9 { z = zz } return wte(tokens) }')), ['N201 zz']);
  right(model('fn f(x, n) { for i, k in x { z = [i + j + k for j in n] } return z }'));
  right(model('block L(n) { h[i in range(n)]: [i, n] forward(x) = h }'));
});

test('a name used too early or after its loop says so', () => {
  const words = (body: string): string => said(diagnose(model('', body)));
  assert.match(words('{ y = z z = 3 return wte(tokens) }'), 'error N206: `z` is used before it is assigned');
  assert.match(words('{ for i in range(3) { z = i } y = i return wte(tokens) }'), '`i` ends with its loop');
  assert.match(
    words('{ if dim > 9 { z = 1 } else { y = 2 } return z * wte(tokens) }'),
    '`z` is assigned only where `dim > 9` (line 6), which nothing on the way here reached',
  );
});

test('paths go down through members, modules and includes, not through lists and tensors', () => {
  right(model('a.b.c: Linear(dim, dim)', '= linear(wte(tokens), a.b.c.weight)'));
  const list = diagnose(model('h[3]: Linear(dim, dim)', '= linear(wte(tokens), h.weight)'));
  assert.is(list[0]?.code, 'N314');
  assert.is(list[0]?.hint, 'take one of them first: h[i].weight');
  assert.equal(brief(model('', '= tokens.shape')), ['N314 .shape']);
});

test('included blocks and functions are named through the file', () => {
  const text = (use: string): string =>
    model(`mlp: ${use}`, '= mlp(wte(tokens))', 'include "llama.nanospec" as llama');
  right(text('llama.Mlp(dim, 8)'));
  assert.equal(brief(text('Mlp(dim, 8)'))[0], 'N201 Mlp');
  assert.match(said(diagnose(text('llama.Mpl(dim, 8)'))), 'error N201: `llama` has no `Mpl`');
  assert.match(said(diagnose(text('llama.Mpl(dim, 8)'))), 'did you mean `Mlp`?');
});

test('an included file that is not there, or that includes itself', () => {
  assert.equal(brief(model('', '= wte(tokens)', 'include "nowhere.nanospec" as n')), [
    'N211 nowhere.nanospec',
  ]);
  const loop = 'include "loop.nanospec" as again\nblock A { }';
  const include = (path: string) => (path === 'loop.nanospec' ? { name: path, text: loop } : undefined);
  const found = diagnose(model('', '= wte(tokens)', 'include "loop.nanospec" as l'), { include });
  assert.equal(
    found.map((d) => d.code),
    ['N210'],
  );
  assert.is(found[0]?.found, 'loop.nanospec -> loop.nanospec');
});

test('errors in an included file are shown there', () => {
  const include = () => ({ name: 'part.nanospec', text: 'block A { w: [3] forward(x) = x + w }' });
  const found = diagnose(model('a: part.A', '= a(wte(tokens))', 'include "part.nanospec" as part'), {
    include,
  });
  assert.is(found.length, 1);
  assert.is(found[0]?.span?.source.name, 'part.nanospec');
  const broken = () => ({ name: 'part.nanospec', text: 'block A {' });
  const unparsed = diagnose(model('a: part.A', '= a(wte(tokens))', 'include "part.nanospec" as part'), {
    include: broken,
  });
  assert.equal(
    unparsed.map((d) => d.code),
    ['N105'],
  );
});

test.run();
