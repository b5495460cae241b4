/** A model file with one thing wrong in it fails, and what is wrong is named: by block, by op and by the line of the spec. */

import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decode, encode } from '../../backends/onnx/schema.ts';
import { bytesOf, fixture, folder, nanoc, written } from './run_cli.ts';

interface OnnxNode {
  name: string;
  opType: string;
  input: string[];
  output: string[];
}
interface Graph {
  node: OnnxNode[];
  initializer: { name: string; rawData: Uint8Array }[];
}

const checkpoint = fixture('nanochat-g7-mha-t300');
const model = join(folder(), 'm.onnx');
const made = await nanoc(['compile', 'nanochat', '--checkpoint', checkpoint, '-o', model]);

/** The model with its graph changed. */
function changed(change: (graph: Graph) => void): string {
  const whole = decode('ModelProto', bytesOf(model)) as { graph: Graph }; // what the schema says is there
  change(whole.graph);
  return written('m.onnx', encode('ModelProto', whole));
}

function nodeOf(graph: Graph, name: string): OnnxNode {
  const found = graph.node.find((n) => n.name === name);
  if (!found) throw new Error(`no node ${name} in ${graph.node.map((n) => n.name).join(' ')}`);
  return found;
}

async function failure(path: string, ...more: string[]): Promise<string> {
  const { code, out, err } = await nanoc(['verify', path, ...more]);
  assert.is(code, 1, out + err);
  assert.match(out, 'FAILED');
  assert.match(err, 'the first value that differs is');
  return err;
}

test('the model as it was written passes', async () => {
  assert.is(made.code, 0, made.err);
  for (const more of [[], ['--checkpoint', checkpoint]]) {
    const { code, out } = await nanoc(['verify', changed(() => {}), ...more]);
    assert.is(code, 0, out);
  }
});

test('one number of one weight', async () => {
  const path = changed(({ initializer }) => {
    const { rawData } = initializer.find((t) => t.name === 'transformer.h.2.mlp.c_fc.weight')!;
    const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
    view.setFloat32(400, view.getFloat32(400, true) + 0.5, true);
  });
  const said = await failure(path, '--checkpoint', checkpoint);
  assert.match(
    said,
    'linear in transformer.h.2.mlp.c_fc with transformer.h.2.mlp.c_fc.weight; the backend, or a change to the file, made it so',
  );
  assert.match(said, /nanochat_2025_10\.nanospec:\d+:\d+ warning N701/);
});

test('one sign of a rotation', async () => {
  const path = changed((graph) => {
    const add = graph.node.find((n) => n.opType === 'Add' && n.name === 'transformer.h.1.attn/Add');
    assert.ok(add);
    add.opType = 'Sub';
  });
  const said = await failure(path);
  assert.match(said, / in transformer\.h\.1\.attn; the backend, or a change to the file, made it so/);
  assert.match(said, /nanochat_2026_03\.nanospec:\d+:\d+/);
  assert.match(said, 'rope(c_');
});

test('one bound of a mask', async () => {
  const path = changed((graph) => {
    const bound = graph.node.find((n) => n.opType === 'Less' && n.input[1] === 'int64(129)');
    assert.ok(bound);
    bound.input[1] = 'int64(301)';
  });
  const said = await failure(path);
  assert.match(
    said,
    'lt for transformer.h.0.attn and 2 more; the backend, or a change to the file, made it so',
  );
  assert.match(said, 'attention(q, k, v');
});

test('one port that reads the memory of another layer', async () => {
  const path = changed((graph) => {
    const reader = graph.node.find((n) => n.input.includes('past_key_values.2.key'));
    assert.ok(reader);
    reader.input = reader.input.map((x) => (x === 'past_key_values.2.key' ? 'past_key_values.1.key' : x));
  });
  const said = await failure(path);
  assert.match(
    said,
    'append in transformer.h.2.attn, the output present.2.key; the backend, or a change to the file, made it so',
  );
  assert.match(said, 'cache(k, v)');
});

test("two ports that give each other's memory", async () => {
  const path = changed((graph) => {
    const swap: Readonly<Record<string, string>> = {
      'present.1.value': 'present.2.value',
      'present.2.value': 'present.1.value',
    };
    for (const node of graph.node) {
      node.input = node.input.map((x) => swap[x] ?? x);
      node.output = node.output.map((x) => swap[x] ?? x);
    }
  });
  assert.match(await failure(path), /in transformer\.h\.[12]\.attn/);
});

test('the state of the smear that is not kept', async () => {
  const path = changed((graph) => {
    const state = nodeOf(graph, graph.node.find((n) => n.output.includes('present_state.x'))!.name);
    const copy = { ...state, opType: 'Identity', input: ['past_state.x'] };
    graph.node = graph.node.map((n) => (n === state ? { ...copy, attribute: [] } : n));
  });
  assert.match(await failure(path), 'the backend, or a change to the file, made it so');
});

test.run();
