/** Before what runs the bundle it is made anew, if the sources are newer or it is missing. */

import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folder } from '../cli/run_cli.ts';
import { staleness, usesBundle } from '../harness/bundle.ts';
import { sources } from './sources.ts';

test('a bundle that is missing or older than a source is told with what is newer', () => {
  const root = folder();
  for (const name of ['spec', 'compiler/graph', 'backends', 'runtime', 'driver', 'cli', 'dist'])
    mkdirSync(join(root, name), { recursive: true });
  const put = (file: string, seconds: number): void => {
    writeFileSync(join(root, file), '');
    utimesSync(join(root, file), seconds, seconds);
  };
  for (const file of ['index.ts', 'nanoc.ts', 'web.ts', 'compiler/graph/ir.ts']) put(file, 1000);
  assert.is(staleness(root), 'there is no dist/');
  put('dist/index.js', 2000);
  assert.is(staleness(root), undefined);
  put('compiler/graph/ir.ts', 3000);
  assert.is(staleness(root), 'dist/ is older than compiler/graph/ir.ts');
  put('dist/index.js', 4000);
  put('spec/notes.md', 5000);
  assert.is(staleness(root), undefined);
});

test('what names the bundle is run with a fresh one', () => {
  const naming = sources.filter(({ path, text }) => /^test\/\w+\//.test(path) && /'dist\/\w/.test(text));
  assert.ok(naming.length > 1);
  const others = naming.filter(({ path }) => !usesBundle(path) && !/\/(?:harness|repository)\//.test(path));
  assert.equal(others, []);
});

test.run();
