import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lex } from '../../spec/lex.ts';
import { bySpelling, isReserved, reserved } from '../../spec/tokens.ts';

const cut = (text: string) => lex({ name: 'm', text });
/** `Name:x = NumberToken:1` */
const show = (text: string): string =>
  cut(text)
    .tokens.map(({ tokenType, image }) =>
      tokenType.name === `'${image}'` ? image : `${tokenType.name}:${image}`,
    )
    .join(' ');
/** What is wrong, the piece underlined, and the hint. */
const wrong = (text: string): string[] =>
  cut(text).diagnostics.map(
    (d) => `${d.code} ${d.message} [${text.slice(d.span?.start, d.span?.end)}] ${d.hint ?? ''}`,
  );

test('words, numbers, strings and operators', () => {
  assert.is(show('x1 = 10_000.5e-3'), 'Name:x1 = NumberToken:10_000.5e-3');
  assert.is(show('a->b**c//d...'), 'Name:a -> Name:b ** Name:c ProductOp:// Name:d ...');
  assert.is(show('"a \\"b\\" # c" # d'), 'StringToken:"a \\"b\\" # c"');
  assert.is(show('x[e:e+1]'), 'Name:x [ Name:e : Name:e + NumberToken:1 ]');
  assert.is(show('bfloat16 model if'), 'DTypeWord:bfloat16 model if');
});

test('offsets are those of the text, behind a byte order mark too', () => {
  const [first] = cut('\ufeff  dim').tokens;
  assert.equal([first?.startOffset, first?.endOffset, first?.image], [3, 5, 'dim']);
});

test('comments stand beside the tokens', () => {
  const { tokens, comments } = cut('## doc \r\nx # why\n#');
  assert.equal(
    tokens.map((t) => t.image),
    ['x'],
  );
  assert.equal(
    comments.map((c) => [c.text, c.doc]),
    [
      ['## doc', true],
      ['# why', false],
      ['#', false],
    ],
  );
});

test('every spelling of the table is one token of its kind', () => {
  for (const [spelling, type] of bySpelling) {
    const { tokens, diagnostics } = cut(spelling);
    assert.equal(diagnostics, []);
    assert.equal(
      tokens.map((t) => t.tokenType),
      [type],
      spelling,
    );
  }
});

test('reserved are the words of the grammar and the dtypes, not the contextual ones', () => {
  assert.ok(Object.values(reserved).every(isReserved));
  for (const word of ['float', 'bool']) assert.ok(isReserved(bySpelling.get(word)!));
  for (const word of ['model', 'config', 'prefix']) assert.not(isReserved(bySpelling.get(word)!));
});

test('spellings of other languages are named', () => {
  assert.equal(wrong('a && b'), ['N101 unexpected `&&` [&&] write `and`']);
  assert.equal(wrong('x += 1'), ['N101 unexpected `+=` [+=] write it out: x = x + ...']);
  assert.equal(wrong("'key'"), ['N101 strings are written with double quotes [\'key\'] write "key"']);
  assert.equal(wrong('a; b'), ['N101 unexpected `;` [;] a line end, or nothing, separates statements']);
  assert.equal(wrong('/* no */'), ['N101 unexpected `/*` [/* no */] a comment begins with `#`']);
  assert.equal(wrong('a ≤ b'), ['N101 unexpected character `≤` (U+2264) [≤] write `<=`']);
  assert.equal(wrong('a\u00a0b'), ['N101 unexpected character U+00A0 [\u00a0] use a plain space']);
  assert.match(wrong('\0')[0] ?? '', /^N101 unexpected character U\+0000/);
});

test('malformed numbers and strings are underlined whole', () => {
  assert.equal(wrong('.5'), ['N104 malformed number `.5` [.5] write 0.5']);
  assert.equal(wrong('1.'), ['N104 malformed number `1.` [1.] write 1.0, or 1']);
  assert.equal(wrong('1E5'), ['N104 malformed number `1E5` [1E5] write 1e5']);
  assert.equal(wrong('0x10'), ['N104 malformed number `0x10` [0x10] numbers are written in decimal']);
  assert.match(wrong('1__0')[0] ?? '', /^N104 malformed number `1__0` \[1__0\]/);
  assert.equal(wrong('"abc'), ['N103 the string does not end on its line ["abc] close it with `"`']);
  assert.equal(wrong('"a\\d"'), [
    'N103 unknown escape in a string ["a\\d"] the escapes are \\" \\\\ \\n \\t',
  ]);
});

test('what cannot be read costs nothing else', () => {
  assert.is(show('a = "x\nb = 2'), 'Name:a = StringToken:"" Name:b = NumberToken:2');
  assert.is(cut('a = .5 b = 1. c = 0x').diagnostics.length, 3);
});

test.run();
