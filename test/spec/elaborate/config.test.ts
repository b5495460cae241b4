/** Where the numbers of a model come from, and what is said when they do not come. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { check } from '../../../spec/check.ts';
import { parse } from '../../../spec/parse.ts';
import type { Checked, ConfigValue, ElaborationOptions } from '../../../spec/program.ts';
import { diagnose, said } from './refused.ts';

const file = (config: string, rest = ''): string => `model m {
  ${config}
  wte: Embedding(100, dim)
  ${rest}
  forward(tokens: int64[B, T]) -> logits: [B, T, dim] = wte(tokens)
}
`;

function checked(text: string, options: Partial<ElaborationOptions> = {}): Checked {
  return check(parse({ name: 'm.nanospec', text }).value!, { include: () => undefined, ...options });
}

const set = (values: Readonly<Record<string, ConfigValue>>) => ({ set: new Map(Object.entries(values)) });

const entry = 'config { dim = 32 from "n_embd" or "hidden_size" else 8 * 8 }';
const value = ({ program }: Checked) => program?.config[0];

test('an example is used without a checkpoint, and only then', () => {
  assert.equal(value(checked(file(entry))), { name: 'dim', value: 32, from: 'example' });
  assert.equal(value(checked(file(entry), { config: {} })), { name: 'dim', value: 64, from: 'else' });
});

test('the first key that is there counts, and null is absence', () => {
  const config = { n_embd: null, hidden_size: 48 };
  assert.equal(value(checked(file(entry), { config })), {
    name: 'dim',
    value: 48,
    from: 'checkpoint',
    key: 'hidden_size',
  });
  const both = checked(file(entry), { config: { n_embd: 16, hidden_size: 48 } });
  assert.is(value(both)?.value, 16);
});

test('an infinity is read as transformers writes it', () => {
  const config = 'config {\n  dim = 32\n  limits = [0, 1] from "time_step_limit"\n}';
  const found = checked(file(config), { config: { time_step_limit: [0, { __float__: 'Infinity' }] } });
  assert.equal(found.program?.config[1]?.value, [0, Infinity]);
});

test('a checkpoint without a config is asked for one, in one line, and no example stands in for it', () => {
  const two = 'config {\n  dim = 32 from "n_embd"\n  depth = 3 from "n_layer" else 4\n  eps = 1\n}';
  const found = checked(file(two, 'require depth > 0, "none"'), { config: null });
  assert.match(said(found.diagnostics), 'N611: the checkpoint has no config: nothing says dim, depth\n');
  assert.is(found.diagnostics.length, 1);
  const set = {
    set: new Map([
      ['dim', 24],
      ['depth', 2],
    ]),
  };
  assert.is(checked(file(two, 'require depth > 0, "none"'), { config: null, ...set }).diagnostics.length, 0);
});

test('of a checkpoint of another architecture that is said, and not what it lacks', () => {
  const config = 'config {\n  dim = 32 from "n_embd"\n  expect "model_type" = "gpt2"\n}';
  const found = checked(file(config), { config: { model_type: 'llama' } });
  assert.equal(
    found.diagnostics.map((d) => d.code),
    ['N612'],
  );
});

test('--set wins over the checkpoint', () => {
  const found = checked(file(entry), { config: { n_embd: 16 }, ...set({ dim: 24 }) });
  assert.equal(value(found), { name: 'dim', value: 24, from: 'set' });
  assert.equal(found.program?.params[0]?.shape, [100, 24]);
});

test('--set of an unknown name is refused with the nearest', () => {
  const found = checked(file(entry), set({ dmi: 24 }));
  assert.equal(
    found.diagnostics.map((d) => d.code),
    ['N620'],
  );
  assert.match(said(found.diagnostics), 'did you mean `dim`?');
});

test('a key that must be there is asked for with its file and the nearest key', () => {
  const found = checked(file('config { dim = 32 from "n_embd" }'), {
    config: { n_emb: 64, vocab_size: 3 },
    configFile: 'meta_000000.json',
  });
  const text = said(found.diagnostics);
  assert.match(text, 'error N611: the checkpoint\'s config has no "n_embd"');
  assert.match(text, 'found    meta_000000.json has n_emb, vocab_size');
  assert.match(text, 'did you mean `n_emb`?');
  assert.match(text, 'm.nanospec:2:26');
});

test('an entry without an example needs a checkpoint', () => {
  const text = file('config { dim from "n_embd" }');
  assert.match(said(checked(text).diagnostics), '`dim` has no value without a checkpoint');
  assert.is(value(checked(text, { config: { n_embd: 8 } }))?.value, 8);
});

test('keys descend into objects, the named one first', () => {
  const text = file('config from "text_config" { dim = 1 from "sizes.width" }');
  const inner = checked(text, { config: { text_config: { sizes: { width: 5 } }, sizes: { width: 7 } } });
  assert.equal([value(inner)?.value, value(inner)?.key], [5, 'text_config.sizes.width']);
  const outer = checked(text, { config: { text_config: {}, sizes: { width: 7 } } });
  assert.equal([value(outer)?.value, value(outer)?.key], [7, 'sizes.width']);
});

test('a value of another kind than the example is refused', () => {
  const found = checked(file(entry), { config: { n_embd: '64' } });
  const text = said(found.diagnostics);
  assert.match(text, 'error N613: `dim` must be a number; the checkpoint\'s "n_embd" is a string');
  assert.match(text, 'found    "64"');
  const given = checked(file(entry), set({ dim: true }));
  assert.match(said(given.diagnostics), '`dim` must be a number; what is set for it is true or false');
});

test('an object is no value; a list and none are', () => {
  const object = checked(file(entry), { config: { n_embd: { width: 3 } } });
  assert.match(said(object.diagnostics), 'name the key inside it: "n_embd....');
  const list = checked(file('config { dim = 4\n sizes = [1, 2] from "sizes"\n rank = none }'), {
    config: { sizes: [3, 4, 5] },
  });
  assert.equal(
    list.program?.config.map((e) => e.value),
    [4, [3, 4, 5], null],
  );
});

test('example and else are of one kind', () => {
  const found = checked(file('config { dim = 32 from "n" else "many" }'));
  assert.match(said(found.diagnostics), '`dim` is a number by example and a string without its key');
});

test('a later entry may use an earlier one, not the other way round', () => {
  assert.is(said(checked(file('config { half = 4\n dim = 2 * half }')).diagnostics), '');
  const found = checked(file('config { dim = 2 * half\n half = 4 }'));
  assert.equal(
    found.diagnostics.map((d) => d.code),
    ['N214'],
  );
});

test('entries are sizes of their own, even when one is made of the other', () => {
  const text = file('config { half = 4\n dim = 2 * half }', 'w: [2 * half, dim]');
  const { program } = checked(text);
  assert.is(program?.params[1]?.shapeText, '[2 * half (8), dim (8)]');
});

test('expect guards what the spec takes for granted', () => {
  const text = file(
    'config { dim = 4\n expect "act" or "activation" = "silu"\n expect "window" = none\n expect "on" = true }',
  );
  assert.is(said(checked(text).diagnostics), '');
  const fine = { activation: 'silu', window: null, on: true };
  assert.is(said(checked(text, { config: fine }).diagnostics), '');
  const wrong = checked(text, {
    config: { act: 'gelu', window: 8, on: true },
    configFile: 'config.json',
  });
  const found = said(wrong.diagnostics);
  assert.match(found, 'error N612: this spec is written for "act" = "silu"; the checkpoint says "gelu"');
  assert.match(found, 'this spec is written for "window" = none; the checkpoint says 8');
  assert.match(found, 'found    "gelu", in config.json');
  assert.is(wrong.diagnostics.length, 2);
});

test('keys that nothing asks for are listed', () => {
  const text = file(
    'config { dim = 4 from "n_embd"\n theta = 1 from "rope.theta" else 1\n expect "act" = "x" }',
  );
  const config = { n_embd: 4, rope: { theta: 2, kind: 'default' }, dropout: 0.1, extra: { a: 1 } };
  assert.equal(checked(text, { config }).program?.unread, ['rope.kind', 'dropout', 'extra']);
});

test('a requirement that fails says the numbers', () => {
  const text = file(
    'config { dim = 32\n heads = 5 }',
    'require dim % heads == 0 and heads > 1, "heads must divide dim"',
  );
  const found = said(checked(text).diagnostics);
  assert.match(found, 'error N317: heads must divide dim');
  assert.match(found, 'expected dim % heads == 0 and heads > 1');
  assert.match(found, 'found    dim = 32, heads = 5');
  assert.is(said(checked(text, set({ heads: 4 })).diagnostics), '');
});

test('a size that is no whole number says what it is made of', () => {
  const text = file('config { dim = 32\n heads = 5 }', 'head = dim / heads\n  w: [head]');
  const found = said(checked(text).diagnostics);
  assert.match(found, '`head` = dim / heads is 6.4: a size must be a whole number');
  assert.match(found, 'heads must divide dim');
});

test('numbers out of all proportion are refused, not computed with', () => {
  const huge = 'config { dim = 9007199254740991 }';
  assert.is(said(checked(file(huge, 'w: [dim * dim * dim]')).diagnostics).includes('error N3'), true);
  const long = checked(file('config { dim = 4\n layers = 1e12 }', 'h[layers]: Linear(dim, dim)'));
  assert.match(said(long.diagnostics), 'N321');
});

test('a size that is not whole is said once, wherever it stands', () => {
  const spec = `model m {
  config {
    dim = 32
    heads = 5
  }
  head = dim / heads
  q: Linear(dim, heads * head)
  k: Linear(dim, heads * head)
  emb: Embedding(9, dim)
  forward(tokens: int64[B, T]) -> logits: [B, T, dim] {
    x = emb(tokens)
    a = q(x) as [B, T, heads, head]
    b = k(x) as [B, T, heads, head]
    return (a + b) as [B, T, dim]
  }
}`;
  const found = diagnose(spec);
  assert.is(found.length, 1, said(found));
  assert.match(said(found), '`head` = dim / heads is 6.4: a size must be a whole number');
  assert.match(said(found), 'hint: heads must divide dim');
});

test.run();
