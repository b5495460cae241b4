/** `npm run generate:unicode`: the character classes of split patterns, as ranges that C++ can search. */

import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

export const tablesFile = new URL('../examples/cpp/unicode_tables.inc', import.meta.url);

const classes = {
  letters: /\p{L}/u,
  numbers: /\p{N}/u,
  spaces: /\p{White_Space}/u,
};

/** First and last code points of what `set` matches; a surrogate is no character. */
export function ranges(set: RegExp): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (let point = 0; point <= 0x10ffff; point++) {
    if (point === 0xd800) point = 0xe000;
    if (!set.test(String.fromCodePoint(point))) continue;
    const last = found.at(-1);
    if (last?.[1] === point - 1) last[1] = point;
    else found.push([point, point]);
  }
  return found;
}

const hex = (point: number): string => `0x${point.toString(16)}`;

function table(name: string, set: RegExp): string {
  const cells = ranges(set).map(([first, last]) => `{${hex(first)}, ${hex(last)}}`);
  const lines = Array.from({ length: Math.ceil(cells.length / 5) }, (_, i) => cells.slice(i * 5, i * 5 + 5));
  return `constexpr Range ${name}[] = {\n${lines.map((line) => `    ${line.join(', ')},\n`).join('')}};\n`;
}

/** As Node's own regular expressions have them. */
export const unicodeTables = (): string =>
  [
    `// Unicode ${process.versions['unicode']}. Written by scripts/unicode_tables.ts; do not edit.\n`,
    ...Object.entries(classes).map(([name, set]) => table(name, set)),
  ].join('\n');

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(tablesFile, unicodeTables());
