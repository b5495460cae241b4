/** Arguments of a call lie on the stack: a list of 120,000 that is spread into one ends the program. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type SourceFile, shippedSources } from './sources.ts';

/** `push({ ...options })` spreads into an object, which is no call. */
const spreads =
  /(?:Math\.(?:max|min)|\.(?:push|unshift|concat)|String\.from(?:CharCode|CodePoint))\((?:[^(){}[\]]*,)?\s*\.\.\.[^\n]*/g;

const faults = (files: readonly SourceFile[]): string[] =>
  files.flatMap(({ path, text }) => [...text.matchAll(spreads)].map(([call]) => `${path}: ${call}`));

test('no list is spread into a call that takes any number of arguments', () => {
  assert.equal(faults(shippedSources), []);
});

test('such a call is found', () => {
  const found = (text: string): number => faults([{ path: 'x.ts', text, imports: [] }]).length;
  assert.is(found('Math.max(0, ...all.map(of))'), 1);
  assert.is(found('String.fromCharCode(...bytes)'), 1);
  assert.is(found('list.push(\n  ...more,\n);'), 1);
  assert.is(found('list.push({ ...one, more: 2 });'), 0);
  assert.is(found('list.push([...one]);'), 0);
});

test.run();
