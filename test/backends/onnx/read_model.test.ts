import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readManifest, readModel, weightsIn } from '../../../backends/onnx/read_model.ts';
import { encode } from '../../../backends/onnx/schema.ts';
import { framed, held, joined } from '../../../backends/onnx/wire.ts';
import { writeArtifact } from '../../../backends/write_artifact_node.ts';
import { random } from '../../../runtime/sample.ts';
import { type Diagnostic, Refusal } from '../../../spec/diagnostic.ts';
import { tinyGpt } from '../../compiler/tiny_gpt.ts';
import { refusal } from '../../harness/refusal.ts';
import { emitFiles, legal, manifestOf, optionsAt, placed, streams } from './run_onnx.ts';

const test = suite('read_model', { folder: '', inside: '', outside: '' });
const graph = legal(placed(tinyGpt({ head: 16 }), 'dynamic'), optionsAt(21));
const foreign = fileURLToPath(new URL('../../fixtures/onnx/four_types.onnx', import.meta.url));

test.before(async (cx) => {
  cx.folder = mkdtempSync(join(tmpdir(), 'nanoc-read-'));
  cx.inside = join(cx.folder, 'inside.onnx');
  cx.outside = join(cx.folder, 'outside.onnx');
  for (const [fileName, external] of [
    ['inside.onnx', 'never'],
    ['outside.onnx', 'always'],
  ] as const) {
    const files = emitFiles(graph, optionsAt(21, { fileName, external }));
    await writeArtifact({ files, diagnostics: [] }, cx.folder);
  }
});
test.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));

const refused = (path: string): Diagnostic => refusal(() => readModel(path)).diagnostics[0]!;

test('reads what nanoc wrote', ({ inside, outside }) => {
  for (const path of [inside, outside]) {
    const model = readModel(path);
    assert.equal(model.manifest, JSON.parse(JSON.stringify(manifestOf(graph))));
    assert.equal([model.opset, model.irVersion, model.nodes['Gemm']], [21, 10, 13]);
    assert.is(model.inputs[0]!.name, 'input_ids');
    assert.is(model.outputs[0]!.name, 'logits');
    assert.equal(readManifest(path), model.manifest);
  }
});

test('finds the bytes of every weight, in the file or beside it', ({ inside, outside }) => {
  const source = streams(graph);
  for (const path of [inside, outside]) {
    const tensors = weightsIn(readModel(path));
    for (const node of graph.nodes.filter((n) => n.op === 'param')) {
      const name = String(node.attrs['name']);
      const { shape, storage, dtype } = tensors.get(name)!;
      assert.is(dtype, 'float32');
      assert.equal(shape, source.info(name).shape);
      const bytes = readFileSync(storage.file).subarray(storage.offset, storage.offset + storage.bytes);
      assert.is(Buffer.compare(bytes, Buffer.concat([...source.chunks(name)])), 0, name);
    }
  }
});

test('names what is wrong with a file that is no model', ({ folder }) => {
  const path = join(folder, 'wrong.onnx');
  const write = (bytes: string | Uint8Array): Diagnostic => {
    writeFileSync(path, bytes);
    return refused(path);
  };
  for (const bytes of ['', '<!DOCTYPE html>', 'PK\u0003\u0004rest', 'hello, this is text']) {
    const { code, message } = write(bytes);
    assert.is(code, 'N704');
    assert.match(message, /wrong\.onnx is (not an ONNX model|truncated)/);
  }
  assert.match(write(Uint8Array.of(8, 10)).found ?? '', 'no graph, IR version or opset');
  assert.match(refused(join(folder, 'absent.onnx')).message, 'absent.onnx: no such file');
  assert.match(refused(folder).message, 'a folder, not a regular file');
});

test('tells a truncated model from others, wherever it was cut', ({ folder, inside }) => {
  const path = join(folder, 'cut.onnx');
  const whole = readFileSync(inside);
  for (const share of [0.05, 0.3, 0.6, 0.9, 0.999]) {
    writeFileSync(path, whole.subarray(0, Math.floor(share * whole.length)));
    const { message, found } = refused(path);
    assert.is(message, 'cut.onnx is truncated');
    assert.is(found, `${Math.floor(share * whole.length)} bytes`);
  }
});

test('says who made a model that nanoc did not make', () => {
  const { code, message, hint } = refused(foreign);
  assert.is(code, 'N704');
  assert.is(message, 'four_types.onnx was not written by nanoc');
  assert.match(hint ?? '', 'nanoc compile');
});

test('a manifest that is not one is none', ({ folder }) => {
  const path = join(folder, 'lying.onnx');
  for (const value of [
    '{',
    '[]',
    '{"producer": 1}',
    JSON.stringify({ ...manifestOf(graph), cache: 'all' }),
  ]) {
    const props = { metadataProps: [{ key: 'nanoc.manifest', value }] };
    writeFileSync(path, Buffer.concat([readFileSync(foreign), encode('ModelProto', props)]));
    assert.is(refused(path).message, 'lying.onnx was not written by nanoc');
  }
});

