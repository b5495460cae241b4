/** What programs ask of the library is what the command prints: both are one piece of work. */

import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { requestOf } from '../../driver/compile_to.ts';
import {
  checkpointReport,
  checkSpec,
  compileToAll,
  continueIds,
  findBackend,
  formatSpec,
  inspectSpec,
  listSpecs,
  lookInside,
  modelReport,
  open,
  openInputs,
  openModel,
  type Reporter,
  specPage,
  verifySpec,
  writtenReport,
} from '../../index.ts';
import { folder, lines, nanoc, tiny } from '../cli/run_cli.ts';
import { refusalOf } from '../harness/refusal.ts';

const set = new Map(Object.entries({ layers: 1, dim: 64, heads: 2, vocab: 100 }));
const typed = [...set].flatMap(([name, value]) => ['--set', `${name}=${value}`]);
const checkpoint = `${tiny}/base_checkpoints/d4`;

const printed = async (...args: string[]): Promise<readonly unknown[]> => {
  const { out } = await nanoc([...args, '--json']);
  return lines(out).map((line): unknown => JSON.parse(line));
};
/** As it is after a way through JSON. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Keeps what is said. */
function kept(): { readonly io: Reporter; readonly said: string[] } {
  const said: string[] = [];
  const report = (found: readonly { readonly code: string }[]) => void said.push(...found.map((d) => d.code));
  const progress = () => ({ at() {}, done() {} });
  return { said, io: { note: (text) => void said.push(text), report, finding: report, progress } };
}

test('specs, checkpoints and models are told as inspect and specs tell them', async () => {
  const inspected = inspectSpec('nanochat', { set });
  assert.equal([plain(inspected.report)], await printed('inspect', 'nanochat', ...typed));
  assert.match(specPage(inspected), /^<!doctype html>.*nanochat_2026_03.*<\/html>\n$/s);
  assert.equal([plain(checkpointReport(open(checkpoint)))], await printed('inspect', checkpoint));
  assert.equal(plain(listSpecs(['experts'])), await printed('specs', 'experts'));
  assert.equal(checkSpec('nanochat').diagnostics, []);
  assert.is(checkSpec('nanochta').diagnostics[0]?.code, 'N507');
  const source = { name: 'a.nanospec', text: 'model a{forward(x:int64[B,T])->y:int64[B,T]{return x}}' };
  const { text } = formatSpec(() => source);
  assert.is(formatSpec(() => ({ ...source, text: text! })).text, text);
});

test('stages are those that compile shows', async () => {
  const inputs = openInputs('nanochat');
  const request = requestOf(inputs, { set }, findBackend('onnx'));
  const { io } = kept();
  for (const emit of ['ast', 'graph', 'passes'] as const) {
    const pieces = [...lookInside(request, { emit }, io)];
    assert.equal(
      plain(pieces.map(({ json }) => json)),
      await printed('compile', 'nanochat', ...typed, '--emit', emit),
    );
  }
});

test('several targets are compiled, each told what it reads, and continued', async () => {
  const inputs = openInputs(undefined, { checkpoint });
  const out = `${folder()}/`;
  const targets = [findBackend('onnx'), findBackend('torchscript')];
  const opset = { sharedOptions: { opset: 18 } };
  const needs: string[] = [];
  for await (const written of compileToAll(targets, inputs, { out, ...opset })) {
    const { path, needs: wanted } = writtenReport(written);
    needs.push(wanted);
    assert.is(modelReport(openModel(path)).path, path);
  }
  assert.is(needs[0], 'opset 18');
  assert.is(needs.length, 2);
  const stray = async (): Promise<void> => {
    for await (const _ of compileToAll(targets.slice(1), inputs, { out, force: true, ...opset }));
  };
  assert.is((await refusalOf(stray())).diagnostics[0]?.code, 'N510');
  const ids: number[] = [];
  const model = openModel(join(out, 'nanochat_2026_03.onnx'));
  for await (const { token } of continueIds(model, [[1, 2, 3]], { maxTokens: 4 })) ids.push(token);
  const ran = await nanoc(['run', model.path, '--tokens', '1,2,3', '-n', '4']);
  assert.is(ran.out, `${ids.join(' ')}\n`);
});

test('a spec is verified, and what differs is found', async () => {
  const inputs = openInputs('nanochat');
  const targets = [findBackend('onnx')];
  const { io, said } = kept();
  assert.is(await verifySpec(targets, inputs, { set }, { io }), true);
  assert.ok(said.includes('weights: random (seed 0)'));
  assert.is(await verifySpec(targets, inputs, { set, atol: 1e-12, bisect: false }, { io }), false);
  assert.ok(said.includes('N701'), said.join('\n'));
});

test('a layout that there is not is refused, and not taken for a plain model', async () => {
  const backend = findBackend('onnx');
  const inputs = openInputs('nanochat');
  const request = (layout: string) => async () => requestOf(inputs, { layout }, backend);
  const { message } = await refusalOf(request('tritn')());
  assert.match(message, 'N510: unknown layout `tritn`');
  assert.is((await request('plain')()).logits, 'usual');
  assert.is((await request('triton')()).logits, 'last');
});

test.run();
