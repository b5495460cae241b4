/** `npm run generate`: rewrites the committed files that are derived from others; a test compares them. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = new URL('../', import.meta.url);

/** File, relative to the root, -> how to make its text. */
export const generated = {
  'spec/generated/prelude.ts': () =>
    module_(
      'The standard library as text, so that `spec/` needs no file system.',
      'prelude',
      read('spec/prelude.nanospec'),
    ),
  'compiler/generated/version.ts': () =>
    module_(
      'The version that `nanoc --version` and the metadata of models state.',
      'version',
      packageVersion(),
    ),
} satisfies Record<string, () => string>;

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
