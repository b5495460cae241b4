/** The arithmetic of `nanoc bench`: spreads, rates, shares, and when a difference is one. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { closingLines, figureCells } from '../../../driver/bench/bench_text.ts';
import { type BenchedModel, type BenchReport, figureOf, noisyFigures } from '../../../driver/bench/report.ts';
import { spreadOf } from '../../../driver/bench/spread.ts';
import { ticksTo } from '../../../driver/page/ticks.ts';

test('a spread is the median with its quartiles, however the values are ordered', () => {
  assert.equal(spreadOf([4, 1, 3, 2, 5]), { median: 3, low: 2, high: 4, share: 2 / 3 });
  assert.equal(spreadOf([1, 2]), { median: 1.5, low: 1.25, high: 1.75, share: 1 / 3 });
  assert.equal(spreadOf([7]), { median: 7, low: 7, high: 7, share: 0 });
  assert.is(spreadOf([0, 0]).share, 0);
});

const place = { batch: 2, context: 100 };
const steady = (ms: number) => Array.from({ length: 5 }, () => ({ first: 10 * ms, step: ms }));

test('rates count all rows, and a step reads its bytes once', () => {
  const figure = figureOf({ ...place, samples: steady(20), read: 4e8, bandwidth: 4e10 });
  assert.is(figure.decode.median, 100, '2 rows in 20 ms');
  assert.is(figure.prefill.median, 1000, '2 rows of 100 tokens in 200 ms');
  assert.is(figure.first.median, 200);
  assert.is(figure.ofBandwidth, 0.5, '0.4 GB in 20 ms are 20 of 40 GB a second');
  assert.is(figure.againstFirst, null);
  assert.is(figureOf({ ...place, samples: steady(20), read: null, bandwidth: 4e10 }).ofBandwidth, null);
});

const against = (samples: readonly number[], first: readonly number[]) =>
  figureOf({
    ...place,
    samples: samples.map((step) => ({ first: 1, step })),
    first: first.map((step) => ({ first: 1, step })),
    ...{ read: null, bandwidth: null },
  }).againstFirst;

test('a model is faster when every round says so, and by more than the rounds differ', () => {
  const base = [20, 20, 20, 20, 20];
  assert.is(against([10, 10, 10, 11, 10], base)?.verdict, 'faster');
  assert.is(against([10, 10, 10, 11, 10], base)?.median, 2);
  assert.is(against([40, 41, 40, 39, 40], base)?.verdict, 'slower');
  assert.is(against([19, 19, 19, 21, 19], base)?.verdict, 'too noisy to tell', 'one round says otherwise');
  assert.is(against([19, 12, 19, 10, 18], base)?.verdict, 'too noisy to tell', 'rounds differ by more');
  assert.is(against([10, 10, 10], base.slice(2))?.verdict, 'too noisy to tell', 'too few rounds');
  assert.is(against(base, base)?.verdict, 'too noisy to tell');
});

const benched = (steps: readonly number[]): BenchedModel => ({
  ...{ path: 'a.onnx', model: 'a', runtime: 'r', cache: 'dynamic', bytes: 1e6, loadMs: 1200, memory: null },
  figures: [
    figureOf({ ...place, samples: steps.map((step) => ({ first: 50, step })), read: null, bandwidth: null }),
  ],
});

test('what differs between rounds is named, the worst first', () => {
  assert.equal(noisyFigures([benched([20, 20, 20])], spreadOf([5, 5, 5])), []);
  const noisy = noisyFigures([benched([10, 20, 30])], spreadOf([1, 2, 9]));
  assert.equal(
    noisy.map(({ what }) => what),
    ['bandwidth of memory', 'decode of a.onnx, 2 rows of 100 tokens'],
  );
});

test('the lines below the table say so, with the figure', () => {
  const model = benched([20, 20, 20]);
  const report: BenchReport = {
    ...{ version: '0', date: '2026-01-02T00:00:00Z', rounds: 5, wanted: 5, steps: 16, noisy: [] },
    machine: { processor: 'P', threads: 4, memory: 8e9, node: 'v0' },
    ...{ bandwidth: spreadOf([4e10, 4e10]), models: [model] },
  };
  assert.equal(closingLines(report), [
    'P, 4 hardware threads, memory read at 40 GB a second (± 0 %)',
    'medians of 5 rounds, 16 steps after each prompt',
  ]);
  const noisy = [
    { what: 'decode of x', share: 0.34 },
    { what: 'y', share: 0.2 },
  ];
  const said = closingLines({ ...report, rounds: 2, noisy }).join('\n');
  assert.match(said, 'medians of 2 rounds of 5, interrupted');
  assert.match(
    said,
    'too noisy to tell: decode of x differs by 34 % between rounds, and 1 more by above 15 %',
  );
  assert.match(said, 'fewer than three rounds');
  assert.equal(figureCells(model, model.figures[0]!), [
    ...['a.onnx', '2 rows of 100 tokens', '50 ms', '4,000', '100', '± 0 %', '', ''],
  ]);
});

test('ticks are round, begin at zero and reach what is drawn', () => {
  assert.equal(ticksTo(100), [0, 20, 40, 60, 80, 100]);
  assert.equal(ticksTo(41.6), [0, 10, 20, 30, 40, 50]);
  assert.equal(ticksTo(0.7), [0, 0.2, 0.4, 0.6, 0.8]);
  assert.equal(ticksTo(0), [0, 1]);
  for (const most of [3, 17, 999, 12345]) {
    const ticks = ticksTo(most);
    assert.ok(ticks.at(-1)! >= most && ticks.at(-2)! < most, `${most}: ${ticks}`);
  }
});

test.run();
