import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { place_cache, state_as_layer } from '../../../compiler/passes/index.ts';
import { decoder } from '../../../runtime/cache.ts';
import type { Tensor } from '../../../spec/tensor.ts';
import { sessionOf } from '../session_of.ts';
import { tinyGpt } from '../tiny_gpt.ts';
import { apart, ids } from '../tiny_graph.ts';
import { runPass } from './run_pass.ts';

const placed = (graph: Graph): Graph => place_cache({ cache: 'dynamic' }).run(graph, { trace: () => {} });

async function logits(graph: Graph, cuts: readonly number[]): Promise<readonly Tensor[]> {
  const machine = decoder(sessionOf(graph, 'dynamic'));
  const tokens = [...ids(1, 10, 1, 9).data];
  const all: Tensor[] = [];
  for (const n of cuts) all.push((await machine.feed([tokens.splice(0, n)]))['logits']!);
  return all;
}

test('a state goes by the name and the axes of one more layer, and says the same', async () => {
  const before = placed(tinyGpt({ window: 3 }));
  const { graph, lines } = runPass(state_as_layer, before);
  const [state] = before.ports.filter((p) => p.axis === undefined);
  assert.equal(lines, [`${state!.input}: past_key_values.2.key of rank 4`]);
  const port = graph.ports.at(-1)!;
  assert.equal([port.input, port.output, port.rule], ['past_key_values.2.key', 'present.2.key', 'replace']);
  assert.equal(
    graph.ports.map((p) => p.input),
    before.ports.map((p) => (p === state ? port.input : p.input)),
  );
  const [expected, found] = [await logits(before, [4, 1, 4]), await logits(graph, [4, 1, 4])];
  for (const [i, t] of found.entries()) assert.is(apart(t, expected[i]!), 0);
  const forgetful = sessionOf(graph, 'dynamic');
  const machine = decoder({
    ...forgetful,
    run: (feeds, fetches) => {
      const state = feeds[port.input]!;
      const zeros = { ...state, data: state.data.slice().fill(0) };
      return forgetful.run({ ...feeds, [port.input]: zeros }, fetches);
    },
  });
  const tokens = [...ids(1, 10, 1, 9).data];
  await machine.feed([tokens.slice(0, 4)]);
  const next = (await machine.feed([tokens.slice(4, 5)]))['logits']!;
  assert.ok(apart(next, expected[1]!) > 1e-4);
});

test('nothing is done where every port grows', () => {
  const { lines } = runPass(state_as_layer, placed(tinyGpt({ smear: false })));
  assert.equal(lines, ['refused: no state of fixed length']);
});

test.run();
