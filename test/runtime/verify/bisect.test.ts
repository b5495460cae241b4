import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rebuild } from '../../../compiler/graph/builder.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { referenceSession } from '../../../runtime/sessions/reference_session.ts';
import { bisect, explain } from '../../../runtime/verify/bisect.ts';
import { magnitude } from '../../../runtime/verify/compare.ts';
import { sensitivity } from '../../../runtime/verify/sensitivity.ts';
import { allowed } from '../../../runtime/verify/tolerance.ts';
import { interpret, outputName } from '../../../runtime/verify/trace.ts';
import { roundTo } from '../../../spec/round.ts';
import { fixture, make } from '../../golden/compile_fixture.ts';

const { compiled } = make(fixture('nanochat-g2-origmod'), 'nanochat_2026_01_lambdas');
const { reference, graph, manifest, weightsOf } = compiled;
const calls = [{ tokens: [[3, 1, 4, 1, 5]] }];

/** Takes the size where the second layer cuts negative numbers off. */
const broken = (healthy: Graph): Graph => {
  let done = false;
  return rebuild(healthy, (node, inputs, builder, from) => {
    const here = from.some((o) => o.scope === 'transformer.h.1.mlp');
    if (done || !here || node.op !== 'relu') return undefined;
    done = true;
    return builder.op('abs', inputs, {}, from);
  });
};

const stage = (of: Graph) => ({ graph: of, weights: weightsOf(of) });

/** A target that computes `actual` where `target` says what it was given. */
const search = (target: Graph, actual: Graph, stages: readonly (readonly [string, Graph])[]) =>
  bisect({
    reference: stage(reference),
    target: stage(target),
    manifest,
    calls,
    tolerance: allowed('reference', manifest),
    stages: stages.map(([pass, of]) => ({ pass, ...stage(of) })),
    recompile: async (ids) => {
      const outputs = [...actual.outputs, ...ids.map((node) => ({ name: outputName(node), node }))];
      return referenceSession({ ...actual, outputs }, manifest, weightsOf(actual));
    },
  });

test('a healthy target is blamed for nothing', async () => {
  const result = await search(graph, graph, [['first', graph]]);
  assert.is(result.blame, 'none');
  assert.match(explain(result).message, 'the interpreter gives the same numbers');
});

test('a pass that changes a value is named with the value', async () => {
  const wrong = broken(graph);
  const result = await search(wrong, wrong, [
    ['harmless', graph],
    ['harmful', wrong],
    ['later', wrong],
  ]);
  assert.is(result.blame, 'pass');
  const { message, span } = explain(result);
  assert.match(message, 'the pass harmful made it so');
  assert.match(message, 'transformer.h.1.mlp');
  assert.match(span?.source.text.slice(span.start, span.end) ?? '', 'relu(');
});

test('a pass may move the logits as far as they may be apart, and no further', async () => {
  const logits = graph.outputs.find(({ name }) => name === 'logits')!.node;
  const [values] = await interpret(stage(graph), manifest, calls);
  const limit = allowed('reference', manifest).abs * Math.max(1, magnitude(values!.get(logits)!));
  const moved = (by: number): Graph =>
    rebuild(graph, (node, inputs, builder, from) => {
      if (node.id !== logits) return undefined;
      const shift = builder.op('scalar', [], { value: by, dtype: 'float32' }, from);
      return builder.op('add', [builder.same(node, inputs, from), shift], {}, from);
    });
  const blamed = async (by: number): Promise<string> => {
    const target = moved(by);
    const result = await search(target, target, [['moves', target]]);
    return result.blame === 'pass' ? (result.pass ?? '') : result.blame;
  };
  assert.is(await blamed(0.9 * limit), 'none');
  assert.is(await blamed(1.1 * limit), 'moves');
});

test('a backend that changes a value is named with the value', async () => {
  const result = await search(graph, broken(graph), [['harmless', graph]]);
  assert.is(result.blame, 'backend');
  assert.match(explain(result).message, /is \w+ in transformer\.h\.1\.mlp.*; the backend/);
});

test('how unsteady a model is can be said of calls that leave inputs out', async () => {
  const bare = calls.map((call) => ({ ...call, without: ['attention_mask', 'position_ids'] }));
  const moved = await sensitivity(stage(reference), manifest, bare);
  assert.ok(moved > 0 && moved < 1e-4, `moved by ${moved}`);
  assert.is(moved, await sensitivity(stage(reference), manifest, calls));
  assert.is.not(moved, await sensitivity(stage(reference), manifest, [{ tokens: [[2, 7, 1, 8, 2]] }]));
});

test('a value too large for float16 is nobody’s fault: it is named with its place, and with what holds it', async () => {
  const path = fixture('nanochat-g1-mha');
  const half = make(path, 'nanochat_2025_10', { target: 'torchscript', storage: 'float16' }).compiled;
  const scaled = (of: Graph) => ({
    graph: of,
    weights: {
      values: (name: string) =>
        half
          .weightsOf(of)
          .values(name)
          .map((x) => roundTo('float16', name.endsWith('c_v.weight') ? 2 ** 16 * x : x)),
    },
  });
  const result = await bisect({
    reference: scaled(half.reference),
    target: scaled(half.graph),
    manifest: half.manifest,
    calls,
    tolerance: allowed('reference', half.manifest),
    recompile: async (ids) => {
      const { graph: own, weights } = scaled(half.graph);
      const outputs = [...own.outputs, ...ids.map((node) => ({ name: outputName(node), node }))];
      return referenceSession({ ...own, outputs }, half.manifest, weights);
    },
  });
  assert.is(result.blame, 'overflow');
  const { message, span, expected, found, hint } = explain(result);
  assert.match(
    message,
    /linear in transformer\.h\.0\.attn\.c_v with .*c_v\.weight overflows: float16 holds nothing above 65504/,
  );
  assert.match(span?.source.text.slice(span.start, span.end) ?? '', 'c_v(');
  assert.ok(Math.abs(Number.parseFloat(expected ?? '')) > 65504);
  assert.match(found ?? '', 'Infinity');
  assert.match(hint ?? '', '--dtype bf16');
  assert.not.match(message, 'change to the file');
});

test.run();
