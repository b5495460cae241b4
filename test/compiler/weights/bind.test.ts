/** Tensors to parameters, strictly both ways; everything that does not fit is said in one go. */

import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCheckpoint } from '../../../compiler/checkpoint/open_checkpoint.ts';
import { bind } from '../../../compiler/weights/bind.ts';
import { matches } from '../../../compiler/weights/globs.ts';
import type { NameRules, Program } from '../../../spec/program.ts';
import type { ParamDecl } from '../../../spec/sink.ts';
import type { Span } from '../../../spec/source.ts';
import { inFolder } from '../checkpoint/in_folder.ts';
import { type TorchTensor, torchBytes } from '../checkpoint/torch_bytes.ts';

const span: Span = { source: { name: 'm.nanospec', text: 'w: [2]' }, start: 0, end: 6 };

const declare = (key: string, shape: readonly number[], more: Partial<ParamDecl> = {}): ParamDecl => ({
  path: key,
  key,
  shape,
  shapeText: `[${shape.map((n) => `dim (${n})`).join(', ')}]`,
  dtype: 'float',
  span,
  ...more,
});

const program = (params: readonly ParamDecl[], names: Partial<NameRules> = {}): Program => ({
  model: 'm',
  config: [],
  params,
  ports: [],
  inputs: [],
  outputs: [],
  names: { prefixes: [], ignore: [], tied: [], ...names },
  unread: [],
});

const floats = (...values: readonly number[]): TorchTensor => ({
  shape: [values.length],
  data: Float32Array.from(values),
});

function bound(
  tensors: Readonly<Record<string, TorchTensor>>,
  of: Program,
  ignoreExtra: readonly string[] = [],
) {
  return inFolder({ 'm.pt': torchBytes(tensors) }, (folder) => {
    const { binding, diagnostics } = bind(of, openCheckpoint(join(folder, 'm.pt')), {
      ignoreExtra,
      file: 'm.pt',
    });
    const keys =
      binding && [...binding.entries].map(([key, { tensor }]) => `${key} <- ${tensor?.name ?? 'default'}`);
    return { keys, said: diagnostics.map((d) => `${d.severity} ${d.code}: ${d.message}`), diagnostics };
  });
}

test('binds what fits, and fills what has a default', () => {
  const { keys, said } = bound(
    { a: floats(1, 2) },
    program([declare('a', [2]), declare('b', [3], { default: 1 })]),
  );
  assert.equal(keys, ['a <- a', 'b <- default']);
  assert.equal(said, []);
});

test('says all that is missing, misshapen, of another kind and left over in one go', () => {
  const whole = { shape: [2], type: 'LongStorage', data: BigInt64Array.of(1n, 2n) };
  const { keys, said, diagnostics } = bound(
    { 'h.0.c_qq.weight': floats(1), wrong: floats(1, 2, 3), whole, over: floats(1) },
    program([declare('h.0.c_q.weight', [1]), declare('wrong', [2]), declare('whole', [2])]),
  );
  assert.is(keys, undefined);
  assert.equal(said, [
    'error N608: the checkpoint has no h.0.c_q.weight',
    'error N610: wrong is [3] in the checkpoint; the spec says [dim (2)]',
    'error N615: whole is stored as int64; the spec wants float',
    'error N609: the spec never uses h.0.c_qq.weight and 1 more',
  ]);
  assert.is(diagnostics[0]?.hint, 'the nearest name there is h.0.c_qq.weight');
  assert.is(diagnostics[0]?.span, span);
  assert.equal(
    diagnostics[3]?.related?.map((r) => r.message),
    ['h.0.c_qq.weight: float32[1]', 'over: float32[1]'],
  );
});

test('a shape of the same count is not the same shape', () => {
  const two = { shape: [2, 1], data: Float32Array.of(1, 2) };
  assert.match(bound({ a: two }, program([declare('a', [1, 2])])).said[0]!, /N610: a is \[2, 1\]/);
  assert.match(bound({ a: two }, program([declare('a', [2])])).said[0]!, /N610/);
  assert.equal(bound({ a: two }, program([declare('a', [2, 1])])).said, []);
});

