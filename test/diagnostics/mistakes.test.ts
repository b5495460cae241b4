/** Thirty and more mistakes in real specs: each is pointed at where it is, and explained. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { includeShipped } from '../../driver/shipped.ts';
import { check } from '../../spec/check.ts';
import { parse } from '../../spec/parse.ts';
import { root } from '../cli/run_cli.ts';
import { mistakes } from './mistakes.ts';

function findings(name: string, text: string) {
  const { value, diagnostics } = parse({ name, text });
  const include = (path: string) => includeShipped(path);
  return [...diagnostics, ...(value ? check(value, { include }).diagnostics : [])].filter(
    (d) => d.severity === 'error',
  );
}

const specOf = (name: string): string => readFileSync(join(root, 'examples', `${name}.nanospec`), 'utf8');

for (const { what, spec, from, to, code, line, said, hint } of mistakes) {
  test(`${spec}: ${what}`, () => {
    const text = specOf(spec);
    assert.ok(text.includes(from), `${spec} does not say ${from}`);
    const changed = text.replace(from, to);
    const [first] = findings(`${spec}.nanospec`, changed);
    assert.is(first?.code, code);
    assert.is(first!.message, said);
    assert.is(first!.hint, hint);
    const { source, start } = first!.span!;
    const before = source.text.lastIndexOf('\n', start - 1) + 1;
    assert.is(source.text.slice(before).split('\n')[0]!.trim(), line);
  });
}

test('there are thirty of them, in several specs, and the specs themselves have none', () => {
  assert.ok(mistakes.length >= 30);
  const specs = new Set(mistakes.map((m) => m.spec));
  assert.ok(specs.size >= 5);
  for (const name of specs) assert.equal(findings(`${name}.nanospec`, specOf(name)), []);
});

test.run();
