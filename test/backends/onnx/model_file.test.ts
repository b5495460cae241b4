import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { onnx } from '../../../backends/onnx/index.ts';
import { naturalOrder } from '../../../backends/onnx/model_file.ts';
import { decode } from '../../../backends/onnx/schema.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import type { WeightSource } from '../../../compiler/weights/source.ts';
import { Refusal } from '../../../spec/diagnostic.ts';
import { tinyGpt } from '../../compiler/tiny_gpt.ts';
import { B, sketch, T, typed } from '../../compiler/tiny_graph.ts';
import { bytesOf, emitFiles, legal, manifestOf, optionsAt, placed } from './run_onnx.ts';

/** What the schema makes of a model; every field that the tests name is there. */
interface Model {
  irVersion: number;
  producerName: string;
  producerVersion: string;
  docString: string;
  opsetImport: { domain: string; version: number }[];
  metadataProps: { key: string; value: string }[];
  graph: {
    node: {
      name: string;
      opType: string;
      input: string[];
      output: string[];
      docString?: string;
      metadataProps: { key: string; value: string }[];
    }[];
    initializer: {
      name: string;
      dims: number[];
      externalData: { key: string; value: string }[];
      rawData?: Uint8Array;
    }[];
    input: Info[];
    output: Info[];
    valueInfo: Info[];
  };
}
interface Info {
  name: string;
  type: { tensorType: { elemType: number; shape: { dim: { dimValue?: number; dimParam?: string }[] } } };
}

const graphAt = (opset: number): Graph =>
  legal(placed(tinyGpt({ window: 3, head: 16 }), 'dynamic'), optionsAt(opset));
const filesAt = (opset: number, more = {}) => emitFiles(graphAt(opset), optionsAt(opset, more));
const modelAt = (opset: number, more = {}): Model =>
  decode('ModelProto', bytesOf(filesAt(opset, more).at(-1)!)) as unknown as Model;

const shapeOf = (info: Info | undefined): string =>
  info!.type.tensorType.shape.dim.map((d) => d.dimParam ?? d.dimValue).join(', ');

test('inputs and outputs have the names and sizes of the boundary', () => {
  const { graph } = modelAt(21);
  const input = (name: string) => shapeOf(graph.input.find((i) => i.name === name));
  assert.is(input('input_ids'), 'batch_size, sequence_length');
  assert.is(input('attention_mask'), 'batch_size, total_sequence_length');
  assert.is(input('past_key_values.1.key'), 'batch_size, 1, past_sequence_length, 16');
  const output = (name: string) => shapeOf(graph.output.find((o) => o.name === name));
  assert.is(output('logits'), 'batch_size, sequence_length, 10');
  assert.is(output('present.1.value'), 'batch_size, 1, total_sequence_length, 16');
  assert.is(output('present_state.x'), 'batch_size, 1, 32');
});

test('node names read as scope paths, and nodes say the line they came from', () => {
  const { graph } = modelAt(21);
  const names = graph.node.map((n) => n.name);
  assert.is(new Set(names).size, names.length);
  assert.ok(names.includes('h.1.attn/Gemm_2'), names.join());
  const softmax = graph.node.find((n) => n.name === 'h.0.attn/Softmax')!;
  assert.is(softmax.metadataProps[0]!.value, 'tiny.nanospec:1');
  const old = modelAt(17).graph.node.find((n) => n.name === 'h.0.attn/Softmax')!;
  assert.is(old.docString, 'tiny.nanospec:1');
  assert.is(old.metadataProps.length, 0);
});

test('each opset gets the IR version that came with it', () => {
  const versions = [17, 18, 19, 20, 21, 22, 23, 24, 25, 26].map((opset) => {
    const model = modelAt(opset);
    assert.equal(model.opsetImport, [{ domain: '', version: opset }]);
    return model.irVersion;
  });
  assert.is(versions.join(), '8,8,9,9,10,10,11,12,13,13');
});

test('an opset outside the range is refused', () => {
  for (const opset of [16, 27]) {
    try {
      onnx.passes(optionsAt(opset));
      assert.unreachable();
    } catch (cause) {
      assert.instance(cause, Refusal);
      const [found] = (cause as Refusal).diagnostics; // as just asserted
      assert.is(found!.code, 'N503');
      assert.is(found!.expected, '17 to 26');
    }
  }
});

test('the model says what it was made of', () => {
  const model = modelAt(21);
  assert.is(`${model.producerName} ${model.producerVersion}`, 'nanoc 0.0.0');
  assert.is(model.docString, 'A tiny model.');
  const metadata = new Map(model.metadataProps.map((p) => [p.key, p.value]));
  assert.is(metadata.get('nanoc.config'), 'layers=2');
  assert.equal(
    JSON.parse(metadata.get('nanoc.manifest')!),
    JSON.parse(JSON.stringify(manifestOf(graphAt(21)))),
  );
});

test('values inside have types', () => {
  const { graph } = modelAt(21);
  const infos = new Map(graph.valueInfo.map((v) => [v.name, v]));
  assert.is(shapeOf(infos.get('wte/Gather')), 'batch_size, sequence_length, 32');
  const made = new Set(graph.node.flatMap((n) => n.output));
  for (const name of infos.keys()) assert.ok(made.has(name), `${name} is made by no node`);
});

test('nothing is written that nothing reads', () => {
  const { graph } = modelAt(21);
  const read = new Set([...graph.node.flatMap((n) => n.input), ...graph.output.map((o) => o.name)]);
  for (const { output } of graph.node)
    assert.ok(
      output.some((name) => read.has(name)),
      output[0],
    );
  for (const { name } of graph.initializer) assert.ok(read.has(name), name);
});

