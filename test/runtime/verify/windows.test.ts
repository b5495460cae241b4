/** The windows of a graph, which checks are cut around. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { windowsOf } from '../../../runtime/verify/windows.ts';
import { fixture, make } from '../../golden/compile_fixture.ts';

test('each window once, the smallest first, and none where attention sees all', () => {
  const { reference } = make(fixture('hf-gemma2'), undefined, {}).compiled;
  const [attention] = reference.nodes.filter(({ op }) => op === 'attention');
  const windows = [12, 3, 12, undefined, 100].map((window) => ({
    ...attention!,
    attrs: { ...attention!.attrs, window: window ?? null },
  }));
  assert.equal(windowsOf({ ...reference, nodes: windows }), [3, 12, 100]);
  assert.equal(windowsOf({ ...reference, nodes: [] }), []);
});

test.run();