test('asks for the data file where it is missing or short', ({ folder, outside }) => {
  const path = join(folder, 'alone.onnx');
  copyFileSync(outside, path);
  assert.is(readModel(path).opset, 21, 'the data file is named in the model, not after it');
  const other = mkdtempSync(join(folder, 'other-'));
  copyFileSync(outside, join(other, 'outside.onnx'));
  const missing = refused(join(other, 'outside.onnx'));
  assert.is(missing.message, 'outside.onnx_data, the data of outside.onnx, is missing');
  assert.match(missing.hint ?? '', 'copy both');
  copyFileSync(`${outside}_data`, join(other, 'outside.onnx_data'));
  truncateSync(join(other, 'outside.onnx_data'), 1000);
  const short = refused(join(other, 'outside.onnx'));
  assert.is(short.message, 'outside.onnx_data, the data of outside.onnx, is too short');
  assert.is(short.found, '1000 bytes');
});

test('the data of another model of the same shapes is refused, and so is what has grown', ({
  folder,
  outside,
}) => {
  const other = mkdtempSync(join(folder, 'swapped-'));
  const [model, data] = ['outside.onnx', 'outside.onnx_data'].map((name) => join(other, name));
  copyFileSync(outside, model!);
  const own = readFileSync(`${outside}_data`);
  const changed = own.map((byte) => byte ^ 1);
  for (const bytes of [changed, Buffer.concat([own, Buffer.alloc(64)])]) {
    writeFileSync(data!, bytes);
    const { message, file, hint } = refused(model!);
    assert.is(message, 'outside.onnx_data is not the data that outside.onnx was written with');
    assert.is(file, data);
    assert.match(hint ?? '', 'copy both');
  }
  writeFileSync(data!, own);
  assert.is(readModel(model!).opset, 21);
});

/** A model of one tensor that lies somewhere. */
function pointing(externalData: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(externalData).map(([key, value]) => ({ key, value }));
  const tensor = { name: 'w', dims: [2], dataType: 1, dataLocation: 1, externalData: entries };
  const graphs = framed('GraphProto', 'initializer', [held(encode('TensorProto', tensor))]);
  const head = { irVersion: 10, opsetImport: [{ domain: '', version: 21 }] };
  const chunks = [held(encode('ModelProto', head)), ...framed('ModelProto', 'graph', graphs)];
  return Buffer.concat([...joined(chunks).bytes()]);
}

test('data outside the folder of the model is refused', ({ folder }) => {
  const path = join(folder, 'pointing.onnx');
  for (const location of ['../secret', '/etc/passwd', 'a/../../secret', '']) {
    writeFileSync(path, pointing({ location, offset: '0', length: '8' }));
    const { message, found } = refused(path);
    assert.is(message, 'pointing.onnx is not an ONNX model, or is damaged');
    assert.match(found ?? '', JSON.stringify(location));
  }
  for (const [offset, length] of [
    ['-8', '8'],
    ['x', '8'],
    ['0', '4'],
    ['0', '1e99'],
  ] as const) {
    writeFileSync(path, pointing({ location: 'pointing.onnx', offset, length }));
    assert.is(refused(path).code, 'N704');
  }
});

test('opens a model of many gigabytes at once', ({ folder }) => {
  const path = join(folder, 'huge.onnx');
  // A sparse file: the raw data of a tensor is never read.
  const elements = 2 ** 31;
  const raw = { size: 4 * elements, bytes: () => [] };
  const tensor = [held(encode('TensorProto', { name: 'w', dims: [elements], dataType: 1 }))];
  const body = framed('GraphProto', 'initializer', [...tensor, ...framed('TensorProto', 'rawData', [raw])]);
  const manifest = { ...manifestOf(graph), inputs: [], outputs: [], ports: [] };
  const tail = encode('ModelProto', {
    irVersion: 10,
    opsetImport: [{ domain: '', version: 21 }],
    metadataProps: [{ key: 'nanoc.manifest', value: JSON.stringify(manifest) }],
  });
  const chunks = framed('ModelProto', 'graph', body);
  const start = Buffer.concat([...joined(chunks).bytes()]);
  writeFileSync(path, start);
  truncateSync(path, start.length + raw.size);
  writeFileSync(path, tail, { flag: 'a' });
  const model = readModel(path);
  assert.is(model.initializers[0]!.bytes, raw.size);
  assert.is(model.initializers[0]!.offset, start.length);
});

test('damaged bytes are refused or read, never thrown', ({ folder, inside }) => {
  const path = join(folder, 'noisy.onnx');
  const whole = readFileSync(inside);
  const next = random(11);
  for (let round = 0; round < 100; round++) {
    const bytes = Buffer.from(whole);
    for (let i = 0; i < 4; i++) bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256);
    writeFileSync(path, bytes);
    try {
      readModel(path);
    } catch (cause) {
      assert.instance(cause, Refusal, String(cause));
    }
  }
});

test.run();
