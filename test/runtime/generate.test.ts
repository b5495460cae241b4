import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generate, generateRows } from '../../runtime/generate.ts';
import { candidates, penalised, random, sample } from '../../runtime/sample.ts';
import { tinySession } from './tiny_session.ts';

async function collect(options: Parameters<typeof generate>[2], session = tinySession({})): Promise<string> {
  const tokens: number[] = [];
  for await (const token of generate(session, [1, 2], options)) tokens.push(token);
  return tokens.join(' ');
}

test('greedy text is the same in every form of cache', async () => {
  const greedy = await collect({ maxTokens: 12 });
  assert.is(greedy.split(' ').length, 12);
  assert.is(await collect({ maxTokens: 12 }, tinySession({ cache: 'none' })), greedy);
  assert.is(await collect({ maxTokens: 12 }, tinySession({ cache: 'static', slots: 20 })), greedy);
  assert.is(await collect({ maxTokens: 12 }, tinySession({ logits: 'last' })), greedy);
});

test('one seed is one text, another seed another', async () => {
  const hot = { maxTokens: 40, temperature: 3 };
  assert.is(await collect({ ...hot, seed: 5 }), await collect({ ...hot, seed: 5 }));
  assert.is.not(await collect({ ...hot, seed: 5 }), await collect({ ...hot, seed: 6 }));
});

test('a top-k of one is greedy at any temperature', async () => {
  const greedy = await collect({ maxTokens: 12 });
  assert.is(await collect({ maxTokens: 12, temperature: 5, topK: 1 }), greedy);
  assert.is.not(await collect({ maxTokens: 12, temperature: 5 }), greedy);
});

test('stops at a token that ends the text, and yields it', async () => {
  const tokens = (await collect({ maxTokens: 12 })).split(' ').map(Number);
  const stop = tokens[3]!;
  const until = tokens.slice(0, tokens.indexOf(stop) + 1);
  assert.is(await collect({ maxTokens: 12, stop: [stop] }), until.join(' '));
  assert.is(await collect({ maxTokens: 0 }), '');
});

test('rows of a batch, padded and ended one by one, are what they are alone', async () => {
  const prompts = [[1, 2], [3], [4, 5, 6, 7]];
  for (const form of [{}, { cache: 'static', slots: 30 }] as const) {
    const rows: number[][] = [[], [], []];
    const until = (row: number): boolean => rows[row]!.length >= 2 + 3 * row;
    const ends: string[] = [];
    for await (const { row, token, end } of generateRows(tinySession(form), prompts, {
      maxTokens: 7,
      until,
    })) {
      rows[row]!.push(token);
      if (end) ends.push(`${row} ${end}`);
    }
    assert.equal(ends, ['0 until', '1 until', '2 length']);
    for (const [row, prompt] of prompts.entries()) {
      const alone: number[] = [];
      for await (const token of generate(tinySession(form), prompt, { maxTokens: 7 })) alone.push(token);
      assert.equal(rows[row], alone.slice(0, rows[row]!.length));
    }
  }
});

test('rows that have ended are no longer computed', async () => {
  const session = tinySession({ newRows: true });
  const batches: number[] = [];
  const run: typeof session.run = (feeds) => {
    batches.push(feeds['input_ids']!.shape[0]!);
    return session.run(feeds);
  };
  const count = [0, 0, 0];
  const until = (row: number): boolean => ++count[row]! > [1, 4, 2][row]!;
  const options = { maxTokens: 9, until };
  for await (const _ of generateRows({ ...session, run }, [[1, 2], [3], [4, 5]], options));
  assert.equal(batches, [3, 3, 2, 1, 1]);
});

test('a row that ended takes none of the context', async () => {
  const until = (row: number, _: number): boolean => row === 1;
  let made = 0;
  const long = [[1], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]];
  for await (const { row } of generateRows(tinySession({ context: 12 }), long, { maxTokens: 11, until }))
    if (row === 0) made++;
  assert.is(made, 11);
});

test('samples of a prompt are the seeds from the first on', async () => {
  const hot = { maxTokens: 9, temperature: 3 };
  const rows: number[][] = [[], [], [], []];
  for await (const { row, token } of generateRows(tinySession({}), [[1, 2], [3]], {
    ...hot,
    samples: 2,
    seed: 5,
  }))
    rows[row]!.push(token);
  for (const [row, prompt] of [[1, 2], [1, 2], [3], [3]].entries()) {
    const alone: number[] = [];
    for await (const token of generate(tinySession({}), prompt, { ...hot, seed: 5 + row })) alone.push(token);
    assert.equal(rows[row], alone);
  }
});

