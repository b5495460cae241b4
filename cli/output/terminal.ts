/** How wide a terminal is, and how wide a text is on it. */

import { columnsOf, lettersOf, taken } from '../../driver/text_columns.ts';

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The width of a terminal; undefined for files and pipes, which get lines of any length. */
export const widthOf = ({ isTTY, columns }: Stream): number | undefined =>
  isTTY === true && columns !== undefined && columns > 0 ? columns : undefined;

export const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - columnsOf(text)));

/** Lines of at most so many columns, broken at spaces; a word that is longer is broken anywhere. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((long) => piecesOf(long, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && columnsOf(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Columns for descriptions; with less room beside the names, descriptions go below them. */
const fewestColumns = 30;

/** `  name  description`, where the longest name has `names` columns. */
export function listed(name: string, names: number, description: string, width: number): string {
  if (description === '') return `  ${name}`;
  const isBeside = width - names - 4 >= fewestColumns;
  const indent = isBeside ? names + 4 : 6;
  const text = wrapped(description, width - indent).join(`\n${' '.repeat(indent)}`);
  return isBeside ? `  ${padded(name, names)}  ${text}` : `  ${name}\n${' '.repeat(indent)}${text}`;
}

/** Wraps lines that are too wide, with further indentation; tables fit already. */
export function laidOut(lines: readonly string[], width = widthOf(process.stdout)): string {
  const fitted = (line: string): string => {
    if (width === undefined || line.includes('\n') || columnsOf(line) <= width) return line;
    const [first = '', ...rest] = wrapped(line, Math.max(1, width - 2));
    return [first, ...rest.map((more) => `  ${more}`)].join('\n');
  };
  return lines.map(fitted).join('\n');
}

function piecesOf(word: string, width: number): readonly string[] {
  if (columnsOf(word) <= width) return [word];
  const letters = lettersOf(word);
  const pieces: string[] = [];
  while (letters.length > 0) {
    const piece = letters.splice(0, Math.max(1, taken(letters, width).length));
    pieces.push(piece.join(''));
  }
  return pieces;
}
