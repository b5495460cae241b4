/** What is registered is tested and told of: a line in a table is not enough. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backends } from '../../backends/index.ts';
import { layouts } from '../../backends/layout/index.ts';
import * as passes from '../../compiler/passes/index.ts';
import { openable } from '../../driver/registry.ts';
import { codes } from '../../spec/codes.ts';
import { ops } from '../../spec/ops/index.ts';
import { root, sources } from './sources.ts';

const tests = sources.filter(
  ({ path }) => path.startsWith('test/') && path !== 'test/repository/registries.test.ts',
);
const mentions = (text: string, name: string): boolean =>
  new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text);
/** In a folder of tests, since a name such as `flat` is a word that others use too. */
const tested = (name: string, folder = 'test/'): boolean =>
  tests.some(({ path, text }) => path.startsWith(folder) && mentions(text, name));
const readme = readFileSync(`${root}README.md`, 'utf8');

test('every pass is run by a pipeline, and a test names it', () => {
  const users = sources.filter(({ path }) => path === 'compiler/pipeline.ts' || path.startsWith('backends/'));
  for (const name of Object.keys(passes)) {
    assert.ok(
      users.some(({ text }) => mentions(text, name)),
      `${name} is in no pipeline: compiler/pipeline.ts, or \`passes\` of a backend`,
    );
    const file = `test/compiler/passes/${name}.test.ts`;
    assert.ok(existsSync(`${root}${file}`) || tested(name), `${name} has no test: write ${file}`);
  }
});

test('every pass is exported beside the others', () => {
  const declared = readdirSync(`${root}compiler/passes`)
    .map((file) => [file, readFileSync(`${root}compiler/passes/${file}`, 'utf8')] as const)
    .filter(([, text]) => /^export const \w+: Pass = \{|^export (?:const|function) \w+.*\): Pass/m.test(text))
    .map(([file]) => file.replace('.ts', ''));
  assert.ok(declared.length >= 8);
  assert.equal(
    declared.filter((name) => !(name in passes)),
    [],
  );
});

test('what every op means is tested', () => {
  const meanings = tests.filter(({ path }) => path.startsWith('test/spec/'));
  for (const name of Object.keys(ops))
    assert.ok(
      meanings.some(({ text }) => mentions(text, name)),
      `no test of what ${name} means: test/spec/ops/`,
    );
});

test('every layout has a row in the README, and a test names it', () => {
  for (const { name } of layouts) {
    assert.ok(
      backends.some(({ layouts: taken = {} }) => Object.hasOwn(taken, name)),
      `no target takes the layout ${name}: \`layouts\` of a backend`,
    );
    assert.match(readme, new RegExp(`^\\| \`${name}\` \\|`, 'm'), `README.md has no row for ${name}`);
    assert.ok(
      tested(name, 'test/backends/layout/'),
      `no test of layout ${name}: test/backends/layout/layouts.test.ts`,
    );
  }
});

test('every target is in the README, and a test names it', () => {
  for (const { name } of backends) {
    assert.ok(mentions(readme, name), `README.md does not name target ${name}`);
    assert.ok(tested(name, 'test/backends/'), `no test of target ${name}: test/backends/${name}/`);
  }
});

test('files of every target that ships can be opened again', () => {
  const opened = openable().map(({ name }) => name);
  for (const { name } of backends)
    assert.ok(opened.includes(name), `${name} has no file in driver/registry.ts`);
});

test('a name that nothing mentions is seen', () => {
  assert.not(tested(['fuse', 'everything'].join('_')));
  assert.not(mentions('last_token_logits', 'token_logits'));
  assert.not(tested(Object.keys(codes).join()));
});

test.run();
