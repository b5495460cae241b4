import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type VerifyOptions, type VerifyReport, verify } from '../../../runtime/verify/verify.ts';
import { type TinyOptions, tinySession } from '../tiny_session.ts';

const run = (faults: TinyOptions, more: Partial<VerifyOptions> = {}): Promise<VerifyReport> => {
  const { window, cache = 'dynamic', slots, context, logits, scale, optional } = faults;
  const healthy: TinyOptions = {
    cache,
    ...(window ? { window } : {}),
    ...(slots ? { slots } : {}),
    ...(context ? { context } : {}),
    ...(logits ? { logits } : {}),
    ...(scale ? { scale } : {}),
    ...(optional ? { optional } : {}),
  };
  return verify({
    session: tinySession(faults),
    reference: tinySession({ ...healthy, label: 'reference' }),
    ...more,
  });
};

const failed = (report: VerifyReport): string =>
  [...new Set(report.rows.filter((r) => !r.pass).map((r) => r.check))].join(' ');
const ran = (report: VerifyReport): string => [...new Set(report.rows.map((r) => r.check))].join(' ');

test('a healthy model passes every check, whatever its cache', async () => {
  const forms: TinyOptions[] = [
    {},
    { logits: 'last' },
    { cache: 'static', slots: 48 },
    { window: 9 },
    { context: 3 },
    { context: 1 },
  ];
  for (const form of forms) {
    const report = await run(form, { windows: form.window ? [form.window] : [] });
    assert.is(failed(report), '', JSON.stringify(form));
    assert.is(report.diagnostics.length, 0);
  }
  assert.is(
    ran(await run({ window: 9 }, { windows: [9] })),
    'reference repeat cache window batch padding greedy finite',
  );
});

test('a model without memory is checked as far as it goes', async () => {
  const report = await run({ cache: 'none' });
  assert.is(failed(report), '');
  assert.is(ran(report), 'reference repeat cache batch greedy finite');
});

test('a context of four tokens has room for padding, and one of three has none', async () => {
  assert.match(ran(await run({ context: 4 })), 'padding');
  assert.not.match(ran(await run({ context: 3 })), 'padding');
});

test('windows of a vocabulary too large are left to --full, which the report says', async () => {
  const session = tinySession({ window: 9 });
  const windows = async (vocab: number) => {
    const { rows } = await verify({
      session: { ...session, manifest: { ...session.manifest, vocab } },
      windows: [9],
    });
    return rows.filter((r) => r.check === 'window').map((r) => r.note);
  };
  assert.equal(await windows(13), [undefined, undefined]);
  assert.equal(await windows(2 ** 27), ['too long without --full', 'too long without --full']);
});

test('the call that no slot is left for is one that a model would take but for its place', async () => {
  const session = tinySession({ cache: 'static', slots: 12 });
  const places: (readonly [string, number])[] = [];
  const run: typeof session.run = (feeds, fetches) => {
    const { dtype, data } = feeds['past_length']!;
    places.push([dtype, data[0]!]);
    return session.run(feeds, fetches);
  };
  assert.is(failed(await verify({ session: { ...session, run } })), '');
  assert.equal([...new Set(places.map(([dtype]) => dtype))], ['int64']);
  assert.ok(
    places.some(([, at]) => at === 11),
    'two tokens for the last slot',
  );
});

test('what a peer gives at padding is not looked at', async () => {
  const peer = tinySession({ label: 'other' });
  const scribbles: typeof peer = {
    ...peer,
    async run(feeds, fetches) {
      const outputs = await peer.run(feeds, fetches);
      const [mask, { shape, data }] = [feeds['attention_mask']!, outputs['logits']!];
      const [batch = 0, length = 0, width = 0] = shape;
      const columns = mask.shape[1]!;
      for (let b = 0; b < batch; b++)
        for (let t = 0; t < length; t++)
          if (mask.data[b * columns + columns - length + t] === 0) data[(b * length + t) * width]! += 1;
      return outputs;
    },
  };
  assert.is(failed(await run({}, { peer: scribbles })), '');
});

test('another model in place of the uncached one is noticed', async () => {
  const none = (adds: number) => tinySession({ cache: 'none', adds });
  assert.is(failed(await run({}, { uncached: none(0) })), '');
  assert.match(failed(await run({}, { uncached: none(0.01) })), 'cache');
});

test('another target is held against the first, as far as the wider arithmetic of the two allows', async () => {
  const peer = (adds: number) => tinySession({ label: 'other', adds });
  const report = await run({}, { peer: peer(0) });
  assert.is(failed(report), '');
  assert.match(ran(report), 'padding peer greedy');
  assert.match(report.rows.find((r) => r.check === 'peer')?.what ?? '', 'against other');
  assert.is(failed(await run({}, { peer: peer(0.01) })), 'peer');
  const narrow = peer(0.01);
  const wide = { ...narrow, manifest: { ...narrow.manifest, compute: 'bfloat16' as const } };
  assert.is(failed(await run({}, { peer: wide })), '');
  assert.is(failed(await run({ logits: 'last' }, { peer: tinySession({ logits: 'last' }) })), '');
  assert.is(
    failed(await run({ cache: 'none' }, { peer: tinySession({ cache: 'none', adds: 0.01 }) })),
    'peer',
  );
});