test('weights are multiplied as torch keeps them, with no transpose', () => {
  const { graph } = modelAt(21);
  const weights = new Set(graph.initializer.map((t) => t.name));
  assert.not(graph.node.some((n) => n.opType === 'Transpose' && weights.has(n.input[0]!)));
  assert.is(graph.node.filter((n) => n.opType === 'Gemm').length, 13);
});

test('masks and sizes are computed once for all layers', () => {
  const { graph } = modelAt(21);
  const count = (op: string): number => graph.node.filter((n) => n.opType === op).length;
  assert.is(count('Where'), 1);
  assert.is(count('Range'), 0);
  assert.is(count('Shape'), 4);
});

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('a second run gives the same bytes', () => {
  for (const external of ['never', 'always'] as const) {
    const [a, b] = [filesAt(21, { external }), filesAt(21, { external })];
    assert.equal(
      a.map((f) => hash(bytesOf(f))),
      b.map((f) => hash(bytesOf(f))),
    );
    for (const file of a) assert.is(bytesOf(file).length, file.size);
  }
});

test('external data lies aligned, in the order of the paths, and is the same numbers', () => {
  const [data, model] = filesAt(21, { external: 'always' });
  assert.equal([data!.name, model!.name], ['model.onnx_data', 'model.onnx']);
  const bytes = bytesOf(data!);
  const inside = new Map(modelAt(21).graph.initializer.map((t) => [t.name, t]));
  const { graph } = modelAt(21, { external: 'always' });
  let end = 0;
  let outside = 0;
  for (const { name, externalData, rawData } of graph.initializer) {
    const same = inside.get(name)!.rawData!;
    if (externalData.length === 0) {
      assert.ok(same.length < 1024);
      assert.is(hash(rawData!), hash(same));
      continue;
    }
    const said = new Map(externalData.map((e) => [e.key, e.value]));
    const [offset, length] = [Number(said.get('offset')), Number(said.get('length'))];
    assert.is(said.get('location'), 'model.onnx_data');
    assert.is(offset % 64, 0);
    assert.ok(offset >= end && offset < end + 64, `${name} follows the one before`);
    assert.is(hash(bytes.subarray(offset, offset + length)), hash(same));
    end = offset + length;
    outside++;
  }
  assert.is(outside, 2 + 1 + 1 + 2 * 6, 'tables, embedding, head, and six weights a layer');
  assert.is(bytes.length, end);
});

test('data goes on in a further file where the limit is met, and only a tensor that is larger is above it', () => {
  const { graph, weights } = heavy(1000, 100, 300);
  const options = optionsAt(21, { external: 'always', dataLimit: 2 });
  const { files } = onnx.emit({ graph, weights, manifest: manifestOf(graph), options });
  assert.equal(
    files.slice(0, -1).map(({ name, size }) => [name, size]),
    [
      ['model.onnx_data', 1000 * 4096],
      ['model.onnx_data_1', 400 * 4096],
    ],
  );
});

test('paths sort as people count', () => {
  const paths = ['h.10.w', 'h.2.w', 'wte', 'h.2', 'h.2.attn', 'head'];
  assert.is(paths.sort(naturalOrder).join(' '), 'h.2 h.2.attn h.2.w h.10.w head wte');
});

/** A graph with weights of so many times 4096 bytes; their streams are never asked for. */
function heavy(...rows: readonly number[]): { graph: Graph; weights: WeightSource } {
  const s = sketch('heavy');
  const tokens = s.input('input_ids', typed('int64', B, T));
  rows.forEach((n, i) => {
    s.output(`y${i}`, s.op('gather', [s.param(`w${i}`, [n, 1024]), tokens]));
  });
  const graph = s.finish();
  const infoOf = (name: string) => {
    const n = rows[Number(name.slice(1))]!;
    return { shape: [n, 1024], dtype: 'float32', bytes: n * 4096 } as const;
  };
  const unread = (): never => {
    throw new Error('nothing may be read');
  };
  return {
    graph,
    weights: { info: infoOf, chunks: unread, stored: unread, values: unread, findings: () => [] },
  };
}

test('weights above 16 MB go outside by themselves, and 2 GB do not fit inside', () => {
  const files = (rows: number, external: 'auto' | 'never') => {
    const { graph, weights } = heavy(rows);
    const options = optionsAt(21, { external });
    return onnx.emit({ graph, weights, manifest: manifestOf(graph), options }).files;
  };
  assert.is(files(3_906, 'auto').length, 1);
  assert.is(files(3_907, 'auto').length, 2);
  assert.is(files(400_000, 'never').length, 1);
  assert.is(files(600_000, 'auto')[0]!.size, 600_000 * 4096);
  try {
    files(600_000, 'never');
    assert.unreachable();
  } catch (cause) {
    assert.instance(cause, Refusal);
    assert.is((cause as Refusal).diagnostics[0]!.code, 'N506'); // as just asserted
  }
});

test('an input that nothing reads is declared, and a value given twice is two outputs', () => {
  const s = sketch('odd');
  const x = s.input('x', typed('float32', B, T));
  s.input('unread', typed('int64', B, T));
  const y = s.w.exp(x);
  s.output('a', y);
  s.output('b', y);
  s.output('c', x);
  const [file] = emitFiles(s.finish(), optionsAt(21));
  const { graph } = decode('ModelProto', bytesOf(file!)) as unknown as Model;
  assert.is(graph.input.map((i) => i.name).join(), 'x,unread');
  assert.is(graph.output.map((o) => o.name).join(), 'a,b,c');
  assert.is(
    graph.node.map((n) => `${n.opType} ${n.input} ${n.output}`).join('; '),
    'Exp x a; Identity a b; Identity x c',
  );
});

test.run();
