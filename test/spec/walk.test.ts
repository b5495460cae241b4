import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AnyNode, File } from '../../spec/ast.ts';
import { parse } from '../../spec/parse.ts';
import { textOf } from '../../spec/source.ts';
import { children, walk } from '../../spec/walk.ts';

const read = (text: string): File => {
  const { value, diagnostics } = parse({ name: 'm.nanospec', text });
  assert.equal(diagnostics, []);
  return value!;
};
const body = (expression: string): AnyNode => {
  const [f] = read(`fn f(x) = ${expression}`).declarations;
  assert.ok(f?.kind === 'Function');
  return f.body as AnyNode;
};
const texts = (nodes: Iterable<AnyNode>): readonly string[] => [...nodes].map(({ span }) => textOf(span));

test('the children of a node are those right below it, in the order of the text', () => {
  assert.equal(texts(children(body('a * b + g(c)'))), ['a * b', 'g(c)']);
  assert.equal(texts(children(body('if a then b else c'))), ['a', 'b', 'c']);
  assert.equal(texts(children(body('[a, b, c]'))), ['a', 'b', 'c']);
  assert.equal(children(body('1')), []);
});

test('a walk yields a node before what is below it, and the left before the right', () => {
  assert.equal(texts(walk(body('(a - b) * -c'))), ['(a - b) * -c', '(a - b)', 'a', 'b', '-c', 'c']);
});

test('a walk yields every node once', () => {
  const file = read('# a comment\nfn f(x) = x + 1\nfn g(y) = y * y # another\n');
  const seen = [...walk(file)];
  assert.is(new Set(seen).size, seen.length);
  assert.is(seen[0], file);
  assert.is(seen.filter(({ kind }) => kind === 'Function').length, 2);
});

test('comments are not walked', () => {
  const file = read('# a comment\nfn f(x) = x # another\n');
  assert.ok(file.comments.length >= 2);
  const comments = new Set<unknown>(file.comments);
  assert.not([...walk(file)].some((node) => comments.has(node)));
});

test('depth and length do not matter', () => {
  const span = { source: { name: 'm', text: '' }, start: 0, end: 0 };
  let deep = { kind: 'Name', span } as unknown as AnyNode;
  for (let i = 0; i < 100_000; i++) deep = { kind: 'Unary', span, operand: deep } as unknown as AnyNode;
  assert.is([...walk(deep)].length, 100_001);
  const items = Array.from({ length: 200_000 }, () => ({ kind: 'Name', span }));
  assert.is([...walk({ kind: 'List', span, items } as unknown as AnyNode)].length, 200_001);
});

test.run();
