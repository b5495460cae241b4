/** A line for every source file that ships, taken from the comment that it opens with: the second half of ARCHITECTURE.md. */

import { readdirSync, readFileSync } from 'node:fs';

/** In the order in which data passes through them. */
const rooms = ['spec', 'compiler', 'backends', 'runtime', 'driver', 'cli', 'scripts'];

/** The first sentence of the comment that a file opens with. */
export function openingSentence(text: string): string | undefined {
  const comment = /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\//.exec(text)?.[1];
  const said = comment
    ?.replaceAll(/^\s*\* ?/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return said && (/^.*?[.?](?= [A-Z`]|$)/.exec(said)?.[0] ?? said);
}

const isSource = (name: string): boolean => name.endsWith('.ts') && name !== 'generated';

/** `folder` before the folders in it, each with its files; what is generated says so itself. */
function foldersOf(
  root: string,
  folder: string,
): readonly (readonly [folder: string, files: readonly string[]])[] {
  const entries = readdirSync(`${root}/${folder}`, { withFileTypes: true });
  const files = entries.filter((e) => e.isFile() && isSource(e.name)).map((e) => e.name);
  const inner = entries.filter((e) => e.isDirectory()).flatMap((e) => foldersOf(root, `${folder}/${e.name}`));
  return [...(files.length > 0 ? [[folder, files.sort()] as const] : []), ...inner];
}

/** As markdown: a heading for each folder, a line for each of its files. */
export function fileList(root: string): string {
  const lineOf = (path: string, name: string): string => {
    const sentence = openingSentence(readFileSync(`${root}/${path}`, 'utf8'));
    if (sentence === undefined) throw new Error(`${path} does not open with a comment that says what it is`);
    return `- [\`${name}\`](${path}): ${sentence.replace(/\.$/, '')}\n`;
  };
  const top = readdirSync(root).filter((name) => isSource(name));
  const sections = rooms
    .flatMap((room) => foldersOf(root, room))
    .map(
      ([folder, files]) => `### \`${folder}/\`\n\n${files.map((f) => lineOf(`${folder}/${f}`, f)).join('')}`,
    );
  return [`### At the top\n\n${top.map((f) => lineOf(f, f)).join('')}`, ...sections].join('\n');
}
