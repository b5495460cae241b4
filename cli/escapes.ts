/** `--escapes`: interprets a backslash and a letter in a text of the command line, so that it does not depend on the shell. */

import type { Io } from './output/io.ts';

const meanings: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\' };

/** `ROMEO:\n` with a line break at its end; a backslash before any other letter stays. */
export const unescaped = (text: string): string =>
  text.replace(/\\([nrt\\])/g, (_, letter: string) => meanings[letter]!);

/** Notes escapes that the shell has passed on as they are, which is easily overlooked. */
export function noteEscapes(io: Io, texts: readonly string[]): void {
  if (texts.some((text) => /\\n/.test(text)))
    io.note('the prompt has a backslash and an n in it; with -e they mean a line break');
}
