/** Models measured with a clock that ticks when it is read: what is counted, who takes turns, and what is refused. */

import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bandwidthProbe } from '../../../driver/bench/bandwidth.ts';
import { benchModels, type Instruments } from '../../../driver/bench/bench_models.ts';
import { benchPage } from '../../../driver/bench/bench_page.ts';
import { watchMemory } from '../../../driver/bench/peak_memory.ts';
import { trafficOf } from '../../../driver/bench/traffic.ts';
import { openModel } from '../../../driver/model_kinds.ts';
import { silent } from '../../../driver/reporter.ts';
import { folder, nanoc } from '../../cli/run_cli.ts';
import { refusalOf } from '../../harness/refusal.ts';

const home = folder();
const sizes = { layers: 2, dim: 32, heads: 2, vocab: 97, context: 64 };
async function compiled(name: string, ...more: readonly string[]): Promise<string> {
  const path = join(home, name);
  const set = Object.entries(sizes).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const { code, err } = await nanoc(['compile', 'nanochat_2025_10', ...set, ...more, '-o', path]);
  assert.is(code, 0, err);
  return path;
}
const model = await compiled('a.onnx');
const fixed = await compiled('b.onnx', '--cache', 'static:40');
const uncached = await compiled('c.onnx', '--cache', 'none');

/** Each look at the clock is a tick of 10 ms; memory is read at 1 GB a second. */
function fake(bandwidths: readonly number[] = [1e9]): Instruments & { readonly closed: () => boolean } {
  let [now, asked, closed] = [0, 0, false];
  return {
    now: () => (now += 10),
    probe: async () => ({
      measure: async () => bandwidths[asked++ % bandwidths.length]!,
      close: async () => {
        closed = true;
      },
    }),
    watchMemory: () => ({ peak: () => 5e6 }),
    closed: () => closed,
  };
}

test('each model is measured at each place, as many rounds as asked for', async () => {
  const instruments = fake();
  const asked = { context: [8, 16], batch: [1, 3], rounds: 3, steps: 5, instruments };
  const report = await benchModels([model, fixed], asked);
  assert.ok(instruments.closed());
  assert.is(report.rounds, 3);
  assert.equal(
    report.models.map(({ path, cache, loadMs, memory, runtime }) => [path, cache, loadMs, memory, runtime]),
    [
      [model, 'dynamic', 10, 5e6, 'onnxruntime-node cpu'],
      [fixed, 'static', 10, 5e6, 'onnxruntime-node cpu'],
    ],
  );
  for (const { figures } of report.models) {
    assert.equal(
      figures.map(({ batch, context }) => [batch, context]),
      [
        [1, 8],
        [1, 16],
        [3, 8],
        [3, 16],
      ],
    );
    for (const { batch, context, first, prefill, decode } of figures) {
      assert.is(first.median, 10, 'one tick until the first token');
      assert.is(prefill.median, 100 * batch * context);
      // The clock is read once more after the last of five steps: one tick for all of them.
      assert.ok(Math.abs(decode.median - 500 * batch) < 1e-9, `${decode.median}`);
    }
  }
  assert.is(report.models[0]!.figures[0]!.againstFirst, null);
  assert.is(report.models[1]!.figures[0]!.againstFirst?.median, 1);
  assert.is(report.bandwidth?.median, 1e9);
  assert.equal(report.noisy, []);
});

test('memory that is read at changing speed is told as noise', async () => {
  const instruments = fake([1e9, 2e9, 3e9]);
  const { noisy } = await benchModels([model], { context: [4], rounds: 3, steps: 1, instruments });
  assert.equal(noisy, [{ what: 'bandwidth of memory', share: 0.5 }]);
});

test('a step reads the matrices once, and the cache of each row', async () => {
  const { dim, vocab, layers } = sizes;
  const weights = 4 * (layers * 12 * dim * dim + vocab * dim); // the embedding is looked up
  const traffic = trafficOf(openModel(model))!;
  assert.is(traffic.weights, weights);
  assert.is(traffic.cache(10), 10 * layers * 2 * dim * 4);
  const { models } = await benchModels([model], {
    ...{ context: [8], batch: [3], rounds: 1, steps: 5, instruments: fake() },
  });
  const [figure] = models[0]!.figures;
  assert.is(figure!.read, weights + 3 * traffic.cache(8));
  assert.ok(Math.abs(figure!.ofBandwidth! - figure!.read! / 1e9 / 0.002) < 1e-9);
  assert.is(trafficOf(openModel(await compiled('half.onnx', '--dtype', 'f16')))!.weights, weights / 2);
});