test('forced tokens follow in place of the choice, and are seen by what comes after', async () => {
  const steps: string[] = [];
  const force = (_: number, token: number) => (token === 11 || steps.length > 0 ? [] : [11, 12]);
  for await (const { token, forced } of generateRows(tinySession({}), [[1, 2]], { maxTokens: 5, force }))
    steps.push(`${token}${forced ? '!' : ''}`);
  const first = Number(steps[0]);
  assert.equal(steps.slice(1, 3), ['11!', '12!']);
  const after: number[] = [];
  for await (const token of generate(tinySession({}), [1, 2, first, 11, 12], { maxTokens: 2 }))
    after.push(token);
  assert.equal(steps.slice(3).map(Number), after);
});

test('a penalty divides what is liked and multiplies what is not', () => {
  assert.equal([...(penalised([2, -2, 1], [0, 1, 0], 2) as Float32Array)], [1, -4, 1]);
});

// What nanochat's engine does: the k largest logits divided by the temperature, then a softmax.
test('probabilities are those of a softmax over the k largest', () => {
  const logits = [1, 3, 2, -1, 0];
  const chosen = candidates(logits, { temperature: 0.5, topK: 3 });
  assert.is(chosen.map((c) => c.token).join(), '1,2,0');
  const weights = [3, 2, 1].map((x) => Math.exp(x / 0.5));
  const total = weights.reduce((a, b) => a + b);
  for (const [i, { probability }] of chosen.entries()) {
    assert.ok(Math.abs(probability - weights[i]! / total) < 1e-12);
    assert.not.ok(Math.abs(probability - weights[i]! / total + 1e-6) < 1e-12);
  }
});

test('candidates fall, equal ones by index, whatever their signs; what is no number is none', () => {
  const next = random(7);
  const odd = [Number.NaN, -0, 0, Number.NEGATIVE_INFINITY, -1e-40, 1e-40];
  const logits = Float32Array.from(
    { length: 3000 },
    (_, i) => odd[i % 97] ?? Math.round(80 * next() - 40) / 4,
  );
  const tokens = [...logits.keys()].filter((i) => logits[i]! >= -40);
  const wanted = tokens.sort((a, b) => logits[b]! - logits[a]! || a - b);
  assert.ok(wanted.length > 2900);
  assert.equal(
    candidates(logits, {}).map((c) => c.token),
    wanted,
  );
});

test('top-p keeps the fewest that reach it, min-p what is near the first', () => {
  const logits = [0.5, 0.3, 0.15, 0.05].map(Math.log);
  const kept = (options: Parameters<typeof candidates>[1]) =>
    candidates(logits, options)
      .map((c) => c.token)
      .join('');
  assert.is(kept({ topP: 0.5 }), '0');
  assert.is(kept({ topP: 0.51 }), '01');
  assert.is(kept({ topP: 0.95 }), '012');
  assert.is(kept({ topP: 1 }), '0123');
  assert.is(kept({ minP: 0.4 }), '01');
  assert.is(kept({ topK: 99 }), '0123');
  assert.is(kept({ topK: 0 }), '0123');
});

test('the k most probable are the first k of all, sorted', () => {
  const next = random(3);
  const logits = Array.from({ length: 500 }, (_, i) =>
    i % 41 === 0 ? Number.NaN : Math.round(60 * next()) / 8,
  );
  const sorted = [...logits.entries()]
    .filter(([, x]) => !Number.isNaN(x))
    .sort(([i, a], [j, b]) => b - a || i - j)
    .map(([i]) => i);
  for (const topK of [1, 2, 3, 7, 50, 199, 486, 487])
    assert.equal(
      candidates(logits, { topK }).map((c) => c.token),
      sorted.slice(0, topK),
    );
});

test('draws as often as is probable', () => {
  const logits = [0.6, 0.3, 0.1].map(Math.log);
  const next = random(11);
  const seen = [0, 0, 0];
  for (let i = 0; i < 30_000; i++) seen[sample(logits, { temperature: 1 }, next)]!++;
  // Four standard deviations of a binomial with n = 30000.
  for (const [i, p] of [0.6, 0.3, 0.1].entries()) {
    assert.ok(Math.abs(seen[i]! - 30_000 * p) < 4 * Math.sqrt(30_000 * p * (1 - p)), seen.join());
  }
});

test('equal logits are chosen from the lowest index, NaN never', () => {
  assert.is(sample([1, 2, 2], {}, random(1)), 1);
  assert.is(sample([Number.NaN, 1, 0], {}, random(1)), 1);
  assert.is(
    candidates([Number.NaN, 1, 1], {})
      .map((c) => c.token)
      .join(),
    '1,2',
  );
});

test.run();
