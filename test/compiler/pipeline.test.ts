import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGraph } from '../../compiler/check/ir_check.ts';
import { evaluator } from '../../compiler/evaluate/evaluate.ts';
import type { Graph } from '../../compiler/graph/ir.ts';
import { printGraph } from '../../compiler/graph/print.ts';
import { place_cache } from '../../compiler/passes/index.ts';
import type { Pass } from '../../compiler/passes/pass.ts';
import { type PipelineOptions, pipeline, runPasses } from '../../compiler/pipeline.ts';
import { decoder } from '../../runtime/cache.ts';
import { allowed } from '../../runtime/verify/tolerance.ts';
import { Bug } from '../../spec/diagnostic.ts';
import { roundTo } from '../../spec/round.ts';
import type { GraphDType } from '../../spec/type.ts';
import { sessionOf } from './session_of.ts';
import { tinyGpt } from './tiny_gpt.ts';
import { apart, ids, weightsFor } from './tiny_graph.ts';

const plain = { cache: 'dynamic', logits: 'all', storage: 'float32', compute: 'float32' } as const;
const names = (options: PipelineOptions): string =>
  pipeline(options)
    .map((p) => p.name)
    .join(' ');
const { abs } = allowed('self', { storage: 'float32', compute: 'float32' });

test('options put their passes in, and no others', () => {
  assert.not.match(names(plain), /last_token_logits|cast_weights/);
  assert.match(names({ ...plain, logits: 'last' }), /^place_cache last_token_logits /);
  assert.match(names({ ...plain, storage: 'bfloat16' }), ' cast_weights drop_dead_nodes');
  assert.not.match(names({ ...plain, storage: 'float16', compute: 'float16' }), 'cast_weights');
});

const graphOf = (options: PipelineOptions, model: Graph = tinyGpt({ window: 3 })): Graph =>
  runPasses(model, pipeline(options));

/** Logits of three calls through a graph of this form. */
async function logits(graph: Graph, { cache, slots }: PipelineOptions) {
  const machine = decoder(sessionOf(graph, cache, slots));
  const all = [];
  for (const [i, length] of [4, 1, 3].entries()) {
    const { data } = ids(i, 10, 2, length);
    all.push((await machine.feed([[...data.slice(0, length)], [...data.slice(length)]]))['logits']!);
  }
  return all;
}

test('the whole pipeline changes no number in any form', async () => {
  for (const form of [{ cache: 'none' }, { cache: 'dynamic' }, { cache: 'static', slots: 12 }] as const) {
    const options = { ...plain, ...form };
    const believed = await logits(
      place_cache(form).run(tinyGpt({ window: 3 }), { trace: () => {} }),
      options,
    );
    const after = await logits(graphOf(options), options);
    const other = await logits(graphOf(options, tinyGpt({ window: 2 })), options);
    for (const [i, expected] of believed.entries()) assert.ok(apart(after[i], expected) <= abs, form.cache);
    assert.ok(apart(other[0], believed[0]) > 10 * abs, form.cache);
  }
});

test('its passes leave nothing for a second run', () => {
  for (const storage of ['float32', 'bfloat16'] as const) {
    for (const logits of ['all', 'last'] as const) {
      const options = { ...plain, storage, logits };
      const once = graphOf(options);
      checkGraph(once);
      assert.is(printGraph(runPasses(once, pipeline(options))), printGraph(once));
    }
  }
});

test('storage is the dtype of every weight, and of nothing else', () => {
  const stored = (storage: GraphDType): string => {
    const { nodes } = graphOf({ ...plain, storage });
    return [...new Set(nodes.filter((n) => n.op === 'param').map((n) => n.type.dtype))].join();
  };
  assert.is(stored('float32'), 'float32');
  assert.is(stored('float16'), 'float16');
  const { ports, outputs, nodes } = graphOf({ ...plain, storage: 'bfloat16' });
  assert.ok(ports.every((p) => p.type.dtype === 'float32'));
  assert.ok(outputs.every((o) => nodes[o.node]!.type.dtype === 'float32'));
  const before = place_cache({ cache: 'none' }).run(tinyGpt(), { trace: () => {} });
  const weights = weightsFor(before);
  const rounded = { values: (n: string) => weights.values(n).map((v) => roundTo('bfloat16', v)) };
  const feeds = { input_ids: ids(1, 10, 1, 5) };
  const after = evaluator(graphOf({ ...plain, cache: 'none', storage: 'bfloat16' }, tinyGpt()), weights);
  const [expected, found] = [evaluator(before, rounded).run(feeds), after.run(feeds)];
  assert.ok(apart(expected['logits'], found['logits']) <= abs);
  assert.ok(apart(evaluator(before, weights).run(feeds)['logits'], found['logits']) > 10 * abs);
});

test('every pass is watched, and says what it did', () => {
  const said: string[] = [];
  const seen: string[] = [];
  runPasses(tinyGpt({ layers: 1 }), pipeline({ ...plain, logits: 'last' }), {
    trace: (pass, line) => void said.push(`${pass}: ${line}`),
    onPass: (pass, graph) => void seen.push(`${pass.name} ${graph.ports.length}`),
  });
  assert.is(seen[0], 'place_cache 3');
  assert.is(seen.length, pipeline({ ...plain, logits: 'last' }).length);
  assert.ok(said.includes('fold_rotary_tables: rotary.cos: 64 positions of 2 pairs'));
  assert.ok(said.some((l) => l.startsWith('last_token_logits: sliced ')));
});

test('a pass that leaves a broken graph is named', () => {
  const careless: Pass = {
    name: 'careless',
    doc: '',
    keepsScopes: true,
    run: (graph) => ({ ...graph, origins: [] }),
  };
  assert.throws(
    () => runPasses(tinyGpt(), [careless]),
    (e: unknown) => e instanceof Bug && /^pass careless: \d+ nodes have 0 lists of origins$/.test(e.message),
  );
  const sorry: Pass = {
    ...careless,
    run: () => {
      throw new Error('disk full');
    },
  };
  assert.throws(() => runPasses(tinyGpt(), [sorry]), /^disk full$/);
});

test('names of passes are theirs alone, and each says what it is for', () => {
  const all = pipeline({ ...plain, logits: 'last', storage: 'bfloat16' });
  assert.is(new Set(all.map((p) => p.name)).size, all.length);
  for (const { doc } of all) assert.match(doc, /^[A-Z].*\.$/);
});

test.run();
