/** Of entries that are made alike only the first is made, and others when something looks into them. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { check } from '../../../spec/check.ts';
import { madeAlike } from '../../../spec/elaborate/declare/alike.ts';
import { declareParam } from '../../../spec/elaborate/declare/params.ts';
import { makeContext, Site, step } from '../../../spec/elaborate/values/context.ts';
import { outermostFrame } from '../../../spec/elaborate/values/frame.ts';
import type { MemberPlace } from '../../../spec/elaborate/values/place.ts';
import { makeScope } from '../../../spec/elaborate/values/scope.ts';
import { type ModuleValue, poison, type Value } from '../../../spec/elaborate/values/value.ts';
import { parse } from '../../../spec/parse.ts';
import { nullSink } from '../../../spec/sink.ts';

const span = { source: { name: 'm.nanospec', text: 'x' }, start: 0, end: 1 };
const names = { kind: 'Word', text: 'Expert', span } as const;
const block = { kind: 'Block', name: names, params: [], items: [], span } as const;
const places = ['e.0', 'e.1', 'e.2'].map(
  (path): MemberPlace => ({ path, label: path, key: `moe.${path}`, span }),
);

function listOf(work: (site: Site<null>) => void) {
  const none = () => poison;
  const meeting = { evaluate: none, call: none, instantiate: none };
  const cx = makeContext(nullSink, { include: () => undefined }, meeting);
  const site = new Site(cx, outermostFrame<null>(makeScope('model', undefined)), { span });
  const made: string[] = [];
  const make = ({ path, label, key }: MemberPlace): ModuleValue<null> => {
    made.push(path);
    step(site, 10);
    work(site);
    for (const name of ['up', 'down'])
      declareParam(site, {
        ...{ path: `${path}.${name}`, key: `${key}.${name}`, shape: [2, 3], shapeText: '[2, 3]' },
        ...{ dtype: 'float', span },
      });
    return { kind: 'module', path, label, key, scope: makeScope('block', undefined), block, span };
  };
  return { cx, made, entries: madeAlike(site, places, make) };
}

const scopeOf = (value: Value<null>): unknown => value.kind === 'module' && value.scope;

test('all have their parameters, and one has been made', () => {
  const { cx, made, entries } = listOf(() => {});
  assert.equal(made, ['e.0']);
  const keys = cx.declared.map(({ path, key }) => `${path} ${key}`);
  const expected = places.flatMap(({ path }) => ['up', 'down'].map((n) => `${path}.${n} moe.${path}.${n}`));
  assert.equal(keys, expected);
  assert.is(cx.steps, 30, 'which limits count as if all were made');
  assert.is(scopeOf(entries[2]!), scopeOf(entries[2]!));
  assert.is.not(scopeOf(entries[2]!), scopeOf(entries[0]!));
  assert.equal(made, ['e.0', 'e.2']);
  assert.is(cx.steps, 30);
  assert.is(cx.declared.length, 6);
});

test('where something is wrong with one, it is found in each', () => {
  const { made } = listOf((site) => void site.warn('N403', 'slow'));
  assert.equal(made, ['e.0', 'e.1', 'e.2']);
});

test('an entry that is looked into while others are made or run is what it would have been', () => {
  const text = `block Leaf { weight: [4] }
block Pair { both[2]: Leaf }
block Reads(pair) {
  scale = len(pair.both)
  inner: Leaf
  forward(x: [B, T, 4]) = x * pair.both[1].weight * inner.weight * scale
}
model m {
  pairs[3]: Pair
  reads: Reads(pairs[2])
  embed: Embedding(8, 4)
  forward(tokens: int64[B, T]) -> logits: [B, T, 4] {
    x = reads(embed(tokens))
    for pair in pairs {
      for leaf in pair.both { x = x * leaf.weight }
    }
    return x
  }
}
`;
  const parsed = parse({ name: 'm.nanospec', text });
  assert.equal(parsed.diagnostics, []);
  const { program, diagnostics } = check(parsed.value!, { include: () => undefined });
  assert.equal(diagnostics, []);
  const paths = program!.params.map(({ path }) => path);
  const pairs = [0, 1, 2].flatMap((i) => [0, 1].map((j) => `pairs.${i}.both.${j}.weight`));
  assert.equal(paths, [...pairs, 'reads.inner.weight', 'embed.weight']);
});

test.run();
