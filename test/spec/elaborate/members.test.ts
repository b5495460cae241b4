/** Members: their paths, the checkpoint's names for them, shapes and defaults. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { check } from '../../../spec/check.ts';
import { parse } from '../../../spec/parse.ts';
import type { Program } from '../../../spec/program.ts';
import { diagnose, include, said } from './refused.ts';

const model = (items: string, body = '= wte(tokens)'): string => `
block Two(n) { a: [n] b.c: [n, 2] from "d" }
model m {
  config { dim = 4
    layers = 2 }
  wte: Embedding(100, dim)
  ${items}
  forward(tokens: int64[B, T]) -> logits: [B, T, dim] ${body}
}
`;

function program(text: string): Program {
  const checked = check(parse({ name: 'm.nanospec', text }).value!, { include });
  assert.is(said(checked.diagnostics), '');
  return checked.program!;
}

const keys = (items: string): string[] =>
  program(model(items))
    .params.slice(1)
    .map((p) => (p.key === p.path ? p.key : `${p.path} from ${p.key}`));

const codes = (items: string): string[] => diagnose(model(items)).map((d) => d.code);

test('a parameter has its path for a name', () => {
  assert.equal(keys('t: Two(3)'), ['t.a', 't.b.c from t.b.d']);
  assert.equal(keys('x.y.t: Two(3)'), ['x.y.t.a', 'x.y.t.b.c from x.y.t.b.d']);
});

test('lists have numbers in their paths, with gaps if asked', () => {
  assert.equal(keys('h[layers]: [3]'), ['h.0', 'h.1']);
  assert.equal(keys('h[i in [5, 0]]: Linear(i + 1, 2)'), ['h.5.weight', 'h.0.weight']);
  assert.equal(keys('h[i in range(6) if i % 3 == 1]: [i]'), ['h.1', 'h.4']);
  assert.equal(keys('h[0]: [3]'), []);
});

test('from replaces the last word, for a module that of all below', () => {
  assert.equal(keys('n: [3] from "bias"'), ['n from bias']);
  assert.equal(keys('x.n: [3] from "net.0"'), ['x.n from x.net.0']);
  assert.equal(keys('t: Two(3) from "u.v"'), ['t.a from u.v.a', 't.b.c from u.v.b.d']);
  assert.equal(keys('h[2]: Linear(1, 1) from "net"'), [
    'h.0.weight from net.0.weight',
    'h.1.weight from net.1.weight',
  ]);
});

test('default fills every tensor below, the nearest one first', () => {
  const defaults = (items: string) =>
    program(model(items))
      .params.slice(1)
      .map((p) => p.default);
  assert.equal(defaults('w: [3] default 0.5'), [0.5]);
  assert.equal(defaults('t: Two(3) default 1'), [1, 1]);
  assert.equal(defaults('a: A default 1\n block A { w: [2] v: [2] default 0 }'), [1, 0]);
  assert.equal(defaults('w: [3]'), [undefined]);
  assert.equal(codes('w: [3] default "one"'), ['N314']);
});

test('shapes are numbers with their names beside them, and dtypes as declared', () => {
  const { params } = program(model('w: float32[dim, dim // 3, 2 * layers]'));
  const { shape, shapeText, dtype } = params[1]!;
  assert.equal([shape, shapeText, dtype], [[4, 1, 4], '[dim (4), dim // 3 (1), 2 * layers (4)]', 'float32']);
});

test('instances share what they are given, which keeps its own path', () => {
  const items =
    'shared: Linear(dim, dim)\n block A(f) { own: Linear(dim, dim) forward(x) = own(f(x)) }\n a: A(shared)\n b: A(shared)';
  assert.equal(keys(items), ['shared.weight', 'a.own.weight', 'b.own.weight']);
});

test('one instance called twice has two caches, two instances have one each', () => {
  const block = 'block A { forward(x) { k = x\n k = cache(k)\n return x } }';
  const ports = (items: string, body: string) =>
    program(model(`${block}\n${items}`, body)).ports.map((p) => p.name);
  assert.equal(ports('a: A', '= a(a(a(wte(tokens))))'), ['a.k', 'a.k#2', 'a.k#3']);
  assert.equal(ports('h[2]: A', '= h[1](h[0](wte(tokens)))'), ['h.0.k', 'h.1.k']);
  assert.equal(
    ports('if layers > 5 { a: A }', '{ if layers > 5 { return a(wte(tokens)) } return wte(tokens) }'),
    [],
  );
});

test('what is no shape of a weight is refused', () => {
  assert.equal(codes('w: [T]'), ['N311']);
  assert.equal(codes('w: [..., 3]'), ['N311']);
  assert.equal(codes('w: [2.5]'), ['N313']);
  assert.equal(codes('w: [-1]'), ['N313']);
  assert.equal(codes('w: ["x"]'), ['N314']);
});

test('what is no block is refused, with what it is', () => {
  assert.match(said(diagnose(model('w: dim'))), 'error N209: `dim` is a number, not a block');
  assert.match(said(diagnose(model('w: relu(3)'))), '`relu` is a built-in function, not a block');
  assert.equal(codes('w: Two'), ['N204']);
  assert.equal(codes('w: Two(3, m=4)'), ['N202']);
});

test('keys of lists are whole numbers, each once', () => {
  assert.equal(codes('h[2.5]: [3]'), ['N313']);
  assert.equal(codes('h[-2]: [3]'), ['N318']);
  assert.equal(codes('h[i in [1, 1]]: [3]'), ['N318']);
  assert.equal(codes('h[i in ["a"]]: [3]'), ['N314']);
});

test('declarations are made of what is known when compiling', () => {
  assert.equal(codes('x = wte(positions)'), ['N312']);
  assert.equal(codes('n = T'), ['N311']);
  assert.equal(codes('t: Two(P + T)'), ['N311']);
  assert.equal(codes('if T > 1 { w: [3] }'), ['N312']);
});

test('a tensor that the file stores twice is tied to a parameter', () => {
  const tied = (path: string): string => model(`checkpoint { tied "head" = ${path} }`);
  assert.equal(
    program(tied('wte.weight')).names.tied.map((t) => [t.key, t.param]),
    [['head', 'wte.weight']],
  );
  assert.match(said(diagnose(tied('wte'))), 'name its tensor: wte.weight');
  assert.match(said(diagnose(tied('wte.wieght'))), 'did you mean `weight`?');
});

test('a file has one model with one forward', () => {
  assert.equal(
    diagnose('block A { }').map((d) => d.code),
    ['N212'],
  );
  const twice = `${model('')}${model('').replace('block Two(n) { a: [n] b.c: [n, 2] from "d" }', '')}`;
  assert.equal(
    diagnose(twice).map((d) => d.code),
    ['N213'],
  );
  assert.equal(codes('forward(x: int64[B, T]) -> y: int64[B, T] = x'), ['N203']);
  assert.equal(
    diagnose('model m { w: [3] }').map((d) => d.code),
    ['N215'],
  );
});

test('inputs of the model have types with all axes, and no defaults', () => {
  const words = (input: string): string[] =>
    diagnose(`model m { w: Embedding(3, 4) forward(${input}) -> y: [B, T, 4] = w(tokens) }`).map(
      (d) => d.code,
    );
  assert.equal(words('tokens: int64[B, T]'), []);
  assert.equal(words('tokens'), ['N319']);
  assert.equal(words('tokens: int64[..., T]'), ['N302']);
  assert.equal(words('tokens: int64[B, T] = 3'), ['N314']);
});

test.run();
