import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Context, makeContext, Site } from '../../../spec/elaborate/values/context.ts';
import { type Frame, outermostFrame, shownAfter } from '../../../spec/elaborate/values/frame.ts';
import { collected } from '../../../spec/elaborate/values/reports.ts';
import { makeScope } from '../../../spec/elaborate/values/scope.ts';
import { poison } from '../../../spec/elaborate/values/value.ts';
import { limits } from '../../../spec/limits.ts';
import { nullSink } from '../../../spec/sink.ts';

const source = { name: 'm.nanospec', text: 'x' };
const at = (start: number) => ({ span: { source, start, end: start + 1 } });

/** A context that evaluates nothing, with a sink of its own to tell whether it is still in use. */
function context(): Context<null> {
  const none = () => poison;
  return makeContext(
    { ...nullSink },
    { include: () => undefined },
    { evaluate: none, call: none, instantiate: none },
  );
}

const inside = (label: string): Frame<null> => ({
  ...outermostFrame(makeScope<null>('model', undefined)),
  label,
});

test('an error is reported once for its place and code, with the instances that it was found in', () => {
  const cx = context();
  for (const label of ['h[0]', 'h[1]', 'h[1]', 'h[2]'])
    new Site(cx, inside(label), at(0)).at(at(3)).fail('N302', 'too many axes');
  new Site(cx, inside('h[0]'), at(3)).fail('N308', 'another dtype');
  const said = collected(cx).map((d) => [d.code, d.span?.start, d.related?.map((r) => r.message)]);
  assert.equal(said, [
    ['N302', 3, ['in h[0] and 2 more']],
    ['N308', 3, ['in h[0]']],
  ]);
});

test('after an error nothing is recorded; after a warning all is', () => {
  const cx = context();
  const { sink } = cx;
  const site = new Site(cx, inside(''), at(0));
  site.warn('N403', 'computed one by one');
  assert.is(cx.sink, sink);
  assert.is(site.fail('N302', 'too many axes'), poison);
  assert.is.not(cx.sink, sink);
});

test('what is wrong in the prelude is shown at the call of the user, from however deep', () => {
  const cx = context();
  const user = inside('h[0]');
  const first = shownAfter(user, { ...at(5), args: [], name: 'norm' }, true);
  const second = shownAfter(
    { ...inside('h[0].norm'), ...first },
    { ...at(90), args: [], name: 'mean' },
    true,
  );
  assert.equal(shownAfter(user, { ...at(5), args: [], name: 'own' }, false), {});
  const site = new Site(cx, { ...inside('h[0].norm'), ...second }, at(99));
  assert.is(site.origin.span, site.shownAt);
  site.fail('N302', 'too many axes', { hint: 'fewer' });
  const [only] = collected(cx);
  assert.is(only?.span?.start, 5);
  assert.is(only?.hint, 'fewer');
  assert.equal(
    only?.related?.map((r) => r.message),
    ['inside `norm`, of the prelude', 'in h[0]'],
  );
});

test('errors beyond the limit are counted by place, not kept', () => {
  const cx = context();
  const site = new Site(cx, inside(''), at(0));
  for (let i = 0; i < limits.diagnostics + 3; i++) site.at(at(i)).fail('N302', 'too many axes');
  site.at(at(limits.diagnostics)).fail('N302', 'too many axes');
  assert.is(cx.diagnostics.length, limits.diagnostics);
  assert.is(collected(cx).at(-1)?.message, 'and 3 more errors');
});

test.run();