test('what is left over is refused, ignored by the spec, or allowed with a warning', () => {
  const tensors = { a: floats(1), 'h.0.rotary.inv_freq': floats(1), 'h.1.mask': floats(1) };
  const params = [declare('a', [1])];
  assert.is(bound(tensors, program(params)).keys, undefined);
  const ignoring = program(params, { ignore: ['*.inv_freq', 'h.?.mask'] });
  assert.equal(bound(tensors, ignoring), { keys: ['a <- a'], said: [], diagnostics: [] });
  const allowed = bound(tensors, program(params), ['h.*']);
  assert.equal(allowed.keys, ['a <- a']);
  assert.equal(allowed.said, ['warning N609: the spec never uses h.0.rotary.inv_freq and 1 more']);
  const half = bound(tensors, program(params), ['*.mask']);
  assert.equal(half.said, [
    'error N609: the spec never uses h.0.rotary.inv_freq',
    'warning N609: the spec never uses h.1.mask',
  ]);
});

test('the longest prefix that fits is put for what the file has', () => {
  const prefixes = [
    { from: 'transformer.', to: '' },
    { from: 'transformer.h.', to: 'layers.' },
  ];
  const params = [declare('wte', [1]), declare('layers.0', [1]), declare('x', [1])];
  const tensors = { 'transformer.wte': floats(1), 'transformer.h.0': floats(1), x: floats(1) };
  assert.equal(bound(tensors, program(params, { prefixes })).keys, [
    'wte <- transformer.wte',
    'layers.0 <- transformer.h.0',
    'x <- x',
  ]);
  const clash = bound({ ...tensors, wte: floats(1) }, program(params, { prefixes }));
  assert.match(clash.said[0]!, /N609: transformer.wte and wte are both named wte/);
});

test('a tied tensor is used up when it holds the same numbers', () => {
  const tied = [{ key: 'head', param: 'wte', span }];
  const params = [declare('wte', [2])];
  const own = floats(1, 2);
  assert.equal(bound({ wte: own, head: floats(1, 2) }, program(params, { tied })).said, []);
  assert.equal(bound({ wte: own }, program(params, { tied })).said, []);
  const half = { type: 'HalfStorage', shape: [2], data: Uint16Array.of(0x3c00, 0x4000) };
  assert.equal(bound({ wte: own, head: half }, program(params, { tied })).said, []);
  for (const other of [floats(1, 3), floats(1, 2, 3), { ...half, data: Uint16Array.of(0x3c00, 0x4001) }]) {
    const { said } = bound({ wte: own, head: other }, program(params, { tied }));
    assert.equal(said, ['error N617: head and wte are tied by the spec, but differ in the checkpoint']);
  }
});

test('a long list is cut, and the rest is named', () => {
  const params = Array.from({ length: 100 }, (_, i) => declare(`${'a'.repeat(i + 1)}.weight`, [1]));
  const { said, diagnostics } = bound({ x: floats(1) }, program(params));
  assert.is(said.filter((line) => line.includes('N608')).length, 61);
  assert.is(diagnostics[60]?.related?.length, 40);
});

test('what a line of the spec makes in every layer is said once', () => {
  const params = [0, 1, 2].flatMap((i) => [declare(`h.${i}.a`, [1]), declare(`h.${i}.b`, [2])]);
  const tensors = { 'h.0.b': floats(1), 'h.1.b': floats(1), 'h.2.b': floats(1, 2) };
  const { said, diagnostics } = bound(tensors, program(params));
  assert.equal(said, [
    'error N608: the checkpoint has no h.0.a',
    'error N610: h.0.b is [1] in the checkpoint; the spec says [dim (2)]',
  ]);
  assert.equal(
    diagnostics.map((d) => d.related?.map((r) => r.message)),
    [
      ['and 2 more that the same line makes, up to h.2.a'],
      ['and 1 more that the same line makes, up to h.1.b'],
    ],
  );
});

test('a layer too many is told as one', () => {
  const { diagnostics } = bound({ 'h.0.a': floats(1), 'h.1.a': floats(1) }, program([declare('h.0.a', [1])]));
  assert.match(diagnostics[0]?.hint ?? '', /h\.1\.a is like one that the spec has/);
});

test('globs match dots, and take no time that explodes', () => {
  assert.ok(matches('*.attn.bias', 'h.0.attn.bias'));
  assert.not.ok(matches('*.attn.bias', 'h.0.attn.bias.x'));
  assert.ok(matches('h.?.b*', 'h.1.b'));
  assert.not.ok(matches('h.?.b*', 'h.11.b'));
  assert.ok(matches('*', '') && matches('', '') && !matches('?', ''));
  assert.not.ok(matches('*a'.repeat(200), 'a'.repeat(199)));
});

test.run();
