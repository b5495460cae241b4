/** Specs damaged at random, by characters and by tokens. */

import fc from 'fast-check';
import { lex } from '../../spec/lex.ts';
import { parse } from '../../spec/parse.ts';
import { textOf } from '../../spec/source.ts';
import { bySpelling } from '../../spec/tokens.ts';
import { walk } from '../../spec/walk.ts';
import { shipped } from './specs.ts';

/** What a hand might type, or a disk might leave behind. */
const scraps: readonly string[] = [
  ...bySpelling.keys(),
  ...[
    'x',
    'dim',
    '0',
    '12.5e-3',
    '"key"',
    '"',
    "'",
    '#',
    '##',
    '\\',
    '..',
    '.5',
    '1.',
    ';',
    '&&',
    '+=',
    '"""',
  ],
  ...[
    '/*',
    'é',
    '\u2028',
    '\0',
    '\ud800',
    '\r',
    '\r\n',
    '\t',
    '\n',
    ' ',
    '',
    '((((((',
    ']]]',
    '- - - -',
    '\ufeff',
  ],
];

const whole = shipped.map(({ text }) => text);

/** Each block, function and config of them as a small model of its own: most of the damage for a fifth of the time. */
const parts = shipped.flatMap((source) => {
  const { value } = parse(source);
  const nodes = value ? [...walk(value)] : [];
  return nodes
    .filter(({ kind }) => kind === 'Block' || kind === 'Config' || kind === 'Function' || kind === 'Forward')
    .map(({ span }) => `model part {\n  ${textOf(span)}   # a part\n}\n`);
});
const texts = [...whole, ...parts];

/** Places to cut: between characters, or around tokens. */
function cuts(text: string): readonly (readonly [start: number, end: number])[] {
  const { tokens } = lex({ name: '', text });
  return tokens.map((t) => [t.startOffset, (t.endOffset ?? t.startOffset) + 1]);
}
const tokenPlaces = new Map(texts.map((text) => [text, cuts(text)]));

const at = <T>(list: readonly T[], share: number): T | undefined => list[Math.floor(share * list.length)];

interface Damage {
  readonly kind: 'insert' | 'delete' | 'replace' | 'swap' | 'repeat' | 'character' | 'truncate';
  readonly where: number;
  readonly other: number;
  readonly scrap: string;
}

function damaged(text: string, { kind, where, other, scrap }: Damage, places: typeof cuts): string {
  const tokens = tokenPlaces.get(text) ?? places(text);
  const [start, end] = at(tokens, where) ?? [0, 0];
  const [start2, end2] = at(tokens, other) ?? [0, 0];
  const splice = (from: number, to: number, put: string) => text.slice(0, from) + put + text.slice(to);
  const character = Math.floor(where * text.length);
  switch (kind) {
    case 'insert':
      return splice(end, end, ` ${scrap} `);
    case 'delete':
      return splice(start, end, '');
    case 'replace':
      return splice(start, end, scrap);
    case 'swap':
      return splice(start, end, text.slice(start2, end2));
    case 'repeat':
      return splice(end, end, text.slice(Math.min(start, start2), Math.max(end, end2)).slice(0, 400));
    case 'character':
      return splice(character, character + Math.round(other * 3), scrap);
    case 'truncate':
      return text.slice(0, character);
  }
}

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('insert', 'delete', 'replace', 'swap', 'repeat', 'character') },
    { weight: 1, arbitrary: fc.constant('truncate') },
  ),
  where: share,
  other: share,
  scrap: fc.constantFrom(...scraps),
});

/** A shipped spec with one to four damages. */
export const mutants: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...whole) },
      { weight: 4, arbitrary: fc.constantFrom(...parts) },
    ),
    fc.array(damage, { minLength: 1, maxLength: 4 }),
  )
  .map(([text, damages]) => damages.reduce((left, one) => damaged(left, one, cuts), text));
