/** What is said of wrong and doubtful specs: each `N###_*.nanospec` beside its text. */

import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from '../../compiler/build.ts';
import { parse } from '../../spec/parse.ts';
import { render } from '../../spec/render.ts';
import { golden } from '../harness/golden.ts';

const folder = new URL('../fixtures/diagnostics/', import.meta.url);

for (const name of readdirSync(folder).filter((file) => file.endsWith('.nanospec'))) {
  const code = name.slice(0, 4);
  test(`${name} gets its message`, () => {
    const source = { name, text: readFileSync(new URL(name, folder), 'utf8') };
    const parsed = parse(source);
    const found = parsed.value
      ? build(parsed.value, { include: () => undefined }).diagnostics
      : parsed.diagnostics;
    assert.ok(
      found.some((d) => d.code === code),
      render(found, { color: false }),
    );
    golden(new URL(name.replace('.nanospec', '.txt'), folder), `${render(found, { color: false })}\n`);
  });
}

test.run();
