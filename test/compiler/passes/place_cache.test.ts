import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { printGraph } from '../../../compiler/graph/print.ts';
import { place_cache } from '../../../compiler/passes/index.ts';
import type { CacheForm } from '../../../compiler/ports/manifest.ts';
import { columnsOf, decoder, type Rows } from '../../../runtime/cache.ts';
import { allowed } from '../../../runtime/verify/tolerance.ts';
import type { Tensor } from '../../../spec/tensor.ts';
import { sessionOf } from '../session_of.ts';
import { type TinyGpt, tinyGpt } from '../tiny_gpt.ts';
import { apart, B, dims, ids, sketch, T, typed } from '../tiny_graph.ts';
import { bodyOf, runPass } from './run_pass.ts';

const { abs } = allowed('self', { storage: 'float32', compute: 'float32' });
const slots = 24;

/** `padded` says that a model without a cache takes a mask as well. */
const placed = (graph: Graph, cache: CacheForm, padded = cache !== 'none'): Graph =>
  runPass(place_cache({ cache, padded, ...(cache === 'static' ? { slots } : {}) }), graph).graph;

interface Call {
  readonly tokens: Rows;
  readonly real?: Rows;
}

/** Logits of all calls, side by side: [B][V] by column. */
async function logitsOf(graph: Graph, cache: CacheForm, calls: readonly Call[]): Promise<readonly Tensor[]> {
  const form = placed(graph, cache, cache !== 'none' || calls.some((c) => c.real));
  const machine = decoder(sessionOf(form, cache, cache === 'static' ? slots : undefined));
  const columns: Tensor[] = [];
  for (const { tokens, real } of calls) {
    const logits = (await machine.feed(tokens, real ? { real } : {}))['logits']!;
    for (let t = 0; t < logits.shape[1]!; t++) columns.push(columnsOf(logits, t, t + 1));
  }
  return columns;
}

const row = (seed: number, length: number): number[] => [...ids(seed, 10, 1, length).data];
const cut = (rows: Rows, sizes: readonly number[]): Call[] => {
  let at = 0;
  return sizes.map((n) => {
    const tokens = rows.map((r) => r.slice(at, at + n));
    at += n;
    return { tokens };
  });
};
const farthest = (a: readonly Tensor[], b: readonly Tensor[]): number =>
  a.length === b.length ? Math.max(...a.map((t, i) => apart(t, b[i]))) : Number.POSITIVE_INFINITY;

const variants: readonly TinyGpt[] = [{}, { window: 3 }, { window: 1, smear: false }, { window: 5 }];

test('a cut into calls changes nothing, whatever the form and the window', async () => {
  const rows = [row(1, 12), row(2, 12)];
  for (const options of variants) {
    const graph = tinyGpt(options);
    const whole = await logitsOf(graph, 'none', cut(rows, [12]));
    for (const cache of ['dynamic', 'static'] as const) {
      for (const sizes of [[12], [7, 5], [1, 1, 1, 9], [5, 1, 1, 1, 1, 1, 1, 1], Array<number>(12).fill(1)]) {
        const far = farthest(await logitsOf(graph, cache, cut(rows, sizes)), whole);
        assert.ok(far <= abs, `${JSON.stringify(options)} ${cache} ${sizes}: ${far}`);
      }
    }
  }
});

test('a mask or a window that is off by one is noticed', async () => {
  const calls = cut([row(1, 12)], [7, 5]);
  const expected = await logitsOf(tinyGpt({ window: 3 }), 'none', cut([row(1, 12)], [12]));
  for (const window of [2, 4, null]) {
    assert.ok(
      farthest(await logitsOf(tinyGpt({ window }), 'dynamic', calls), expected) > 10 * abs,
      `${window}`,
    );
  }
  const graph = tinyGpt({ window: 3 });
  const lax: Graph = {
    ...graph,
    nodes: graph.nodes.map((n) => (n.op === 'lt' ? { ...n, op: 'le' } : n)),
  };
  assert.ok(farthest(await logitsOf(lax, 'static', calls), expected) > 10 * abs);
  const late: Graph = {
    ...graph,
    nodes: graph.nodes.map((n) => (n.op === 'le' ? { ...n, op: 'lt' } : n)),
  };
  assert.ok(farthest(await logitsOf(late, 'dynamic', calls), expected) > 10 * abs);
});

/** For each row: what it says alone, at its real columns, against what it says in the batch. */
async function againstAlone(graph: Graph, cache: CacheForm, calls: readonly Call[]): Promise<number> {
  const batch = await logitsOf(graph, cache, calls);
  let far = 0;
  for (const b of calls[0]!.tokens.keys()) {
    const tokens = calls.flatMap((c) => c.tokens[b]!);
    const real = calls.flatMap((c) => c.real?.[b] ?? c.tokens[b]!.map(() => 1));
    const alone = await logitsOf(graph, 'none', [{ tokens: [tokens.filter((_, i) => real[i] === 1)] }]);
    const columns = [...real.keys()].filter((i) => real[i] === 1);
    for (const [i, column] of columns.entries()) {
      const own = batch[column]!;
      const mine = { ...own, shape: [1, 1, own.shape[2]!], data: own.data.slice(b * 10, (b + 1) * 10) };
      const d = apart(mine, alone[i]);
      if (!(d <= far)) far = d;
    }
  }
  return far;
}

