import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { builtinNames, builtins, signature } from '../../../spec/elaborate/builtins/builtins.ts';
import { countOf, graphOf, probe, told } from './probe.ts';

/** An expression and the type of its result. */
const right: readonly (readonly [string, string])[] = [
  ['sigmoid(x)', '[B, T, dim]'],
  ['tanh(wide)', 'float32[B, T, dim]'],
  ['relu(ids)', 'int64[B, T]'],
  ['abs(ids)', 'int64[B, T]'],
  ['gelu(x) + gelu_tanh(x) + exp(x) + log(x) + sqrt(x) + rsqrt(x) + sin(x) + cos(x)', '[B, T, dim]'],
  ['min(x, 7)', '[B, T, dim]'],
  ['max(x, wide)', 'float32[B, T, dim]'],
  ['max(x, bias)', '[B, T, dim]'],
  ['max(x, axis=-1)', '[B, T, 1]'],
  ['min(q, axis=2)', '[B, T, 1, head]'],
  ['clamp(x, -1, bias)', '[B, T, dim]'],
  ['where(yes, x, 0)', '[B, T, dim]'],
  ['where(x > 0, x, wide)', 'float32[B, T, dim]'],
  ['where(yes, 1, 0)', '[B, T, dim]'],
  ['where(heads == 4, x, bias)', '[B, T, dim]'],
  ['sum(x, axis=-1)', '[B, T, 1]'],
  ['sum(ids as [B, T, 1], axis=2)', 'int64[B, T, 1]'],
  ['mean(q, axis=3)', '[B, T, heads, 1]'],
  ['sum([x, wide, x])', 'float32[B, T, dim]'],
  ['sum([f * x for f in [1, 2, 3]])', '[B, T, dim]'],
  ['sum([bias, 1])', '[dim]'],
  ['softmax(x)', '[B, T, dim]'],
  ['rms_norm(wide)', 'float32[B, T, dim]'],
  ['rms_norm(x, 1e-6) + layer_norm(x, eps=0)', '[B, T, dim]'],
  ['is_top(x, few)', 'bool[B, T, dim]'],
  ['concat(x, x, wide)', 'float32[B, T, 3 * dim]'],
  ['concat(q, k, axis=2)', '[B, T, heads + groups, head]'],
  [
    'expand(x as [B, T, 1, dim], heads ** 2, axis=2) as [B, T, heads, heads, dim]',
    '[B, T, heads, heads, dim]',
  ],
  ['concat([q, k], axis=2)', '[B, T, heads + groups, head]'],
  ['concat([x[..., :few] for i in range(heads)], x)', '[B, T, heads * few + dim]'],
  ['expand(x as [B, T, 1, dim], heads, axis=2)', '[B, T, heads, dim]'],
  ['expand(bias as [1, 1, dim], T, 1)', '[1, T, dim]'],
  ['x @ w', '[B, T, 2 * dim]'],
  ['(x @ w) @ transpose(w)', '[B, T, dim]'],
  ['take(table, ids)', '[B, T, dim]'],
  ['float(tensor([[1, 2], [3, 4]]))', '[2, 2]'],
  ['tensor([1, 2, 3])', 'int64[3]'],
  ['tensor([1, 2.5])', 'float32[2]'],
  ['tensor([2 ** j for j in range(dim / 2)])', 'int64[dim / 2]'],
  ['float(positions)', '[B, T]'],
  ['cache(x)', '[B, P + T, dim]'],
  ['cache(x, last=2)', '[B, 2 + T, dim]'],
  ['cache(x, last=few)', '[B, few + T, dim]'],
  ['cache(ids, last=1, fill=-1)', 'int64[B, 1 + T]'],
  ['cache(yes, last=1, fill=true)', 'bool[B, 1 + T, dim]'],
  ['cache(both=x + bias)', '[B, P + T, dim]'],
  ['a, b = split(x, [few, dim - few]) return a', '[B, T, few]'],
  ['a, b = split(q, [1, heads - 1], axis=-2) return b', '[B, T, heads - 1, head]'],
  ['a, b, c, d = unbind(q, 2) return d', '[B, T, head]'],
  ['a, b = cache(x, ids) return b', 'int64[B, P + T]'],
  ['a, b = cache(k=k, v=k) return attention(q, a, b)', '[B, T, heads, head]'],
  [
    'a = cache(k) return attention(q, a, a, window=few, softcap=30, scale=1, sinks=sinks)',
    '[B, T, heads, head]',
  ],
  ['a = cache(k) return attention(q, a, a, bias=lean, visible=near)', '[B, T, heads, head]'],
  ['a = cache(k) return attention(float32(q), a, a)', 'float32[B, T, heads, head]'],
  ['attention(q, other, other)', '[B, T, heads, head]'],
  ['rope(q)', '[B, T, heads, head]'],
  ['rope(float32(q))', 'float32[B, T, heads, head]'],
];

