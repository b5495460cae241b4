/** `npm run generate:unicode`: what tokenizers ask of characters, as tables that C++ can search. */

import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

export const tablesFile = new URL('../examples/cpp/unicode_tables.inc', import.meta.url);

/** General categories, in the order of the bits by which C++ names them. */
const categories = [
  ...['Lu', 'Ll', 'Lt', 'Lm', 'Lo', 'Mn', 'Mc', 'Me', 'Nd', 'Nl', 'No'],
  ...['Pc', 'Pd', 'Ps', 'Pe', 'Pi', 'Pf', 'Po', 'Sm', 'Sc', 'Sk', 'So', 'Zs', 'Zl', 'Zp', 'Cc', 'Cf', 'Co'],
];

const sets = {
  spaces: /\p{White_Space}/u,
  han: /\p{Script=Han}/u,
  hiragana: /\p{Script=Hiragana}/u,
  katakana: /\p{Script=Katakana}/u,
  hangul: /\p{Script=Hangul}/u,
};

function* characters(): Generator<number> {
  for (let point = 0; point <= 0x10ffff; point++) if (point < 0xd800 || point > 0xdfff) yield point;
}

/** First and last code points of what `set` matches; a surrogate is no character. */
export function ranges(set: RegExp): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (const point of characters()) {
    if (!set.test(String.fromCodePoint(point))) continue;
    const last = found.at(-1);
    if (last?.[1] === point - 1) last[1] = point;
    else found.push([point, point]);
  }
  return found;
}

const hex = (point: number): string => `0x${point.toString(16)}`;

/** C++ has no `\u` for what ASCII spells. */
const escaped = (text: string): string =>
  `U"${Array.from(text, (c) => {
    const point = c.codePointAt(0)!;
    if (point < 0x80) return /["\\?]/.test(c) ? `\\${c}` : c;
    const digits = point.toString(16);
    return point < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
  }).join('')}"`;

function table(type: string, name: string, cells: readonly string[], width = 5): string {
  const rows = Math.ceil(cells.length / width);
  const lines = Array.from({ length: rows }, (_, i) => cells.slice(i * width, i * width + width));
  return `constexpr ${type} ${name}[] = {\n${lines.map((line) => `    ${line.join(', ')},\n`).join('')}};\n`;
}

function categoryTable(): string {
  const cells = categories.flatMap((category, bit) =>
    ranges(new RegExp(`\\p{${category}}`, 'u')).map(([first, last]) => [first, last, bit] as const),
  );
  cells.sort(([a], [b]) => a - b);
  return table(
    'CategoryRange',
    'categories',
    cells.map(([first, last, bit]) => `{${hex(first)}, ${hex(last)}, ${bit}}`),
  );
}

/** Characters whose small letter is another one; all but one of them are one character. */
function lowerTable(): string {
  const cells: string[] = [];
  for (const point of characters()) {
    const text = String.fromCodePoint(point);
    const [lower] = text.toLowerCase();
    if (lower !== text) cells.push(`{${hex(point)}, ${hex(lower!.codePointAt(0)!)}}`);
  }
  return table('Pair', 'small_letters', cells);
}

const isSyllable = (point: number): boolean => point >= 0xac00 && point <= 0xd7a3; // Hangul is computed

/** Whole decompositions, canonical ones, and those for compatibility where they differ. */
function decompositionTables(): readonly string[] {
  const [canonical, compatible, composed]: [string[], string[], string[]] = [[], [], []];
  for (const point of characters()) {
    if (isSyllable(point)) continue;
    const text = String.fromCodePoint(point);
    const [nfd, nfkd] = [text.normalize('NFD'), text.normalize('NFKD')];
    if (nfd !== text) canonical.push(`{${hex(point)}, ${escaped(nfd)}}`);
    if (nfkd !== nfd) compatible.push(`{${hex(point)}, ${escaped(nfkd)}}`);
    if (nfd === text || text.normalize('NFC') !== text) continue;
    const parts = Array.from(nfd);
    const last = parts.pop()!;
    const first = parts.join('').normalize('NFC');
    composed.push(`{${[first, last, text].map((c) => hex(c.codePointAt(0)!)).join(', ')}}`);
  }
  return [
    table('Decomposition', 'canonical_parts', canonical, 3),
    table('Decomposition', 'compatible_parts', compatible, 3),
    table('Composition', 'compositions', composed.sort(byParts)),
  ];
}

const byParts = (a: string, b: string): number => {
  const [a1, a2] = a.slice(1).split(', ').map(Number);
  const [b1, b2] = b.slice(1).split(', ').map(Number);
  return a1! - b1! || a2! - b2!;
};

/**
 * In which order combining characters stand. The classes themselves are not to be had here, but what normalising exchanges
 * tells which of two is less, and only that counts.
 */
function orderTable(): string {
  const exchanged = (a: string, b: string): boolean => (a + b).normalize('NFD') === b + a && a !== b;
  const [low, high] = ['\u0334', '\u0345']; // of the least class, and of the greatest
  const classes: string[] = [low];
  const marks: [number, string][] = [];
  for (const point of characters()) {
    const text = String.fromCodePoint(point);
    if (text.normalize('NFD') !== text) continue; // never seen: it is taken apart first
    if (text !== low && text !== high && !exchanged(text, low) && !exchanged(high, text)) continue;
    marks.push([point, text]);
    const at = classes.findIndex((c) => !exchanged(text, c));
    if (at >= 0 && !exchanged(classes[at]!, text)) continue;
    const after = classes.findIndex((c) => exchanged(c, text));
    classes.splice(after < 0 ? classes.length : after, 0, text);
  }
  const classOf = (text: string): number =>
    classes.findIndex((c) => !exchanged(c, text) && !exchanged(text, c)) + 1;
  const cells: [number, number, number][] = [];
  for (const [point, text] of marks) {
    const [last, order] = [cells.at(-1), classOf(text)];
    if (last?.[1] === point - 1 && last[2] === order) last[1] = point;
    else cells.push([point, point, order]);
  }
  return table(
    'CategoryRange',
    'combining_orders',
    cells.map(([first, last, order]) => `{${hex(first)}, ${hex(last)}, ${order}}`),
  );
}

/** As Node's own regular expressions and normal forms have them. */
export const unicodeTables = (): string =>
  [
    `// Unicode ${process.versions['unicode']}. Written by scripts/unicode_tables.ts; do not edit.\n`,
    categoryTable(),
    ...Object.entries(sets).map(([name, set]) =>
      table(
        'Range',
        name,
        ranges(set).map(([first, last]) => `{${hex(first)}, ${hex(last)}}`),
      ),
    ),
    lowerTable(),
    ...decompositionTables(),
    orderTable(),
  ].join('\n');

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(tablesFile, unicodeTables());
