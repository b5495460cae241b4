import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../compiler/ports/session.ts';
import { decoder, padLeft } from '../../runtime/cache.ts';
import { refusalOf } from '../harness/refusal.ts';
import { type TinyOptions, tinySession } from './tiny_session.ts';

const refused = async (act: () => Promise<unknown>): Promise<string> => (await refusalOf(act())).message;

const forms: readonly TinyOptions[] = [
  { cache: 'none' },
  { cache: 'dynamic' },
  { cache: 'static', slots: 6 },
];

test('the same calls give the same logits in every form', async () => {
  const seen: number[][] = [];
  for (const form of forms) {
    const cache = decoder(tinySession(form));
    const first = await cache.prefill([[1, 2, 3]]);
    const second = await cache.step([4]);
    const third = await cache.step([5]);
    assert.is(first.shape.join(), '1,3,13');
    assert.is(third.shape.join(), '1,1,13');
    seen.push([...first.data, ...second.data, ...third.data]);
  }
  const [none, ...others] = seen;
  for (const other of others) {
    const worst = Math.max(...other.map((x, i) => Math.abs(x - none![i]!)));
    assert.ok(worst < 1e-6, String(worst));
    assert.ok(Math.max(...other.map((x, i) => Math.abs(x + 1e-3 - none![i]!))) > 1e-6);
  }
});

test('a static cache is full when it is full', async () => {
  const cache = decoder(tinySession({ cache: 'static', slots: 4 }));
  await cache.prefill([[1, 2, 3]]);
  await cache.step([4]);
  assert.is(await refused(() => cache.step([5])), 'N706: the text outgrows the static cache');
  // Padding takes slots too.
  const padded = decoder(tinySession({ cache: 'static', slots: 4 }));
  await padded.prefill([[1, 2, 3], [1]]);
  await padded.step([4, 4]);
  assert.match(await refused(() => padded.step([5, 5])), 'N706');
});

test('a context is a limit on positions, which padding has none of', async () => {
  const cache = decoder(tinySession({ context: 4 }));
  await cache.feed([[0, 0, 0, 1]], { real: [[0, 0, 0, 1]] });
  await cache.feed([[2, 3, 4]]);
  assert.is(await refused(() => cache.step([5])), 'N706: the text outgrows the context');
  assert.match(await refused(() => decoder(tinySession({ context: 4 })).prefill([[1, 2, 3, 4, 5]])), 'N706');
});

test('refuses tokens that are none', async () => {
  const feed = (rows: number[][]) => refused(() => decoder(tinySession({})).prefill(rows));
  assert.is(await feed([[]]), 'N705: the prompt has no tokens');
  assert.is(await feed([]), 'N705: the prompt has no tokens');
  for (const bad of [13, -1, 0.5, Number.NaN])
    assert.is(await feed([[1, bad]]), 'N705: token id out of range');
  const cache = decoder(tinySession({}));
  await cache.prefill([[1], [2]]);
  assert.match(await refused(() => cache.step([3])), 'N705: rows of one call differ');
});

test('refuses rows of different length where nothing masks', async () => {
  const message = await refused(() => decoder(tinySession({ cache: 'none' })).prefill([[1, 2], [3]]));
  assert.match(message, 'N705: rows of different length');
});

test('refuses a model with inputs of its own', async () => {
  const session = tinySession({});
  const extra = { name: 'token_type_ids', dtype: 'int64', shape: ['batch_size', 'sequence_length'] } as const;
  const manifest = { ...session.manifest, inputs: [...session.manifest.inputs, extra] };
  const message = await refused(() => decoder({ ...session, manifest }).prefill([[1]]));
  assert.is(message, 'N704: the model wants an input that no client gives: token_type_ids');
});

test('gives positions that count real tokens only', async () => {
  const session = tinySession({});
  const fed: number[][] = [];
  const run: typeof session.run = (feeds) => {
    fed.push([...feeds['position_ids']!.data], [...feeds['attention_mask']!.data]);
    return session.run(feeds);
  };
  const cache = decoder({ ...session, run });
  await cache.prefill([[5, 6, 7], [8]]);
  await cache.step([1, 2]);
  assert.is(fed.map((row) => row.join('')).join(' '), '012110 111001 31 11110011');
});

/** What a session was given as its past, and asked for. */
function watched(session: Session) {
  const slots: number[] = [];
  const asked = new Set<string>();
  const run: Session['run'] = async (feeds, fetches = []) => {
    for (const name of fetches) asked.add(name);
    slots.push(feeds['past_key_values.0.value']!.shape[2]!);
    const outputs = await session.run(feeds);
    return Object.fromEntries(Object.entries(outputs).filter(([name]) => fetches.includes(name)));
  };
  return { session: { ...session, run }, slots, asked };
}

test('takes new rows alone where a model gives them, and keeps all in buffers that grow now and then', async () => {
  for (const cache of ['dynamic', 'static'] as const) {
    const form = cache === 'static' ? { cache, slots: 9 } : { cache };
    const { session, slots, asked } = watched(tinySession({ ...form, newRows: true }));
    const leftovers = (_: unknown, { data }: { readonly data: { fill(value: number): unknown } }) =>
      void data.fill(7);
    const [whole, rows] = [
      decoder(tinySession(form)),
      decoder(session, { slotsAtOnce: 3, refill: leftovers }),
    ];
    const both = async (act: (of: typeof whole) => Promise<{ readonly data: ArrayLike<number> }>) => {
      const [a, b] = [(await act(whole)).data, (await act(rows)).data];
      const worst = Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]!)));
      assert.ok(worst < 1e-6, `${cache}: ${worst}`);
    };
    await both((of) => of.prefill([[1, 2, 3, 5], [4]]));
    await both((of) => of.step([5, 6]));
    whole.repeat(2);
    rows.repeat(2);
    for (const tokens of [
      [1, 2, 3, 4],
      [2, 3, 4, 5],
      [7, 7, 8, 9],
    ])
      await both((of) => of.step(tokens, new Set([1])));
    assert.equal(
      slots,
      cache === 'static' ? [9, 9, 9, 9, 9] : [0, 6, 6, 6, 9],
      'the past has room for tokens to come',
    );
    assert.equal([...asked], ['logits', 'new_key_values.0.value']);
    const [held, kept] = [whole, rows].map((of) => of.memory().get('present.0.value')!);
    assert.equal(kept!.shape, held!.shape);
    if (cache === 'dynamic') assert.equal([...kept!.data], [...held!.data]);
  }
});

test('pads on the left', () => {
  const { tokens, real } = padLeft([[1, 2, 3], [4]], 9);
  assert.is(JSON.stringify(tokens), '[[1,2,3],[9,9,4]]');
  assert.is(JSON.stringify(real), '[[1,1,1],[0,0,1]]');
});

test.run();
