/** Bytes by name, as a target writes them: from a checkpoint, from a default, at random, from a table; whole or a view. */

import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCheckpoint } from '../../../compiler/checkpoint/open_checkpoint.ts';
import { contiguousStrides } from '../../../compiler/checkpoint/place_tensor.ts';
import { newBuilder } from '../../../compiler/graph/builder.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { tableType } from '../../../compiler/graph/table_attrs.ts';
import type { Binding, Bound } from '../../../compiler/weights/bind.ts';
import { tableRows } from '../../../compiler/weights/table_rows.ts';
import { sliced, transposed, type View, viewAttrs, viewType } from '../../../compiler/weights/view.ts';
import { elements } from '../../../compiler/weights/view_stream.ts';
import { weightSource } from '../../../compiler/weights/weight_source.ts';
import { size } from '../../../spec/dim.ts';
import { roundTo } from '../../../spec/round.ts';
import { product } from '../../../spec/tensor.ts';
import type { GraphDType } from '../../../spec/type.ts';
import { refusal } from '../../harness/refusal.ts';
import { inFolder } from '../checkpoint/in_folder.ts';
import { type TorchTensor, torchBytes } from '../checkpoint/torch_bytes.ts';

const whole = (of: string, shape: readonly number[], dtype: GraphDType = 'float32'): View => ({
  of,
  dtype,
  whole: shape,
  shape,
  strides: contiguousStrides(shape),
  start: 0,
  apply: [],
});

/** A graph that keeps each view under the name `w0`, `w1`, ... or the parameter's own. */
function graphOf(views: readonly View[], stored?: GraphDType): Graph {
  const b = newBuilder();
  for (const [i, view] of views.entries()) {
    const type = viewType(view);
    const name = views.length === 1 ? view.of : `w${i}`;
    b.leaf('param', [], viewAttrs(view, name), { ...type, dtype: stored ?? type.dtype }, []);
  }
  return b.finish({ name: 'm', inputs: [], outputs: [], caches: new Map(), ports: [] });
}

function bindingOf(path: string, defaults: Readonly<Record<string, number>> = {}): Binding {
  const span = { source: { name: '', text: '' }, start: 0, end: 0 };
  const decl = { path: '', shape: [], shapeText: '', dtype: 'float' as const, span };
  const entries = new Map<string, Bound>();
  for (const [key, tensor] of openCheckpoint(path).tensors)
    entries.set(key, { decl: { ...decl, key }, tensor });
  for (const [key, value] of Object.entries(defaults)) {
    entries.set(key, { decl: { ...decl, key, default: value } });
  }
  return { entries };
}

const withTensor = <R>(tensor: TorchTensor, use: (binding: Binding) => R): R =>
  inFolder({ 'm.pt': torchBytes({ w: tensor }) }, (folder) => use(bindingOf(join(folder, 'm.pt'))));

const values = Float32Array.from({ length: 24 }, (_, i) => i - 7.3);
const stored = { shape: [4, 6], data: values };

test('a parameter leaves as it is stored, or rounded to what the target keeps', () => {
  withTensor(stored, (binding) => {
    for (const storage of ['float32', 'float16', 'bfloat16'] as const) {
      const source = weightSource({ graph: graphOf([whole('w', [4, 6])], storage), storage, binding });
      assert.equal(source.info('w'), {
        shape: [4, 6],
        dtype: storage,
        bytes: 24 * (storage === 'float32' ? 4 : 2),
      });
      assert.equal(
        source.values('w'),
        values.map((v) => roundTo(storage, v)),
      );
      const written = Array.from(source.chunks('w'), (c) => c.length).reduce((a, b) => a + b, 0);
      assert.is(written, source.info('w').bytes);
    }
  });
});

test('a float32 graph over narrow storage computes with the narrow numbers', () => {
  withTensor(stored, (binding) => {
    const graph = graphOf([whole('w', [4, 6])]);
    const found = weightSource({ graph, storage: 'bfloat16', binding }).values('w');
    assert.equal(
      found,
      values.map((v) => roundTo('bfloat16', v)),
    );
    assert.not.equal(found, values);
  });
});

test('views and arithmetic are those of the reference', () => {
  const view = sliced(transposed(whole('w', [4, 6]), [1, 0]), 0, 1, 6, 2);
  const doubled: View = {
    ...view,
    apply: [
      ['mul', 'float32', 2, 'right'],
      ['sub', 'float32', 1, 'left'],
    ],
  };
  withTensor(stored, (binding) => {
    const source = weightSource({ graph: graphOf([view, doubled]), storage: 'float32', binding });
    const expected = Float32Array.from(elements(view.shape, view.strides, view.start), (i) => values[i]!);
    assert.equal(source.values('w0'), expected);
    assert.equal(
      source.values('w1'),
      expected.map((v) => 1 - Math.fround(v * 2)),
    );
  });
});

test('views of a parameter that is stored transposed are the same', () => {
  const turned = Float32Array.from(elements([6, 4], [1, 6], 0), (i) => values[i]!);
  const views: readonly View[] = [
    sliced(whole('w', [4, 6]), 1, 2, 5, 1),
    { ...whole('w', [4, 6]), shape: [2, 3], strides: [12, 2], start: 1 },
    // Walks from one row into the next: no strides of the file do that.
    { ...whole('w', [4, 6]), shape: [5], strides: [4], start: 2 },
    { ...whole('w', [4, 6]), shape: [24], strides: [1] },
  ];
  withTensor({ shape: [4, 6], strides: [1, 4], data: turned }, (binding) => {
    const source = weightSource({ graph: graphOf(views), storage: 'float32', binding });
    for (const [i, { shape, strides, start }] of views.entries()) {
      const expected = Float32Array.from(elements(shape, strides, start), (e) => values[e]!);
      assert.equal(source.values(`w${i}`), expected);
    }
  });
});

