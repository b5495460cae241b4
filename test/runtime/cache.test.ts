import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../compiler/ports/session.ts';
import { decoder, padLeft } from '../../runtime/cache.ts';
import type { Tensor } from '../../spec/tensor.ts';
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
      await both(async (of) => {
        const real = tokens.map((_, row) => [row === 1 ? 0 : 1]);
        return (
          await of.feed(
            tokens.map((t) => [t]),
            { real },
          )
        )['logits']!;
      });
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

const last = ({ shape, data }: Tensor): readonly number[] =>
  Array.from({ length: shape[0]! }, (_, b) => {
    const end = (b + 1) * shape[1]! * shape[2]!;
    return [...data.subarray(end - shape[2]!, end)];
  }).flat();

const worstOf = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((x, i) => Math.abs(x - b[i]!)), a.length === b.length ? 0 : 1);

const prompts = [70, 3, 41].map((n, row) => Array.from({ length: n }, (_, i) => (5 * i + row) % 13));
const longForms: readonly TinyOptions[] = [
  { logits: 'last', newRows: true },
  { logits: 'all' },
  { cache: 'static', slots: 80, newRows: true },
  { cache: 'static', slots: 80, logits: 'last' },
];

test('a prompt in pieces is what it is whole, padded and batched, and only the last piece gives logits', async () => {
  for (const form of longForms) {
    const asked: boolean[] = [];
    const session = tinySession(form);
    const run: Session['run'] = (feeds, fetches = []) => {
      asked.push(fetches.includes('logits'));
      return session.run(feeds, fetches);
    };
    const seen: string[] = [];
    const onPrompt = (done: number, total: number) => void seen.push(`${done}/${total}`);
    const cut = decoder({ ...session, run }, { tokensAtOnce: 96, slotsAtOnce: 3 });
    const whole = decoder(tinySession(form), { tokensAtOnce: 1000 });
    const pieces = last(await cut.prefill(prompts, { onPrompt }));
    assert.ok(worstOf(pieces, last(await whole.prefill(prompts))) < 1e-6);
    assert.equal(seen, ['32/70', '64/70', '70/70']);
    assert.equal(asked, [false, false, true]);
    const other = decoder(tinySession(form), { tokensAtOnce: 96 });
    const changed = prompts.with(2, prompts[2]!.with(0, 12));
    assert.ok(worstOf(pieces, last(await other.prefill(changed))) > 1e-4);
    assert.ok(worstOf(last(await cut.step([1, 2, 3])), last(await whole.step([1, 2, 3]))) < 1e-6);
  }
});

test('a prompt is refused before its first piece is computed, and left between two', async () => {
  let calls = 0;
  const session = tinySession({ context: 60 });
  const run: Session['run'] = (feeds, fetches) => {
    calls++;
    return session.run(feeds, fetches);
  };
  const cut = () => decoder({ ...session, run }, { tokensAtOnce: 32 });
  assert.match(await refused(() => cut().prefill([prompts[0]!])), 'N706');
  assert.match(await refused(() => cut().prefill([[...prompts[2]!, 13]])), 'N705');
  assert.match(await refused(() => cut().prefill([])), 'N705');
  assert.is(calls, 0);
  const stop = new AbortController();
  const left = await refusalOf(
    cut().prefill([prompts[2]!], { signal: stop.signal, onPrompt: () => stop.abort() }),
  );
  assert.equal(left.diagnostics, []);
  assert.is(calls, 1);
});

test('rows that are kept go on as they would alone', async () => {
  for (const form of [...longForms, { cache: 'none' } as const]) {
    const texts = form.cache === 'none' ? prompts.map((p) => p.slice(0, 3)) : prompts;
    const batch = decoder(tinySession(form), { slotsAtOnce: 3 });
    await batch.prefill(texts);
    batch.keep([0, 2]);
    const two = last(await batch.step([4, 6]));
    batch.keep([1]);
    const one = last(await batch.step([7]));
    const alone = async (row: number, ...tokens: number[]): Promise<readonly number[]> => {
      const cache = decoder(tinySession(form));
      let logits = await cache.prefill([texts[row]!]);
      for (const token of tokens) logits = await cache.step([token]);
      return last(logits);
    };
    assert.ok(worstOf(two, [...(await alone(0, 4)), ...(await alone(2, 6))]) < 1e-6);
    assert.ok(worstOf(one, await alone(2, 6, 7)) < 1e-6);
    assert.ok(worstOf(one, await alone(0, 4, 7)) > 1e-4);
  }
});

test('pads on the left', () => {
  const { tokens, real } = padLeft([[1, 2, 3], [4]], 9);
  assert.is(JSON.stringify(tokens), '[[1,2,3],[9,9,4]]');
  assert.is(JSON.stringify(real), '[[1,1,1],[0,0,1]]');
});

test.run();
