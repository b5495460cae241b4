/** Checking keeps nothing but the interface, and says the same as building. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from '../../compiler/build.ts';
import { check } from '../../spec/check.ts';
import { parse } from '../../spec/parse.ts';
import { include } from './elaborate/refused.ts';
import { shipped } from './specs.ts';

const nanochat = shipped.find((s) => s.name === 'examples/nanochat_2026_03.nanospec')!;

test('checking and building agree on the program', () => {
  const file = parse(nanochat).value!;
  const [checked, built] = [check(file, { include }), build(file, { include })];
  assert.equal(checked.diagnostics, []);
  assert.equal(checked.program, built.program);
});

test('checking and building say the same of a wrong spec', () => {
  const text = nanochat.text.replace('x[..., :24]', 'x[..., :2400]').replace('gate * value', 'gate @ value');
  const file = parse({ name: 'm.nanospec', text }).value!;
  const [checked, built] = [check(file, { include }), build(file, { include })];
  assert.is(checked.program, undefined);
  assert.is(built.graph, undefined);
  assert.is(checked.diagnostics.length, 2);
  assert.equal(checked.diagnostics, built.diagnostics);
});

test('nanochat is checked in well under a second', () => {
  const file = parse(nanochat).value!;
  check(file, { include });
  const { user } = process.cpuUsage();
  check(file, { include });
  const spent = (process.cpuUsage().user - user) / 1000;
  assert.ok(spent < 1500, `${spent} ms`);
});

test.run();