const rope = 'rope: Rotary(head, length=32)';

for (const [body, type] of right) {
  test(`${body} is ${type}`, () => {
    assert.is(told(probe(body, { type, members: rope }).diagnostics), '');
    const other = probe(body, { type: type.replace(/(\w+)\]$/, '$1 + 1]'), members: rope });
    assert.match(told(other.diagnostics), /^N301 /);
  });
}

/** Conditions on numbers that hold when compiling. */
const facts: readonly string[] = [
  'len(range(few)) == 3',
  'len("SSSL") == 4',
  'len([1, 2]) == 2',
  'range(3)[2] == 2',
  'sum([1, 2, 3]) == 6',
  'sum([]) == 0',
  'ceil(7 / 2) == 4',
  'floor(-7 / 2) == -4',
  'log2(8) == 3',
  'log(exp(1)) == 1',
  'min(2, few) == 2',
  'max(2, few) == few',
  'clamp(5, 0, 1) == 1',
  'abs(-2) == 2',
  'relu(-2) == 0',
  'sqrt(dim) == 4',
  'rsqrt(dim) == 0.25',
  'sin(0) == 0 and cos(0) == 1 and tanh(0) == 0 and sigmoid(0) == 0.5',
  'gelu(0) == 0 and gelu_tanh(0) == 0',
  'where(few > 2, 1, 0) == 1',
  'contains([1, none, "a"], none) and not contains([1, 2], "1")',
  '[1, 2, 3, 4][1:-1] == [2, 3] and "SSL"[:2] == "SS" and len(range(heads)[::2]) == 2',
  '["a", none] == ["a", none] and [1] != [2] and not ([1, 2] == [2, 1])',
  'round_up(dim + 1, 8) == 24',
  'abs(yarn_magnitude(40, 0.707) - 1.2608) < 0.0001',
  'llama3_slowed(1, 32, 1, 4, 8192) == 1',
  'llama3_slowed(0.0001, 32, 1, 4, 8192) == 0.0001 / 32',
];

for (const fact of facts) {
  test(`${fact}, when compiling`, () => {
    const model = (f: string) =>
      probe('x', { members: `require ${f}, "it does not hold"`, type: '[B, T, dim]' });
    assert.is(told(model(fact).diagnostics), '');
    assert.match(told(model(`not (${fact})`).diagnostics), 'it does not hold');
  });
}

