/** `npm run generate`: rewrites the committed files that are derived from others; a test compares them. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { codes } from '../spec/codes.ts';
import { fileList } from './list_files.ts';

const root = new URL('../', import.meta.url);

/** File, relative to the root, -> how to make its text. */
export const generated = {
  'spec/generated/prelude.ts': () =>
    module_(
      'The standard library as text, so that `spec/` needs no file system.',
      'prelude',
      read('spec/prelude.nanospec'),
    ),
  'spec/generated/template.ts': () =>
    module_('What `nanoc new` starts from.', 'template', read('spec/template.nanospec')),
  'compiler/generated/version.ts': () =>
    module_(
      'The version that `nanoc --version` and the metadata of models state.',
      'version',
      packageVersion(),
    ),
  'ARCHITECTURE.md': () => between(read('ARCHITECTURE.md'), 'files', fileList(fileURLToPath(root))),
  'spec/LANGUAGE.md': () => between(read('spec/LANGUAGE.md'), 'codes', codeTable()),
} satisfies Record<string, () => string>;

/** A page with what stands between its two marks written anew. */
function between(page: string, name: string, text: string): string {
  const [start, end] = [`<!-- ${name}: written by \`npm run generate\` -->\n`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(start) + start.length, page.indexOf(end)];
  if (from < start.length || to < from) throw new Error(`the marks of ${name} are missing`);
  return `${page.slice(0, from)}\n${text}\n${page.slice(to)}`;
}

function codeTable(): string {
  const rows = Object.entries(codes).map(([code, title]) => `| ${code} | ${title} |\n`);
  return `| code | what |\n| ---- | ---- |\n${rows.join('')}`;
}

const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

function packageVersion(): string {
  const parsed: { readonly version: string } = JSON.parse(read('package.json'));
  return parsed.version;
}

function module_(doc: string, name: string, text: string): string {
  const literal = text.includes('\n') ? template(text) : `'${text}'`;
  return `/** ${doc} Written by \`npm run generate\`. */\nexport const ${name} = ${literal};\n`;
}

const template = (text: string): string =>
  `\`${text.replaceAll(/[`\\]|\$\{/g, (special) => `\\${special}`)}\``;

function writeAll(): void {
  for (const [path, make] of Object.entries(generated)) {
    const file = new URL(path, root);
    mkdirSync(dirname(fileURLToPath(file)), { recursive: true });
    writeFileSync(file, make());
    process.stdout.write(`${path}\n`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeAll();