test('contexts are those that the models take, and one that does not fit is refused', async () => {
  const some = { rounds: 1, steps: 4, instruments: fake() };
  const { models } = await benchModels([model, fixed], some);
  assert.equal(
    models[0]!.figures.map((f) => f.context),
    [36],
    'neither 128 nor 1024 fits 40 slots with 4 steps',
  );
  const said = async (...asked: Parameters<typeof benchModels>) =>
    (await refusalOf(benchModels(...asked))).diagnostics[0]!;
  const refused = await said([model, fixed], { ...some, context: [8, 37] });
  assert.is(refused.code, 'N706');
  assert.match(refused.message, `${fixed} does not take 37 tokens and 4 steps`);
  assert.match(refused.hint ?? '', '--context 36');
  const long = await said([fixed], { ...some, steps: 40 });
  assert.is(long.code, 'N706');
  assert.match(long.hint ?? '', 'fewer --steps');
});

test('a model without a cache is measured, and what that means is said', async () => {
  const said: string[] = [];
  const io = { ...silent, note: (text: string) => void said.push(text) };
  const asked = { context: [4], rounds: 1, steps: 2, instruments: fake() };
  const { models } = await benchModels([uncached], asked, { io });
  assert.is(models[0]!.cache, 'none');
  assert.match(said.join('\n'), 'has no cache: each token computes the whole text again');
});

test('ended early, it gives the rounds that are complete, and nothing before the first is', async () => {
  let complete = 0;
  const asked = { context: [4], rounds: 9, steps: 3 };
  const report = await benchModels([model, fixed], {
    ...{ ...asked, instruments: fake(), isEnough: () => complete === 2 },
    onRound: (n) => {
      complete = n;
    },
  });
  assert.is(report.rounds, 2);
  assert.is(report.wanted, 9);
  const instruments = fake();
  const none = await refusalOf(benchModels([model], { ...asked, instruments, isEnough: () => true }));
  assert.equal(none.diagnostics, [], 'whoever ended it knows why');
  assert.ok(instruments.closed());
});

test('the page has a plot over contexts with its axes, a line for each model, and every figure', async () => {
  const asked = { context: [8, 16, 32], rounds: 3, steps: 2, instruments: fake() };
  const report = await benchModels([model, fixed], asked);
  const page = benchPage(report);
  assert.match(page, /^<!doctype html>.*<\/html>\n$/s);
  assert.is([...page.matchAll(/<svg /g)].length, 4, 'decode, prefill, loading, memory');
  assert.is([...page.matchAll(/<polyline /g)].length, 5, 'two lines in each plot, and the limit of memory');
  for (const text of ['tokens a second', 'tokens before', '>32</text>', 'limit of memory', '5.0 MB', '10 ms'])
    assert.match(page, text);
  assert.is([...page.matchAll(/<td>8 tokens<\/td>/g)].length, 2);
  assert.not.match(page, /NaN|Infinity|undefined|https?:/);
  const one = benchPage(await benchModels([model], { ...asked, context: [8], instruments: fake() }));
  assert.is([...one.matchAll(/<polyline /g)].length, 0, 'one context makes bars');
  const rows = benchPage(
    await benchModels([model], { ...asked, context: [8], batch: [1, 2], instruments: fake() }),
  );
  assert.match(rows, 'rows at once');
});

test('names of files are text on the page', async () => {
  const path = await compiled('<b>&.onnx');
  const page = benchPage(
    await benchModels([path], { context: [4], rounds: 1, steps: 1, instruments: fake() }),
  );
  assert.not.match(page, '<b>');
  assert.match(page, '&lt;b&gt;&amp;.onnx');
});

test('the real instruments measure something', async () => {
  const probe = await bandwidthProbe();
  const rate = await probe.measure();
  await probe.close();
  assert.ok(rate > 1e6, `${rate}`);
  const watch = watchMemory();
  const grown = Buffer.alloc(64 * 2 ** 20, 1);
  const peak = watch.peak();
  if (process.platform === 'linux') assert.ok(peak! > grown.length / 2, `${peak}`);
});

test.run();
