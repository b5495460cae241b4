import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from '../../../compiler/build.ts';
import type { RotaryTable } from '../../../spec/ops/rotary_table.ts';
import { parse } from '../../../spec/parse.ts';
import type { ElaborationOptions } from '../../../spec/program.ts';
import { countOf, graphOf, probe, told } from './probe.ts';

/** The tables that `rope: Rotary(...)` leads to. */
function tables(
  args: string,
  body = 'rope(q)',
  options: Partial<ElaborationOptions> = {},
): readonly RotaryTable[] {
  const graph = graphOf(body, { members: `rope: Rotary(${args})`, options });
  // The op's own attributes.
  return graph.nodes.filter((n) => n.op === 'rotary_table').map((n) => n.attrs as RotaryTable);
}
const freqsOf = (args: string): readonly number[] => tables(args)[0]!.freqs;

test('base frequencies are float32 at every step, in the order of PyTorch', () => {
  const f32 = Math.fround;
  const stepwise = (base: number) => [0, 1].map((j) => f32(1 / f32(base ** f32((2 * j) / 4))));
  assert.equal(freqsOf('head, 32, base=100_000'), stepwise(100_000));
  assert.equal(stepwise(100_000)[1], f32(1 / f32(Math.sqrt(100_000))));
  assert.is.not(freqsOf('head, 32, base=100_000')[1], 100_000 ** -0.5);
  assert.not.equal(freqsOf('head, 32, base=100_001'), stepwise(100_000));
  assert.equal(freqsOf('head, 32'), [1, f32(0.01)]);
});

test('turn changes the sign of every angle', () => {
  assert.equal(freqsOf('head, 32, turn=-1'), [-1, -Math.fround(0.01)]);
});

test('a scaling takes the float32 frequency, and the pair if it asks for it', () => {
  assert.equal(freqsOf('head, 32, scaling=halved'), [0.5, Math.fround(Math.fround(0.01) / 2)]);
  assert.equal(freqsOf('head, 32, scaling=by_pair'), [0, Math.fround(0.01)]);
  const optional = { members: 'fn slowed(f, factor=4) = f / factor rope: Rotary(head, 32, scaling=slowed)' };
  const [table] = graphOf('rope(q)', optional).nodes.filter((n) => n.op === 'rotary_table');
  assert.equal(table?.attrs['freqs'], [0.25, Math.fround(Math.fround(0.01) / 4)]);
});

test('Llama 3 keeps fast pairs, slows slow ones and blends in between', () => {
  const members =
    'fn slowed(f) = llama3_slowed(f, 32, 1, 4, 8192) rope: Rotary(head, 32, base=500_000, scaling=slowed)';
  const [table] = graphOf('rope(q)', { members }).nodes.filter((n) => n.op === 'rotary_table');
  const slow = Math.fround(1 / Math.fround(Math.sqrt(500_000)));
  const turns = (8192 * slow) / (2 * Math.PI);
  const keep = (turns - 1) / 3;
  assert.ok(keep > 0 && keep < 1);
  assert.equal(table?.attrs['freqs'], [1, Math.fround(slow * (keep + (1 - keep) / 32))]);
});

test('a spec says the length of its tables, and a longer context asked for overrides it', () => {
  assert.is(tables('head, length=7 * few')[0]!.length, 21);
  assert.is(tables('head, length=7', 'rope(q)', { maxSeqLen: 99 })[0]!.length, 99);
});

test('a scaling that asks for it is told how many positions there are, also where the command line says so', () => {
  const members = 'fn far(f, j, n) = if n > 10 then f / 4 else f rope: Rotary(head, length=7, scaling=far)';
  const first = (options: Partial<ElaborationOptions>): unknown =>
    graphOf('rope(q)', { members, options }).nodes.find((n) => n.op === 'rotary_table')?.attrs['freqs'];
  assert.equal(first({}), [1, Math.fround(0.01)]);
  assert.equal(first({ maxSeqLen: 11 }), [0.25, Math.fround(Math.fround(0.01) / 4)]);
});

test('magnitude, rounding and pairing reach the graph', () => {
  const args = 'head, 32, magnitude=1.5, rounded=bfloat16, pairing="interleaved"';
  const [cos, sin] = tables(args);
  assert.equal([cos!.part, sin!.part], ['cos', 'sin']);
  assert.equal([cos!.magnitude, cos!.rounded], [1.5, 'bfloat16']);
  const turning = graphOf('rope(q)', { members: `rope: Rotary(${args})` }).nodes.find(
    (n) => n.op === 'rotary',
  );
  assert.is(turning?.attrs['pairing'], 'interleaved');
});

test('all calls, and members that are equal, share one pair of tables', () => {
  const members =
    'rope: Rotary(head, 32) same: Rotary(head, length=32, base=10_000) longer: Rotary(head, 33)';
  const shared = graphOf('rope(same(rope(q)))', { members });
  assert.is(countOf(shared, 'rotary'), 3);
  assert.is(countOf(shared, 'rotary_table'), 2);
  assert.is(countOf(graphOf('longer(rope(q))', { members }), 'rotary_table'), 4);
});

test('the tables belong to the member, whoever turns first', () => {
  const graph = graphOf('rope(q)', { members: 'rope: Rotary(head, 32)' });
  const at = graph.nodes.findIndex((n) => n.op === 'rotary_table');
  assert.equal(
    graph.origins[at]!.map((o) => o.scope),
    ['rope'],
  );
});

test('a model that declares positions turns by its own', () => {
  const text = (input: string) => `
model own {
  rope: Rotary(4, 32)
  wte: Embedding(8, 8)
  forward(tokens: int64[B, T]${input}) -> y: [B, T, 2, 4] = rope(wte(tokens) as [B, T, 2, 4])
}`;
  const ambients = (input: string) => {
    const { graph } = build(parse({ name: 'own.nanospec', text: text(input) }).value!, {
      include: () => undefined,
    });
    return graph!.nodes.filter((n) => n.op === 'ambient').map((n) => n.attrs['name']);
  };
  assert.equal(ambients(', positions: int64[B, T]'), []);
  assert.equal(ambients(''), ['positions']);
});

const wrong: readonly (readonly [string, string])[] = [
  ['head', 'N204 `Rotary` needs `length`'],
  ['3, 32', 'N313 `dim` of `Rotary` must be even, found 3'],
  ['head, 0', 'N313 `length` of `Rotary` must be a whole number from 1 on, found 0'],
  ['head, 32, base=0', 'N314 `base` must be above 0, found 0'],
  ['head, 32, pairing="half"', 'N314 `pairing` must be "halves" or "interleaved"'],
  ['head, 32, rounded=int64', 'N314 `rounded` must be bfloat16, float16 or none'],
  ['head, 32, scaling=2', 'N314 `scaling` must be a function of (f, j, n), found a number'],
  ['head, 32, scaling=near', 'N314 `scaling` must give a finite number'],
  ['head, 32, thetas=2', 'N202 `Rotary` has no argument `thetas`'],
];

for (const [args, words] of wrong) {
  test(`Rotary(${args}) is refused: ${words}`, () => {
    const { diagnostics } = probe('rope(q)', { members: `rope: Rotary(${args})` });
    assert.ok(told(diagnostics).startsWith(words), told(diagnostics));
    assert.is(diagnostics.length, 1);
  });
}

test.run();