const padded = {
  'left padding': [
    { tokens: [row(1, 6), row(2, 6)], real: [[0, 0, 0, 1, 1, 1], row(3, 6).map(() => 1)] },
    ...cut([row(4, 4), row(5, 4)], [1, 1, 2]),
  ],
  'padding on the right and inside a later call': [
    {
      tokens: [row(1, 5), row(2, 5)],
      real: [
        [1, 1, 0, 1, 0],
        [1, 1, 1, 1, 1],
      ],
    },
    {
      tokens: [row(3, 3), row(4, 3)],
      real: [
        [0, 1, 1],
        [1, 0, 1],
      ],
    },
    {
      tokens: [row(6, 2), row(7, 2)],
      real: [
        [0, 0],
        [1, 1],
      ],
    },
    ...cut([row(8, 2), row(9, 2)], [2]),
  ],
} satisfies Record<string, readonly Call[]>;

test('a padded row says what it says alone', async () => {
  for (const [what, calls] of Object.entries(padded)) {
    for (const options of variants) {
      for (const cache of ['dynamic', 'static', 'none'] as const) {
        const far = await againstAlone(tinyGpt(options), cache, calls);
        assert.ok(far <= abs, `${what} ${JSON.stringify(options)} ${cache}: ${far}`);
      }
    }
  }
});

test('padding that is taken for a token is noticed', async () => {
  const [call] = padded['left padding'];
  const wrong = [{ ...call!, real: [[0, 0, 1, 1, 1, 1], call!.real![1]!] }];
  const graph = tinyGpt({});
  const right = await logitsOf(graph, 'dynamic', [call!]);
  assert.ok(farthest(await logitsOf(graph, 'dynamic', wrong), right) > 10 * abs);
});

test('the forms as text', () => {
  const s = sketch('one');
  const tokens = s.input('tokens', typed('int64', B, T));
  s.in('h.0.attn');
  const x = s.op('gather', [s.param('wte', [5, 4]), tokens]);
  s.output('keys', s.cache(s.w.reshape(x, dims([B, T, 2, 2])), 'h.0.attn.k'));
  const graph = s.finish();
  const body = (cache: CacheForm): string => bodyOf(placed(graph, cache));
  const start = `%0 = input name="input_ids": int64[B, T]
%1 = param name="wte": float32[5, 4]  # h.0.attn
%2 = gather(%1, %0): float32[B, T, 4]  # h.0.attn
%3 = reshape(%2) shape=[B, T, 2, 2]: float32[B, T, 2, 2]  # h.0.attn
`;
  assert.is(body('none'), `${start}output keys = %3`);
  const turn = `${start}%4 = transpose(%3) perm=[0, 2, 1, 3]: float32[B, 2, T, 2]  # h.0.attn\n`;
  assert.is(
    body('dynamic'),
    `${turn}%5 = input name="past_key_values.0.key": float32[B, 2, P, 2]  # h.0.attn
%6 = append(%5, %4) axis=2: float32[B, 2, P + T, 2]  # h.0.attn
%7 = transpose(%6) perm=[0, 2, 1, 3]: float32[B, P + T, 2, 2]  # h.0.attn
output keys = %7
output present.0.key = %6`,
  );
  assert.is(
    body('static'),
    `${turn}%5 = input name="past_key_values.0.key": float32[B, 2, 24, 2]  # h.0.attn
%6 = input name="past_length": int64[1]  # h.0.attn
%7 = reshape(%6) shape=[]: int64[]  # h.0.attn
%8 = write(%5, %4, %7) axis=2: float32[B, 2, 24, 2]  # h.0.attn
%9 = transpose(%8) perm=[0, 2, 1, 3]: float32[B, 24, 2, 2]  # h.0.attn
output keys = %9
output present.0.key = %8`,
  );
});

test('says what became of each cache, and that it does not place twice', () => {
  const { lines, graph } = runPass(place_cache({ cache: 'dynamic' }), tinyGpt({ layers: 1 }));
  assert.equal(lines, [
    'x: replace port past_state.x -> present_state.x',
    'h.0.attn.k: append port past_key_values.0.key -> present.0.key',
    'h.0.attn.v: append port past_key_values.0.value -> present.0.value',
  ]);
  assert.equal(runPass(place_cache({ cache: 'dynamic' }), graph).lines, [
    'refused: the ports are placed already',
  ]);
  const none = runPass(place_cache({ cache: 'none' }), tinyGpt({ layers: 1 })).lines;
  assert.is(none[0], 'x: nothing: there is no past');
});

test('inputs and ports stand in the order of the boundary', () => {
  const lines = printGraph(placed(tinyGpt({ layers: 1 }), 'static')).split('\n');
  assert.equal(
    lines.filter((l) => l.startsWith('input')).map((l) => l.slice(7)),
    [
      'input_ids: int64[B, T]',
      'attention_mask: int64[B, 24]',
      'position_ids: int64[B, T]',
      'past_length: int64[1]',
      'past_key_values.0.key: float32[B, 1, 24, 4]',
      'past_key_values.0.value: float32[B, 1, 24, 4]',
      'past_state.x: float32[B, 1, 8]',
    ],
  );
});

test.run();