test('a number too large for the storage dtype is refused with its tensor and the count', () => {
  const large = { shape: [3], data: Float32Array.of(1, 70_000, -1e9) };
  withTensor(large, (binding) => {
    const source = weightSource({
      graph: graphOf([whole('w', [3])], 'float16'),
      storage: 'float16',
      binding,
    });
    const [found] = refusal(() => Array.from(source.chunks('w'))).diagnostics;
    assert.is(found?.code, 'N509');
    assert.match(found!.message, /2 of the 3 numbers of w are too large for float16/);
    const brain = weightSource({
      graph: graphOf([whole('w', [3])], 'bfloat16'),
      storage: 'bfloat16',
      binding,
    });
    assert.is(brain.values('w')[2], roundTo('bfloat16', -1e9));
  });
});

test('numbers that are not finite are found once, however often they flow by', () => {
  withTensor({ shape: [4], data: Float32Array.of(Number.NaN, 1, Infinity, -Infinity) }, (binding) => {
    const source = weightSource({ graph: graphOf([whole('w', [4])]), storage: 'float32', binding });
    assert.equal(source.findings(), []);
    for (let i = 0; i < 2; i++) for (const _ of source.chunks('w')) void _;
    assert.equal(
      source.findings().map((d) => `${d.code} ${d.message}`),
      ['N616 w has 1 NaN and 2 infinite among its 4 numbers'],
    );
  });
  withTensor(stored, (binding) => {
    const source = weightSource({ graph: graphOf([whole('w', [4, 6])]), storage: 'float32', binding });
    source.values('w');
    assert.equal(source.findings(), []);
  });
});

test('whole numbers and truth values pass as they are', () => {
  const ids = { type: 'IntStorage', shape: [3], data: Int32Array.of(-1, 2, 2 ** 31 - 1) };
  withTensor(ids, (binding) => {
    const source = weightSource({ graph: graphOf([whole('w', [3], 'int64')]), storage: 'float16', binding });
    assert.equal([...source.values('w')], [-1, 2, 2 ** 31]);
    assert.is(source.info('w').bytes, 24);
  });
  withTensor({ type: 'BoolStorage', shape: [2], data: Uint8Array.of(1, 0) }, (binding) => {
    const source = weightSource({ graph: graphOf([whole('w', [2], 'bool')]), storage: 'float32', binding });
    assert.equal([...source.values('w')], [1, 0]);
  });
});

test('a default fills what the checkpoint has not', () => {
  inFolder({ 'm.pt': torchBytes({ w: stored }) }, (folder) => {
    const binding = bindingOf(join(folder, 'm.pt'), { scale: 1.5 });
    const source = weightSource({ graph: graphOf([whole('scale', [2, 3])]), storage: 'float32', binding });
    assert.equal(source.values('scale'), new Float32Array(6).fill(1.5));
  });
});

test('random weights depend on seed, name and place alone, and have the size of their fan in', () => {
  const shape = [2000, 900]; // several chunks
  const of = (view: View, seed: number): Float32Array =>
    weightSource({ graph: graphOf([view]), storage: 'float32', seed }).values(view.of);
  const all = of(whole('w', shape), 1);
  assert.equal(of(whole('w', shape), 1), all);
  assert.not.equal(of(whole('w', shape), 2), all);
  assert.not.equal(of(whole('v', shape), 1), all);
  const part = sliced(transposed(whole('w', shape), [1, 0]), 1, 3, 5, 1);
  assert.equal(
    of(part, 1),
    Float32Array.from(elements(part.shape, part.strides, part.start), (i) => all[i]!),
  );
  const deviation = Math.sqrt(all.reduce((s, v) => s + v * v, 0) / product(shape));
  assert.ok(Math.abs(deviation * Math.sqrt(900) - 1) < 0.01, `${deviation}`);
  const mean = (values: Float32Array): number => values.reduce((s, v) => s + v, 0) / values.length;
  assert.ok(Math.abs(mean(all)) < 1e-4);
  assert.ok(Math.abs(mean(of(whole('norm.weight', [900]), 1)) - 1) < 0.01);
  assert.ok(Math.abs(mean(of(whole('c_fc.bias', [900]), 1))) < 0.01);
});

test('tables are made in rows while they are written', () => {
  const table = {
    part: 'cos',
    freqs: Array.from({ length: 64 }, (_, j) => 10_000 ** (-j / 64)),
    length: 9000,
    magnitude: 1,
    rounded: null,
  } as const;
  const b = newBuilder();
  b.leaf('table', [], { ...table, name: 'rotary.cos' }, tableType(table), []);
  const graph = b.finish({ name: 'm', inputs: [], outputs: [], caches: new Map(), ports: [] });
  const source = weightSource({ graph, storage: 'float32', seed: 0 });
  assert.equal(source.info('rotary.cos').shape, [9000, 64]);
  assert.ok(Array.from(source.chunks('rotary.cos')).length > 1);
  assert.equal(source.values('rotary.cos'), tableRows(table, 0, 9000));
  assert.is(size(9000).key, tableType(table).shape[0]!.key);
});

test.run();