test('one logit off by a thousandth fails', async () => {
  const report = await run({ adds: 1e-3 });
  assert.match(failed(report), 'reference');
  assert.not(report.pass);
  assert.is(report.diagnostics[0]?.code, 'N701');
  assert.ok(report.failing && report.failing.calls.length > 0);
});

test('one logit off by less than the tolerance passes', async () => {
  assert.is(failed(await run({ adds: 1e-6 })), '');
});

test('a port that is dropped fails where there is a past, and only there', async () => {
  assert.is(failed(await run({ dropsPort: true })), 'cache padding greedy');
  assert.is(failed(await run({ dropsPort: true, cache: 'static', slots: 40 })), 'cache padding greedy');
});

test('a port that holds other numbers fails and is named, although no logit shows it', async () => {
  for (const [form, checks] of [
    [{}, 'reference greedy'],
    [{ cache: 'static', slots: 40 }, 'reference slots greedy'],
  ] as const) {
    const report = await run({ turnsPort: true, ...form });
    assert.is(failed(report), checks);
    const row = report.rows.find((r) => !r.pass);
    assert.is(row?.port, 'present.0.value');
    assert.ok(row && row.max_abs <= row.tolerance.abs && row.memory > 0.1);
    assert.match(report.diagnostics[0]?.found ?? '', 'present.0.value is ');
  }
  assert.is(failed(await run({}, { peer: tinySession({ turnsPort: true }) })), 'peer');
});

test('a cache given twice, whole and as its new rows, must be the same', async () => {
  for (const form of [{}, { cache: 'static', slots: 40 }] as const) {
    const healthy = await run({ ...form, newRows: true });
    assert.is(failed(healthy), '');
    assert.match(ran(healthy), 'new rows');
    assert.is(failed(await run({ ...form, newRows: 'other whole' })), 'new rows');
    assert.match(failed(await run({ ...form, newRows: 'other rows' })), 'reference');
  }
  assert.not.match(ran(await run({})), 'new rows');
});

test('calls that leave out what a model may do without must come to the same', async () => {
  const optional = ['position_ids'];
  assert.is(
    failed(await run({ optional })),
    'left out',
    'counted without the mask, padded rows stand elsewhere',
  );
  const wrong = await run({ optional, miscounts: true });
  const rows = wrong.rows.filter((r) => r.check === 'left out' && !r.pass).map((r) => r.what);
  assert.match(rows.join(), 'in 5 + 1 + 2 + 4 without position_ids');
  assert.equal(wrong.rows.find((r) => r.check === 'left out')?.pass, true, 'one call alone has no past');
  assert.is(ran(await run({})).includes('left out'), false);
});

test('slots beyond the text are neither read nor written, and there is none after the last', async () => {
  const form = { cache: 'static', slots: 30 } as const;
  assert.match(ran(await run(form)), 'slots');
  assert.is(failed(await run({ ...form, wipesSlots: true })), 'slots');
  assert.match(failed(await run({ ...form, seesSlots: true })), 'slots');
  const taken = await run({ ...form, takesMore: true });
  assert.is(failed(taken), 'slots finite');
  assert.match(taken.rows.find((r) => !r.pass)?.note ?? '', 'two tokens went into the last slot');
});

test('small logits are held to a share of their size', async () => {
  assert.is(failed(await run({ scale: 1e-3 })), '');
  assert.match(failed(await run({ scale: 1e-3, adds: 1e-6 })), 'reference');
  assert.is(failed(await run({ adds: 1e-6 })), '');
});

test('logits that are the same for all tokens are said to show little', async () => {
  const notes = (report: VerifyReport) => report.rows.flatMap((r) => r.note ?? []);
  assert.match(notes(await run({ scale: 1e-30 })).join() || 'none', 'none');
  const none = tinySession({ scale: 0 });
  const report = await verify({ session: none, reference: none });
  assert.ok(report.pass);
  assert.match(notes(report)[0] ?? '', 'the logits are the same for all tokens');
});

test('padding that leaks fails', async () => {
  assert.is(failed(await run({ leaksPadding: true })), 'padding');
});

test('a window that is longer in decode fails across its edge only', async () => {
  const report = await run({ window: 30, widensWindow: 1 }, { windows: [30] });
  assert.is(failed(report), 'window');
});

test('a model that gives other numbers each time fails', async () => {
  assert.match(failed(await run({ wavers: 1e-3 })), 'repeat');
});

test('a number that is not one fails', async () => {
  const report = await run({ adds: Number.NaN });
  assert.match(failed(report), 'reference');
  assert.match(failed(report), 'finite');
  assert.match(report.rows.at(-1)?.note ?? '', 'logits');
});

test('a session that throws is a failed check with its message', async () => {
  const session = tinySession({});
  const broken = { ...session, run: async () => Promise.reject(new Error('no kernel for Foo\nmore')) };
  const report = await verify({ session: broken });
  assert.not(report.pass);
  assert.is(report.rows[0]?.note, 'it did not run: no kernel for Foo');
});

test('atol stands in for the tolerance', async () => {
  assert.is(failed(await run({ adds: 1e-3 }, { atol: 0.01 })), '');
});

test('says how long it will take when that is long', async () => {
  const said: string[] = [];
  const onEstimate = ({ what }: { what: string }) => said.push(what);
  await verify({ session: tinySession({}), onEstimate, estimateFrom: 3600 });
  assert.is(said.length, 0);
  await verify({ session: tinySession({}), onEstimate, estimateFrom: 0 });
  assert.is(said[0], 'all checks');
});

test.run();
