import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CompileRequest, compile } from '../../../compiler/compile.ts';
import { last_token_logits, place_cache } from '../../../compiler/passes/index.ts';
import {
  boundaryInputs,
  boundaryOutputs,
  boundaryPort,
  boundarySize,
} from '../../../compiler/ports/boundary.ts';
import { contextOf } from '../../../compiler/ports/context.ts';
import { add, size, sub } from '../../../spec/dim.ts';
import { tinyGpt } from '../tiny_gpt.ts';
import { B, P, sketch, T, typed } from '../tiny_graph.ts';

const quiet = { trace: () => {} };

test('sizes have the words that clients of ONNX models know', () => {
  assert.equal([B, T, P, add(P, T), add(T, P), size(7), sub(T, size(1)), add(size(2), T)].map(boundarySize), [
    'batch_size',
    'sequence_length',
    'past_sequence_length',
    'total_sequence_length',
    'total_sequence_length',
    7,
    'sequence_length - 1',
    'sequence_length + 2',
  ]);
});

test('inputs, outputs and ports of a placed graph', () => {
  const graph = place_cache({ cache: 'dynamic' }).run(tinyGpt({ layers: 1 }), quiet);
  const line = ({ name, dtype, shape }: ReturnType<typeof boundaryInputs>[number]) =>
    `${name} ${dtype} ${shape}`;
  assert.equal(boundaryInputs(graph).map(line), [
    'input_ids int64 batch_size,sequence_length',
    'attention_mask int64 batch_size,total_sequence_length',
    'position_ids int64 batch_size,sequence_length',
    'past_key_values.0.key float32 batch_size,1,past_sequence_length,4',
    'past_key_values.0.value float32 batch_size,1,past_sequence_length,4',
    'past_state.x float32 batch_size,1,8',
  ]);
  assert.is(boundaryOutputs(graph).map(line)[0], 'logits float32 batch_size,sequence_length,10');
  assert.equal(boundaryPort(graph.ports[0]!), {
    name: 'h.0.attn.k',
    input: 'past_key_values.0.key',
    output: 'present.0.key',
    rule: 'append',
    dtype: 'float32',
    shape: ['batch_size', 1, 'past_sequence_length', 4],
    axis: 2,
    fill: 0,
  });
  assert.not(Object.hasOwn(boundaryPort(graph.ports[2]!), 'axis'));
  const last = boundaryOutputs(last_token_logits.run(graph, quiet));
  assert.is(line(last[0]!), 'logits float32 batch_size,1,10');
});

test('the context is the shortest table that positions index', () => {
  assert.is(contextOf(tinyGpt()), 64);
  const s = sketch();
  const learned = s.op('gather', [s.param('wpe', [48, 4]), s.ambient('positions')]);
  const table = { part: 'cos', freqs: [1], magnitude: 1, rounded: null, length: 96 };
  s.output(
    'y',
    s.w.add(
      learned,
      s.w.sum(s.w.reshape(s.op('rotary_table', [s.ambient('positions')], table), [B, T, size(1)]), 2),
    ),
  );
  assert.is(contextOf(s.finish()), 48);
  const free = sketch();
  free.output(
    'y',
    free.op('gather', [free.param('wte', [9, 4]), free.input('tokens', typed('int64', B, T))]),
  );
  assert.is(contextOf(free.finish()), undefined);
});

function compiled(index: string, asked: Pick<CompileRequest, 'maxSeqLen'>) {
  const text = `model m {
    wte: Embedding(9, 4)
    wpe: Embedding(40, 4)
    forward(tokens: int64[B, T]) -> logits: [B, T, 4] = wte(tokens) + wpe(${index})
  }`;
  const { value, diagnostics } = compile({ source: { name: 'm', text }, include: () => undefined, ...asked });
  return { context: value?.manifest.context, said: diagnostics.map((d) => `${d.code} ${d.message}`).join() };
}

test('a table of learned positions bounds the context, and a shorter one may be asked for', () => {
  assert.is(compiled('positions', {}).context, 40);
  assert.is(compiled('2 + positions', {}).context, 38);
  assert.is(compiled('positions - 0', {}).context, 40);
  assert.is(compiled('positions', { maxSeqLen: 30 }).context, 30);
  const { context, said } = compiled('positions + 2', { maxSeqLen: 39 });
  assert.is(context, undefined);
  assert.is(said, 'N706 --max-seq-len 39: the model has a table of learned positions, of 38');
});

test.run();