/** A wrong use, and the code and words that it gets. */
const wrong: readonly (readonly [string, string])[] = [
  ['sigmoid()', 'N204 `sigmoid` needs `x`'],
  ['sigmoid(x, x)', 'N205 `sigmoid` takes one argument, found 2'],
  ['sigmoid(y=x)', 'N202 `sigmoid` has no argument `y`'],
  ['clamp(x, 0, low=1)', 'N205 `clamp` is given `low` twice'],
  ['sigmoid(ids)', 'N308 `sigmoid` takes float, found int64[B, T]'],
  ['relu(yes)', 'N308 `relu` takes number, found bool[B, T, dim (16)]'],
  ['sigmoid("x")', 'N314 the argument of `sigmoid` must be a tensor, found a string'],
  ['x * log(-1)', 'N314 `log(-1)` is no number'],
  ['where(x, x, 0)', 'N308 the condition of `where` must be bool, found [B, T, dim (16)]'],
  ['where(yes, ids, x)', 'N308 int64 and float do not mix'],
  ['min(yes, yes)', 'N308 `min` does not take bool'],
  ['mean(x, axis=1)', 'N310 mean mixes tokens'],
  ['sum(x, axis=0)', 'N310 sum mixes rows of the batch'],
  ['max(cache(x), axis=1)', 'N310 max mixes tokens'],
  ['sum(x)', 'N204 `sum` of a tensor needs `axis`'],
  ['sum(x, axis=3)', 'N302 axis 3 is not one of the 3 axes'],
  ['mean(ids, axis=1)', 'N308 `mean` takes float, found int64[B, T]'],
  ['softmax(float(ids))', 'N310 softmax mixes tokens'],
  ['rms_norm(x, eps=-1)', 'N314 `eps` of `rms_norm` must not be negative'],
  ['rms_norm(x, eps=bias)', 'N312 `eps` of `rms_norm` must be known when compiling, found a tensor'],
  ['is_top(x, 17)', 'N306 `is_top` of 17 among dim (16)'],
  ['is_top(x, 0)', 'N313 `k` of `is_top` must be a whole number from 1 on, found 0'],
  ['a, b = split(x, [few, few]) return a', 'N301 the sizes of `split` must add up to the axis'],
  ['a, b = split(x, [8, 8]) return a', 'N305 these sizes are equal in this config only'],
  ['a, b = split(x, [0.5, 15.5]) return a', 'N313 a size of `split` must be a whole number, found 0.5'],
  ['a, b = split(x, 8) return a', 'N314 `sizes` of `split` must be a list, found a number'],
  ['a, b = split(x, [1, T - 1], axis=1) return a', 'N310 split mixes tokens'],
  ['a, b = unbind(x, 1) return a', 'N310 unbind mixes tokens'],
  ['concat(x, q)', 'N302 `concat` joins values with as many axes'],
  ['concat(q, k)', 'N301 what `concat` joins differs on axis 2'],
  [
    'concat(x as [B, T, dim, 1], float(yes as [B, T, 16, 1]))',
    'N305 these sizes are equal in this config only',
  ],
  ['concat(x, x, axis=1)', 'N310 concat mixes tokens'],
  ['concat(x, yes)', 'N308 float and bool do not mix'],
  ['concat(axis=1)', 'N204 `concat` needs values'],
  ['x * contains(3, 3)', 'N314 `contains` looks in a list, found a number'],
  ['x * contains([1], x)', 'N314 `contains` looks for a plain value, found a tensor'],
  ['x * len([1, 2][1:3])', 'N318 1:3 does not lie inside'],
  ['x * len([1, 2][2:1])', 'N318 2:1 does not lie inside'],
  ['concat([])', 'N204 `concat` needs values'],
  ['concat([x, q])', 'N302 `concat` joins values with as many axes'],
  ['concat([x, 1])', 'N314 what `concat` joins must be a tensor, found a number'],
  ['expand(x, 2, axis=2)', 'N303 `expand` repeats an axis of 1, found dim (16)'],
  [
    'expand(x as [B, T, 1, dim], T, axis=2)',
    'N310 tokens stand on axis 1 and rows on axis 0, here on axis 2',
  ],
  ['expand(bias as [1, 1, dim], P, 1)', 'N311 `P` is a size, not a value'],
  ['transpose(x)', 'N310 `transpose` on an activation mixes rows of the batch'],
  ['transpose(bias)', 'N302 `transpose` takes a matrix, found [dim (16)]'],
  ['take(x, ids)', 'N310 `take` on an activation mixes rows of the batch'],
  ['take(table, x)', 'N308 ids must be int64, found [B, T, dim (16)]'],
  ['tensor([x])', 'N314 `tensor` takes nested lists of numbers, found a tensor in one'],
  ['tensor([[1], [1, 2]])', 'N301 the lists inside `tensor` differ in length'],
  ['tensor([])', 'N321 a constant of 0 numbers'],
  ['x * len(T)', 'N314 `len` takes a list or a string, found a size'],
  ['x * len(range(T))', 'N312 `n` of `range` must be known when compiling, found a size'],
  ['x * len(range(few / 2))', 'N313 `n` of `range` must be a whole number, found 1.5'],
  ['ceil(x)', 'N312 `x` of `ceil` must be known when compiling, found a tensor'],
  ['Rotary(8, 4)', 'N314 `Rotary` is a member, not a function'],
  ['cache()', 'N204 `cache` needs values'],
  ['cache(x + 1)', 'N314 a port is named by what is cached, and this is no plain name'],
  ['cache(bias)', 'N316 cache needs [B, T, ...], `bias` is [dim (16)]'],
  ['a = cache(x) return cache(a)', 'N316 cache needs [B, T, ...], `a` is [B, P + T, dim (16)]'],
  ['cache(x, last=0)', 'N313 `last` of `cache` must be a whole number from 1 on, found 0'],
  ['cache(x, fill=1)', 'N204 `fill` needs `last`'],
  ['cache(ids, last=1, fill=0.5)', 'N308 `fill` of a cache of int64 cannot be 0.5'],
  ['attention(q, k, k)', 'N315 attention: k is [B, T, groups (2), head (4)], only the tokens of this call'],
  [
    'a = cache(k) return attention(q, a, k)',
    'N315 attention: v is [B, T, groups (2), head (4)], only the tokens',
  ],
  [
    'a = cache(k, last=3) return attention(q, a, a)',
    'N315 attention: k is [B, 3 + T, groups (2), head (4)], not all',
  ],
  ['a = cache(k) return attention(a, a, a)', 'N301 attention: q holds the tokens of this call'],
  ['a, b = cache(x, k) return attention(q, a, b)', 'N302 `k` of `attention` must have four axes'],
  ['a = cache(k) return attention(q, a, a, windw=3)', 'N202 `attention` has no argument `windw`'],
  [
    'a = cache(k) return attention(q, a, a, window=0)',
    'N313 `window` of `attention` must be a whole number from 1 on',
  ],
  ['a = cache(k) return attention(q, a, a, softcap=0)', 'N314 `softcap` must be above 0, found 0'],
  ['a = cache(k) return attention(q, a, a, sinks=bias)', 'N301 attention: one sink for each head'],
  [
    'a = cache(k) return attention(q, a, a, visible=1)',
    'N314 `visible` of `attention` must be a function of (q, k)',
  ],
  ['a = cache(k) return attention(q, a, a, visible=lean)', 'N204 `lean` needs `k`'],
  ['a = cache(k) return attention(q, a, a, bias=near)', 'N205 `near` takes 2 arguments, found 3'],
  ['attention(q, other, other, window=2)', 'N314 keys of another input have no order'],
  ['a = cache(q as [B, T, heads, 1, head]) return x', 'N314 a port is named by what is cached'],
  [
    'a = cache(u=x as [B, T, 1, dim]) return attention(q, a, a)',
    'N301 attention: the width of a head is that of q',
  ],
  [
    'a = cache(u=concat(k, k[:, :, :1], axis=2)) return attention(q, a, a)',
    'N301 attention: the heads of q must be',
  ],
  ['rope(x)', 'N302 `rope` turns [B, T, n, m]'],
  ['rope(q[..., :2])', 'N306 `rope` turns head (4) numbers, more than there are'],
  ['rope(cache(q))', 'N301 `rope` turns the tokens of this call'],
  ['rope(int64(q))', 'N308 `rope` takes float, found int64[B, T, heads (4), head (4)]'],
];

