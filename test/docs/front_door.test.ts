/** What somebody meets first who wants to change something: every file, script and test that is named is there. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { select } from '../harness/select.ts';
import { root } from '../repository/sources.ts';
import { textOfPage } from './command_lines.ts';

/** Words of `npm test -- WORD ...` in a text, whatever lines it is broken into. */
const testWords = (text: string): readonly string[] =>
  [...text.replaceAll(/\s+/g, ' ').matchAll(/npm test -- ([^`]*)/g)].flatMap((m) =>
    m[1]!.split(' ').filter((word) => /^[a-z][\w/]+$/.test(word)),
  );

const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const { scripts }: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(read('package.json'));

/** Paths between backticks and in links: with a folder or with the ending of a file, and no word that stands for another. */
function pathsIn(text: string): readonly string[] {
  const named = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\/?)`/g), ...text.matchAll(/\]\(([^)#:]+)\)/g)];
  return named
    .map((m) => m[1]!)
    .filter((path) => path.includes('/') || /^[\w-]+\.(?:ts|json|md|py|sh|nanospec)$/.test(path))
    .filter((path) => !/[A-Z]{4,}(?!\.md|[A-Z]*\.md)/.test(path));
}

const pages = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', '.github/pull_request_template.md'];

for (const page of pages)
  test(`${page} names files that are there`, () => {
    const written = textOfPage(page).split('<!-- files')[0]!; // what is generated is fresh
    const missing = pathsIn(written).filter((path) => !existsSync(`${root}${path}`));
    assert.equal(missing, []);
  });

test('every word that CONTRIBUTING.md gives to `npm test` finds a test', () => {
  const words = testWords(read('CONTRIBUTING.md').replaceAll(/```sh[^`]*```/g, ''));
  assert.ok(words.length > 20);
  for (const word of words) assert.ok(select(root, 'test', [word]).length > 0, word);
});

test('a path that is not there is seen, and one with a word to fill in is none', () => {
  assert.equal(pathsIn('See `spec/lex.ts`, [this](README.md), `nanoc specs` and `spec/ops/NAME.ts`.'), [
    'spec/lex.ts',
    'README.md',
  ]);
});

test('every folder of fixtures is explained, and what is explained is there', () => {
  const page = read('test/fixtures/README.md');
  for (const folder of readdirSync(`${root}test/fixtures`).filter((name) => !name.includes('.')))
    assert.match(page, new RegExp(`^\\| .*\`${folder}/`, 'm'), folder);
  for (const [, path] of page.matchAll(/^\| `([\w/.-]+\/)[\w*-]*`/gm))
    assert.ok(existsSync(`${root}test/fixtures/${path}`), path);
  for (const path of pathsIn(page).filter((p) => /^(?:scripts|test)\//.test(p)))
    assert.ok(existsSync(`${root}${path}`), path);
});

/** Commands of a shell script or a workflow, one a line. */
const workflows = readdirSync(`${root}.github/workflows`).map((name) => `.github/workflows/${name}`);

function commandsIn(path: string): readonly string[] {
  const text = read(path);
  if (!path.endsWith('.yml')) return text.split('\n').filter((line) => !line.startsWith('#'));
  const { jobs }: { jobs: Readonly<Record<string, { steps: readonly { run?: string }[] }>> } = parse(text);
  return Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run?.split('\n') ?? []));
}

for (const path of ['.ci/run', '.ci/nightly', ...workflows]) {
  test(`${path} runs scripts and tests that there are`, () => {
    const commands = commandsIn(path);
    assert.ok(commands.some((line) => /npm (?:ci|test|run)|\.ci\//.test(line)));
    for (const line of commands) {
      for (const [, name] of line.matchAll(/npm (?:run )?(test|(?<=run )[\w-]+)/g))
        assert.ok(name! in scripts, `${line}: no script ${name}`);
      for (const [file] of line.matchAll(/(?<=^|\s)(?:\.ci|scripts)\/\w+(?:\.sh)?/g))
        assert.ok(existsSync(`${root}${file}`), `${line}: no file ${file}`);
      const words = /npm test -- ([^-].*)/.exec(line)?.[1]?.replace(/ -.*/, '').split(' ') ?? [];
      for (const word of words)
        assert.ok(select(root, 'test', [word]).length > 0, `${line}: no test ${word}`);
    }
  });
}

test('what CI runs is the one command that passes everything, with floors for what is covered', () => {
  assert.ok(commandsIn('.ci/run').includes('CI=true npm test -- --coverage'));
  assert.ok(commandsIn('.github/workflows/test.yml').includes('.ci/run'));
});

test.run();
