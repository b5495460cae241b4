import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { align, type Doc, fill, group, line, listed, prettyText } from '../../spec/pretty.ts';

const lines = (...text: readonly string[]): string => text.join('\n');

test('a document that just fits stays on its line, and one column less breaks it at each of its lines', () => {
  const doc: Doc = ['aa', line, 'bb', line, 'cc'];
  assert.is(prettyText(doc, 0, 8), 'aa bb cc');
  assert.is(prettyText(doc, 0, 7), lines('aa', 'bb', 'cc'));
});

test('the column in which it begins counts, and further lines are indented to it', () => {
  const doc: Doc = ['aa', line, 'bb'];
  assert.is(prettyText(doc, 3, 8), 'aa bb');
  assert.is(prettyText(doc, 4, 8), lines('aa', '    bb'));
});

test('a broken group leaves a group within it on one line where that fits', () => {
  const doc: Doc = ['f(', line, group('aa', line, 'bb'), line, ')'];
  assert.is(prettyText(doc, 0, 7), lines('f(', 'aa bb', ')'));
  assert.is(prettyText(doc, 0, 4), lines('f(', 'aa', 'bb', ')'));
});

test('what follows a group up to the next line end has to fit with it', () => {
  const doc: Doc = [group('aa', line, 'bb'), 'ccc', line, 'd'];
  assert.is(prettyText(doc, 0, 8), lines('aa bbccc', 'd'));
  assert.is(prettyText(doc, 0, 7), lines('aa', 'bbccc', 'd'));
});

test('further lines of what is aligned begin where it began', () => {
  assert.is(prettyText(['x = ', align(['aa', line, 'bb'])], 0, 6), lines('x = aa', '    bb'));
  assert.is(prettyText(['x = ', ['aa', line, 'bb']], 0, 6), lines('x = aa', 'bb'));
});

test('pieces fill the line, and one that does not fit begins the next', () => {
  assert.is(prettyText(listed(['aa', 'bb', 'cc', 'dd']), 0, 8), lines('aa, bb,', 'cc, dd'));
  assert.is(prettyText(listed(['aa', 'bb', 'cc', 'dd']), 0, 11), lines('aa, bb, cc,', 'dd'));
  assert.is(prettyText(listed(['aa', 'bb']), 0, 6), 'aa, bb');
  assert.is(prettyText(listed(['aa', 'bb']), 0, 5), lines('aa,', 'bb'));
  assert.is(prettyText(listed([]), 0, 6), '');
});

test('a piece that begins a line has its own further indentation', () => {
  const doc = fill([{ doc: 'aaaa' }, { doc: '+ bb', nest: 2 }, { doc: '+ cc', nest: 2 }]);
  assert.is(prettyText(doc, 0, 9), lines('aaaa + bb', '  + cc'));
  assert.is(prettyText(doc, 0, 14), 'aaaa + bb + cc');
});

test('what cannot be broken is written whole, however long', () => {
  assert.is(prettyText('aaaaaaaaaa', 0, 4), 'aaaaaaaaaa');
});

test('a list of any length is laid out without recursion', () => {
  const many = Array.from({ length: 200_000 }, () => 'a');
  assert.is(prettyText(many, 0, 80).length, 200_000);
  let deep: Doc = 'a';
  for (let i = 0; i < 100_000; i++) deep = group(deep);
  assert.is(prettyText(deep, 0, 80), 'a');
});

test.run();
