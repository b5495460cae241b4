import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Diagnostic, error, warning } from '../../spec/diagnostic.ts';
import { render, summary, toJson } from '../../spec/render.ts';
import type { Source } from '../../spec/source.ts';

const source: Source = { name: 'm.nanospec', text: 'model M\n\tx = y + zz\r\nend\n' };
const at = (text: string) => {
  const start = source.text.indexOf(text);
  return { source, start, end: start + text.length };
};
const plain = (...diagnostics: readonly Diagnostic[]): string => render(diagnostics, { color: false });

test('a place, the line that it is on, and a mark below what is wrong', () => {
  const text = plain(error('N101', 'no zz', { span: at('zz') }));
  assert.is(text, 'm.nanospec:2:10 error N101: no zz\n2 | \tx = y + zz\n    \t        ^^');
});

test('what was expected, found, related and meant follow in this order', () => {
  const related = [{ message: 'declared here', span: at('x') }, { message: 'nowhere' }];
  const extra = { file: 'model.pt', expected: '4', found: '5', related, hint: 'type 4' };
  assert.is(
    plain(warning('N101', 'wrong', extra)),
    [
      'model.pt: warning N101: wrong',
      'expected 4',
      'found    5',
      'note: declared here (m.nanospec:2:2)',
      'note: nowhere',
      'hint: type 4',
    ].join('\n'),
  );
});

test('a blank line stands between two, and nothing is made of none', () => {
  assert.is(plain(error('N101', 'a'), error('N101', 'b')), 'error N101: a\n\nerror N101: b');
  assert.is(plain(), '');
});

test('a mark is at least one letter long and ends with its line', () => {
  const marks = (start: number, end: number): string =>
    plain(error('N101', 'a', { span: { source, start, end } })).split('\n')[2]!;
  const end = source.text.indexOf('\r');
  assert.is(marks(0, 0), '    ^');
  assert.is(marks(0, 12), `    ${'^'.repeat('model M'.length)}`);
  assert.is(marks(end, end), `    \t${' '.repeat('x = y + zz'.length)}^`);
});

test('a line that is too long for a screen is not shown', () => {
  const long = { name: 'm', text: 'x'.repeat(161) };
  const span = { source: long, start: 0, end: 1 };
  assert.is(plain(error('N101', 'a', { span })), 'm:1:1 error N101: a');
  const fits = { ...span, source: { name: 'm', text: 'x'.repeat(160) } };
  assert.is(plain(error('N101', 'a', { span: fits })).split('\n').length, 3);
});

test('what would steer a terminal is replaced wherever it comes from, and a long name is cut', () => {
  const bad = '\u001b]52;c;aGk=\u0007\r\u009b2J';
  const span = { source: { name: bad, text: bad }, start: 0, end: 1 };
  const related = [{ message: bad, span }];
  const text = plain(error('N101', bad, { span, expected: bad, found: bad, hint: bad, related }));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  assert.not.match(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
  assert.ok(text.split('\ufffd').length > 15, text);
  assert.ok(plain(error('N101', 'x'.repeat(5000))).endsWith(`${'x'.repeat(2000)} ...`));
});

test('colour is told from severity, and is only where it is asked for', () => {
  const text = render([error('N101', 'a', { span: at('zz'), hint: 'b' })], { color: true });
  assert.ok(text.startsWith('\u001b[1mm.nanospec:2:10 \u001b[0m\u001b[31;1merror N101\u001b[0m: a\n'), text);
  assert.ok(text.endsWith('\u001b[31;1m^^\u001b[0m\n\u001b[2mhint:\u001b[0m b'), text);
  assert.ok(
    render([warning('N101', 'a')], { color: true }).startsWith('\u001b[1m\u001b[0m\u001b[33;1mwarning'),
  );
});

test('JSON holds places as editors count them, offsets from 0, and nothing that is not said', () => {
  const span = {
    file: 'm.nanospec',
    start: { line: 2, column: 10, offset: 17 },
    end: { line: 2, column: 12, offset: 19 },
  };
  const related = [{ message: 'b', span: at('zz') }, { message: 'c' }];
  assert.equal(toJson(error('N101', 'a', { span: at('zz'), hint: 'h', related })), {
    code: 'N101',
    severity: 'error',
    message: 'a',
    span,
    hint: 'h',
    related: [{ message: 'b', span }, { message: 'c' }],
  });
  assert.equal(toJson(warning('N101', 'a', { file: 'f', expected: 'e', found: 'g', more: 2 })), {
    ...{ code: 'N101', severity: 'warning', message: 'a' },
    ...{ file: 'f', expected: 'e', found: 'g', more: 2 },
  });
});

test('the summary counts errors and warnings, with those that one stands for', () => {
  const [one, two] = [error('N101', 'a'), warning('N101', 'b')];
  assert.is(summary([one]), '1 error');
  assert.is(summary([two, two, one, { ...one, more: 3 }]), '4 errors, 2 warnings');
  assert.is(summary([]), '');
});

test.run();