for (const [body, words] of wrong) {
  test(`${body} is refused: ${words}`, () => {
    const { diagnostics } = probe(body, { members: rope });
    assert.ok(told(diagnostics).startsWith(words), told(diagnostics));
    assert.is(diagnostics.length, 1, told(diagnostics));
  });
}

test('an argument misspelt gets its neighbour, one missing what is taken', () => {
  const hintOf = (body: string) => probe(body).diagnostics[0]?.hint;
  assert.is(hintOf('a = cache(k) return attention(q, a, a, windw=3)'), 'did you mean `window`?');
  assert.is(hintOf('clamp(x, 0)'), 'it takes x, low, high');
  assert.is(hintOf('attention(q, k, k)'), 'did you forget `k = cache(k)`?');
});

test('a function of pairs of tokens gives one number for each, and may not look at more', () => {
  const with_ = (fn: string, option: string) =>
    told(probe(`a = cache(k) return attention(q, a, a, ${option})`, { members: fn }).diagnostics);
  assert.is(with_('fn f(h, q, k) = -h', 'bias=f'), '');
  assert.is(with_('fn f(q, k) = true', 'visible=f'), '');
  assert.match(
    with_('fn f(q, k) = q - k', 'visible=f'),
    'N308 `visible` must give bool for each pair of tokens',
  );
  assert.match(with_('fn f(h, q, k) = q // 2 == k', 'bias=f'), 'N308 `bias` must give float32 for each pair');
  assert.match(with_('fn f(h, q, k) = sum(q - k, axis=2)', 'bias=f'), 'N310 sum mixes tokens');
  assert.match(
    with_('fn f(h, q, k) = cache(q, last=1)', 'bias=f'),
    'N310 `cache` inside `bias` or `visible`',
  );
});

test('sums of terms, transposed weights and identical masks cost what they must', () => {
  const twice = graphOf('a = cache(k) return attention(attention(q, a, a, window=3), a, a, window=3)');
  assert.is(countOf(twice, 'attention'), 2);
  assert.is(countOf(twice, 'le'), 1);
  assert.is(countOf(twice, 'lt'), 1);
  const apart = graphOf('a = cache(k) return attention(attention(q, a, a, window=3), a, a, window=4)');
  assert.is(countOf(apart, 'le'), 1);
  assert.is(countOf(apart, 'lt'), 2);
  const tied = graphOf('linear(x, table)');
  assert.is(countOf(tied, 'linear'), 1);
  assert.is(countOf(tied, 'transpose'), 0);
  assert.is(countOf(graphOf('sum([x, x * 2, x * 3])'), 'add'), 2);
});

test('every built-in has a line that says what it does, and a signature', () => {
  for (const name of builtinNames) {
    assert.ok(builtins[name]!.doc.length > 5, name);
    assert.match(signature(name), new RegExp(`^${name}\\(`));
  }
  assert.is(signature('rms_norm'), 'rms_norm(x, eps=2**-23)');
  assert.is(signature('concat'), 'concat(value, ..., axis=-1)');
});

test('the language reference lists every built-in', () => {
  const text = readFileSync(new URL('../../../spec/LANGUAGE.md', import.meta.url), 'utf8');
  const listed = text.slice(text.indexOf('## Built-ins'), text.indexOf('## The prelude'));
  const words = new Set(listed.match(/\w+/g));
  assert.equal(
    builtinNames.filter((name) => !words.has(name)),
    [],
  );
});

test.run();
