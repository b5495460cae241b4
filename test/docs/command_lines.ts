/** The command lines that documents show. */

import { readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);
export const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'spec/LANGUAGE.md',
  'examples/tiny-nanochat/README.md',
  'examples/node/README.md',
  'examples/web/README.md',
  'examples/extend/README.md',
] as const;
export const textOfPage = (page: string): string => readFileSync(new URL(page, root), 'utf8');

/** Each line of the `sh` blocks of a page, taken apart at `&&`. */
export function commandsOf(page: string): readonly string[] {
  const blocks = [...textOfPage(page).matchAll(/^```(?:sh|bash|shell)\n(.*?)^```$/gms)].map((m) => m[1]!);
  const lines = blocks.flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'));
  return lines.flatMap((line) => line.split('&&').map((part) => part.trim())).filter((part) => part !== '');
}

/** The words of a command as a shell would see them; double quotes only, in which a backslash stays before most letters. */
export const wordsOf = (command: string): readonly string[] =>
  [...command.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    (m) => m[1]?.replace(/\\([\\"$`])/g, '$1') ?? m[2]!,
  );

/** `NAME=value` before a command, and the command. */
export function environmentOf(command: string): {
  readonly env: Readonly<Record<string, string>>;
  readonly rest: string;
} {
  const [, names, rest] = /^((?:[A-Z_]+=\S+ )*)(.*)$/s.exec(command)!;
  const pairs = names!.split(' ').filter((pair) => pair !== '');
  return { env: Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string])), rest: rest! };
}
