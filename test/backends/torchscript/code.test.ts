/** Code as people read it: names of the spec, no brackets too many, lines that fit, names that are free. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  atom,
  float,
  indexed,
  infix,
  inverted,
  method,
  negative,
  torch,
} from '../../../backends/torchscript/expr.ts';
import { statement } from '../../../backends/torchscript/line_breaks.ts';
import { attribute, freeName, memberPath } from '../../../backends/torchscript/names.ts';
import { operators } from '../../../backends/torchscript/operators.ts';
import { intOf, readSizes } from '../../../backends/torchscript/sizes.ts';
import { nameValues } from '../../../backends/torchscript/value_names.ts';
import { add, atom as dim, div, mul, size, sub } from '../../../spec/dim.ts';
import { B, P, T, typed } from '../../compiler/tiny_graph.ts';
import { golden } from '../../harness/golden.ts';
import { compileSmall, laidOut, specs } from './small_models.ts';

const file = (name: string): URL => new URL(`../../fixtures/torchscript/${name}.py`, import.meta.url);

test('the code of the newest nanochat reads like its spec', () => {
  golden(file('nanochat_2026_03'), laidOut(compileSmall('examples/nanochat_2026_03')).code.text);
});

test('with buffers that stay in place', () => {
  const compiled = compileSmall('examples/nanochat_2026_03', { cache: 'static', slots: 16 });
  golden(file('nanochat_2026_03_static'), laidOut(compiled).code.text);
});

test('weights that are two ways at once, offsets and learned positions', () => {
  golden(file('gpt2'), laidOut(compileSmall('examples/gpt2')).code.text);
});

test('no line is longer than a hundred columns, and none is indented by anything but spaces', () => {
  for (const spec of specs) {
    for (const line of laidOut(compileSmall(spec)).code.text.split('\n')) {
      assert.ok(line.length <= 100, `${spec}: ${line}`);
      assert.not.match(line, /\t| $/);
    }
  }
});

test('every operator that is called is in the table, and none newer than asked for', () => {
  const table: Readonly<Record<string, { readonly since: string }>> = operators;
  const called = new Set<string>();
  for (const minLibtorch of ['1.13', '2.0'] as const) {
    for (const spec of specs) {
      const { text } = laidOut(compileSmall(spec), { minLibtorch }).code;
      for (const [, name = ''] of text.matchAll(/torch\.(\w+)\(|\)\.(\w+)\(/g)) {
        if (name === '' || name === 'device') continue;
        assert.ok(table[name], name);
        assert.ok(minLibtorch === '2.0' || table[name]!.since === '1.13', name);
        called.add(name);
      }
    }
  }
  assert.ok(called.has('scaled_dot_product_attention') && called.has('softmax'));
});

test('nothing is tied to a device, and what is computed in has no number', () => {
  for (const spec of specs) {
    const { text } = laidOut(compileSmall(spec, { storage: 'bfloat16' })).code;
    assert.not.match(text, /torch\.device|cuda|cpu/);
    assert.not.match(text, /dtype=15|\.to\(15\)/, spec);
  }
});

test('results leave as float32, whatever a model computes in', () => {
  for (const spec of specs) {
    for (const storage of ['bfloat16', 'float16'] as const) {
      const compiled = compileSmall(spec, { storage });
      const { outputs, ports } = compiled.manifest;
      const own = outputs.filter((o) => !ports.some((p) => p.output === o.name));
      assert.equal([...new Set(own.map((o) => o.dtype))], ['float32'], spec);
      assert.match(laidOut(compiled).code.text, /return \S.*\.float\(\)/, spec);
    }
  }
});

const [a, b, c] = ['a', 'b', 'c'].map(atom) as [
  ReturnType<typeof atom>,
  ReturnType<typeof atom>,
  ReturnType<typeof atom>,
]; // three names

test('brackets stand where Python needs them', () => {
  const sum = infix('add', a, b);
  assert.is(infix('mul', sum, c).text, '(a + b) * c');
  assert.is(infix('add', infix('mul', a, b), c).text, 'a * b + c');
  assert.is(infix('sub', a, infix('sub', b, c)).text, 'a - (b - c)');
  assert.is(infix('sub', infix('sub', a, b), c).text, 'a - b - c');
  assert.is(infix('div', a, infix('mul', b, c)).text, 'a / (b * c)');
  assert.is(infix('lt', infix('lt', a, b), c).text, '(a < b) < c');
  assert.is(infix('__and__', infix('le', a, b), infix('__or__', b, c)).text, '(a <= b) & (b | c)');
  assert.is(negative(sum).text, '-(a + b)');
  assert.is(inverted(infix('eq', a, b)).text, '~(a == b)');
  assert.is(infix('mul', negative(a), b).text, '-a * b');
  assert.is(method(sum, 'long').text, '(a + b).long()');
  assert.is(indexed(torch('exp', sum), '..., :2').text, 'torch.exp(a + b)[..., :2]');
});

test('a float shows that it is one', () => {
  const texts = [1, -3, 0.1, 1e21, 2 ** -23, -0, Number.POSITIVE_INFINITY, Number.NaN].map(float);
  assert.equal(texts, ['1.0', '-3.0', '0.1', '1e+21', '1.1920928955078125e-7', '-0.0', 'inf', 'nan']);
});

test('sizes are whole numbers in Python', () => {
  const half = div(add(T, size(1)), size(2))!;
  const dims = [size(7), size(-2), add(P, T), sub(T, size(1)), mul(B, T), half, div(mul(B, T), dim('S'))!];
  assert.equal(
    dims.map((d) => intOf(d).text),
    ['7', '-2', 'P + T', 'T - 1', 'B * T', '(T + 1) // 2', '((B * T // S))'],
  );
});

test('sizes are read off what shows them, and what nothing shows is asked for', () => {
  const shown = [
    { id: 4, type: typed('float32', B, T, 8) },
    { id: 9, type: typed('float32', B, 2, add(P, T), 8) },
  ];
  assert.equal(readSizes(new Set(['P', 'T', 'B']), shown), {
    lines: ['B, T = ⟨4⟩.size(0), ⟨4⟩.size(1)', 'P = ⟨9⟩.size(2) - T'],
    unknown: [],
  });
  assert.equal(readSizes(new Set(['S']), shown), { lines: [], unknown: ['S'] });
  assert.equal(readSizes(new Set(['P']), shown.slice(1)), { lines: [], unknown: ['P'] });
});

test('a name is given again once nobody reads its last holder', () => {
  const statements = [
    { defines: [1], reads: [0] },
    { defines: [2], reads: [1] },
    { defines: [3, 4], reads: [2, 0] },
    { defines: [], reads: [3, 4] },
  ];
  const names = nameValues([0], statements, (id) => (id === 0 ? ['first', 'x'] : ['x']), new Map());
  assert.equal([...names.values()], ['first', 'x', 'x', 'x', 'x_1']);
});

test('attributes are reached whatever they are called', () => {
  assert.is(memberPath('h.3.in'), 'getattr(getattr(self.h, "3"), "in")');
  assert.is(attribute('self', 'weight'), 'self.weight');
  assert.is(memberPath(''), 'self');
  assert.is(
    freeName('lambda x', () => false),
    'lambda_x',
  );
  assert.is(
    freeName('x', (n) => n === 'x'),
    'x_1',
  );
});

test('a long statement breaks after commas, no deeper than it must', () => {
  const args = Array.from({ length: 12 }, (_, i) => `argument_${i}(a, b)`);
  const lines = statement(`x = call(${args.join(', ')})`, '    ', 'm.nanospec:3');
  assert.is(lines[0], '    # m.nanospec:3');
  assert.ok(lines.every((l) => l.length <= 100));
  assert.ok(lines.slice(1, -1).every((l) => l.endsWith('(a, b),')));
  assert.equal(statement('x = 1', '  ', 'm.nanospec:3'), ['  x = 1  # m.nanospec:3']);
});

test.run();
