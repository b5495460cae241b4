/** One mutation each of a right spec, and what is said of it. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Code } from '../../../spec/codes.ts';
import { changed, diagnose, readSpec, said } from './refused.ts';

interface Case {
  readonly title: string;
  readonly spec: string;
  readonly from: string;
  readonly to: string;
  readonly code: Code;
  /** All must be in the rendered text. */
  readonly words: readonly string[];
  /** Underlined in the spec. */
  readonly at: string;
  readonly set?: Readonly<Record<string, number>>;
}

const cases: readonly Case[] = [
  {
    title: 'reorder by `as`',
    spec: 'gpt2',
    from: 'attention(q, k, v) as [B, T, dim]',
    to: 'attention(q, k, v) as [B, heads, T, head]',
    code: 'N304',
    at: '[B, heads, T, head]',
    words: [
      '`as` only splits or merges neighbouring axes',
      'expected [B, heads (12), T, dim / heads (64)]',
      'found    [B, T, heads (12), dim / heads (64)]',
      'it does not reorder',
      'in h[0].attn and 11 more',
    ],
  },
  {
    title: 'regroup by `as`',
    spec: 'gpt_neox',
    from: 'query_key_value(x) as [B, T, heads, 3, head], axis=3',
    to: 'query_key_value(x) as [B, T, heads, 3, head] as [B, T, head, 3, heads], axis=3',
    code: 'N304',
    at: '[B, T, head, 3, heads]',
    words: ['`as` only splits or merges', '[B, T, heads (64), 3, dim / heads (96)]'],
  },
  {
    title: 'merge batch and time',
    spec: 'gpt2',
    from: 'gelu_tanh(c_fc(x))',
    to: 'gelu_tanh(c_fc(x as [B * T, dim]))',
    code: 'N304',
    at: '[B * T, dim]',
    words: ['expected [B * T, dim (768)]', 'B and the tokens keep axes of their own'],
  },
  {
    title: 'forgot the cache',
    spec: 'llama',
    from: '    k, v = cache(k, v)\n',
    to: '',
    code: 'N315',
    at: 'k',
    words: ['k is [B, T, kv_heads (8), head (64)], only the tokens of this call', 'k = cache(k)'],
  },
  {
    title: 'cached twice',
    spec: 'llama',
    from: 'cache(k, v)\n',
    to: 'cache(k, v)\n    k = cache(k)\n',
    code: 'N316',
    at: 'k',
    words: ['cache needs [B, T, ...]', '`k` is [B, P + T, kv_heads (8), head (64)]'],
  },
  {
    title: 'torch-style shift',
    spec: 'nanochat_2026_03',
    from: 'cache(x, last=1)',
    to: 'x[:, 0:1]',
    code: 'N310',
    at: '0:1',
    words: ['slices tokens (0 : 1 of T)', 'how the text is cut into calls', 'cache(x, last=n)'],
  },
  {
    title: 'last token only',
    spec: 'gpt2',
    from: 'ln_f(x)',
    to: 'ln_f(x)[:, -1:]',
    code: 'N310',
    at: '-1:',
    words: ['slices tokens (T - 1 : T of T)', '--logits last'],
  },
  {
    title: 'mean over tokens',
    spec: 'gpt2',
    from: 'ln_f(x)',
    to: 'ln_f(x - mean(x, axis=1))',
    code: 'N310',
    at: 'mean(x, axis=1)',
    words: ['mean mixes tokens', 'how the text is cut into calls'],
  },
  {
    title: 'mean over the batch',
    spec: 'gpt2',
    from: 'ln_f(x)',
    to: 'ln_f(x - mean(x, axis=0))',
    code: 'N310',
    at: 'mean(x, axis=0)',
    words: ['mean mixes rows of the batch'],
  },
  {
    title: 'slice wider than the axis',
    spec: 'nanochat_2026_03',
    from: 'x[..., :24]',
    to: 'x[..., :2400]',
    code: 'N306',
    at: ':2400',
    words: ['slice 0 : 2400 is not always inside dim (1280)'],
  },
  {
    title: 'slice from the end that is longer than the axis',
    spec: 'gpt2',
    from: 'forward(x) = c_proj(gelu_tanh(c_fc(x)))',
    to: 'forward(x) = c_proj(gelu_tanh(c_fc(x)))[..., -800:]',
    code: 'N306',
    at: '-800:',
    words: ['is not always inside dim (768)'],
  },
  {
    title: 'wrong width',
    spec: 'gpt2',
    from: 'c_fc:   Conv1D(dim, hidden)',
    to: 'c_fc:   Conv1D(3 * dim, hidden)',
    code: 'N301',
    at: 'c_fc(x)',
    words: [
      '`h[0].mlp.c_fc` takes [..., 3 * dim (2304)]',
      'found    [B, T, dim (768)]',
      'in h[0].mlp and 11 more',
    ],
  },
  {
    title: 'fused width without the third',
    spec: 'gpt2',
    from: 'Conv1D(dim, 3 * dim)',
    to: 'Conv1D(dim, 2 * dim)',
    code: 'N304',
    at: '[B, T, 3, heads, head]',
    words: ['1536 numbers for each token do not make 2304'],
  },
  {
    title: 'gate without its axis',
    spec: 'nanochat_2026_03',
    from: ' as [B, T, kv_heads, 1]',
    to: '',
    code: 'N303',
    at: 'gate * value',
    words: [
      'kv_heads (10) on axis -1',
      'add an axis: as [B, T, kv_heads, 1]',
      'transformer.h[1].attn and 9 more',
    ],
  },
  {
    title: 'an axis of size kv_heads does not broadcast',
    spec: 'gemma3',
    from: 'y = attention(q, k, v,',
    to: 'z = q + q_norm(q) * k_norm(k_proj(x) as [B, T, kv_heads, head])\n      y = attention(q, k, v,',
    code: 'N303',
    at: 'q_norm(q) * k_norm(k_proj(x) as [B, T, kv_heads, head])',
    words: ['[B, T, heads (4), head (256)] and [B, T, kv_heads (1), head (256)] do not fit', 'axis -2'],
  },
  {
    title: 'run-time if',
    spec: 'gpt2',
    from: 'forward(x) = c_proj(gelu_tanh(c_fc(x)))',
    to: 'forward(x) = if x > 0 then x else c_proj(x)',
    code: 'N312',
    at: 'x > 0',
    words: ['`if` is decided when compiling; this depends on a tensor', 'where(condition, a, b)'],
  },
  {
    title: 'python floor: never assigned, and the test that decides it',
    spec: 'nanochat_2026_03',
    from: 'i == layers // 2',
    to: 'i == layers / 2',
    set: { layers: 5 },
    code: 'N206',
    at: 'middle',
    words: ['`middle` is assigned only where `i == layers / 2` (line 76), which no turn reached'],
  },
  {
    title: 'name misspelt',
    spec: 'llama',
    from: 'up_proj(x))',
    to: 'up_porj(x))',
    code: 'N201',
    at: 'up_porj',
    words: ['unknown name `up_porj`', 'did you mean `up_proj`?', 'in model.layers[0].mlp and 15 more'],
  },
  {
    title: 'local hides a module',
    spec: 'llama',
    from: 'forward(x) = down_proj(swiglu(gate_proj(x), up_proj(x)))',
    to: 'forward(x) {\n    gate_proj = gate_proj(x)\n    return down_proj(swiglu(gate_proj, up_proj(x)))\n  }',
    code: 'N203',
    at: 'gate_proj',
    words: ['`gate_proj` already names a module of this block (line 20)'],
  },
  {
    title: 'a block hides a config entry',
    spec: 'nanochat_2026_03',
    from: '    c_q:    Linear(dim, heads * head)',
    to: '    short: [1]\n    c_q:    Linear(dim, heads * head)',
    code: 'N203',
    at: 'short',
    words: ['`short` already names a constant of the model (line 19)', 'nothing hides another'],
  },
  {
    title: 'int and float mixed',
    spec: 'gpt2',
    from: 'wte(tokens) + wpe(positions)',
    to: 'wte(tokens) + tokens',
    code: 'N308',
    at: 'wte(tokens) + tokens',
    words: ['float and int64 do not mix', 'cast one of them'],
  },
  {
    title: 'float32 left unconverted',
    spec: 'mixtral',
    from: 'float(softmax(where(is_top(s, chosen), s, -inf)))',
    to: 'softmax(where(is_top(s, chosen), s, -inf))',
    code: 'N309',
    at: 'sum([p[..., e:e+1] * expert(x) for e, expert in experts])',
    words: [
      'the result of model.layers[0].block_sparse_moe',
      'expected float,',
      'found    float32',
      'float(...)',
    ],
  },
  {
    title: 'declared dtype',
    spec: 'gpt2',
    from: 'logits: [B, T, vocab]',
    to: 'logits: float32[B, T, vocab]',
    code: 'N309',
    at: 'linear(ln_f(x), wte.weight)',
    words: ['the result of the model', 'expected float32,', 'found    float\n', 'cast it: float32(...)'],
  },
  {
    title: 'changes shape in a loop',
    spec: 'gpt2',
    from: '{ x = layer(x) }',
    to: '{ x = concat(x, layer(x)) }',
    code: 'N307',
    at: 'x',
    words: [
      '`x` changes its type in the loop: [B, T, dim (768)] at first, [B, T, 2 * dim (1536)] after one turn',
    ],
  },
  {
    title: 'never assigned: the loop is empty',
    spec: 'nanochat_2026_03',
    from: 'for i, layer in transformer.h {',
    to: 'for i, layer in [] {',
    code: 'N206',
    at: 'middle',
    words: ['`middle` is assigned only where'],
  },
  {
    title: 'unknown option',
    spec: 'gpt_oss',
    from: 'window=if',
    to: 'windw=if',
    code: 'N202',
    at: 'windw',
    words: ['`attention` has no argument `windw`', 'did you mean `window`?'],
  },
  {
    title: 'is_top of too many',
    spec: 'mixtral',
    from: 'is_top(s, chosen)',
    to: 'is_top(s, 9)',
    code: 'N306',
    at: '9',
    words: ['9 among n_experts (8)'],
  },
  {
    title: 'member that this layer has not',
    spec: 'nanochat_2026_03',
    from: 'v = c_v(x) as [B, T, kv_heads, head]',
    to: 'v = c_v(x) as [B, T, kv_heads, head]\n      z = ve_gate(x[..., :12])',
    code: 'N208',
    at: 've_gate',
    words: [
      '`ve_gate` exists only where `has_value_embed(i)` (line 31), which does not hold in transformer.h[0].attn',
      'if has_value_embed(i) { ... }',
      'in transformer.h[0].attn and 9 more',
    ],
  },
  {
    title: 'size as a value',
    spec: 'gpt2',
    from: 'x = x + attn(ln_1(x))',
    to: 'x = x * T + attn(ln_1(x))',
    code: 'N311',
    at: 'x * T',
    words: ['`T` is a size, not a value', 'how the text is cut into calls'],
  },
  {
    title: 'branch on a run-time size',
    spec: 'gpt2',
    from: 'for layer in h { x = layer(x) }',
    to: 'if T > 1 { x = wte(tokens) }',
    code: 'N312',
    at: 'T > 1',
    words: ['`T` is known only when running'],
  },
  {
    title: 'pairs of tokens by broadcasting',
    spec: 'gpt2',
    from: 'x = wte(tokens) + wpe(positions)',
    to: 'x = wte(tokens) + wpe(positions)\n    apart = positions as [B, T, 1] - positions as [B, 1, T]',
    code: 'N310',
    at: '[B, 1, T]',
    words: ['tokens stand on axis 1', 'on axis 2 of [B, 1, T]', 'bias= and visible='],
  },
  {
    title: 'product of two activations',
    spec: 'gpt2',
    from: 'linear(ln_f(x), wte.weight)',
    to: 'ln_f(x) @ (x as [B, T, dim])',
    code: 'N302',
    at: '(x as [B, T, dim])',
    words: ['the right side of `@` must be a matrix'],
  },
  {
    title: 'equal only in this config: the text of 6.4',
    spec: 'llama',
    from: 'attention(q, k, v, scale=scale, window=window) as [B, T, heads * head]',
    to: 'attention(q, k, v, scale=scale, window=window) as [B, T, dim]',
    code: 'N305',
    at: '[B, T, dim]',
    words: [
      'these sizes are equal in this config only',
      'expected [B, T, heads * head] = [B, T, 2048]',
      'found    [B, T, dim] = [B, T, 2048]',
      '`heads` is a config entry (m.nanospec:31:5)',
      '`dim` is a config entry (m.nanospec:33:5)',
      'if it holds for every such model, say so: require heads * head == dim, "..."',
    ],
  },
  {
    title: 'a number where a name is meant',
    spec: 'mpt',
    from: 'bias=alibi) as [B, T, dim]',
    to: 'bias=alibi) as [B, T, 4096]',
    code: 'N305',
    at: '[B, T, 4096]',
    words: ['write dim instead of 4096'],
  },
  {
    title: 'tokens divided by zero',
    spec: 'gpt2',
    from: 'wpe(positions)',
    to: 'wpe(positions // (heads - 12))',
    code: 'N320',
    at: 'positions // (heads - 12)',
    words: ['division by zero'],
  },
  {
    title: 'no number',
    spec: 'gpt2',
    from: 'wpe(positions)',
    to: '(inf - inf) * wpe(positions)',
    code: 'N314',
    at: '(inf - inf)',
    words: ['`Infinity - Infinity` is no number'],
  },
  {
    title: 'a number that no float holds',
    spec: 'gpt2',
    from: 'wpe(positions)',
    to: '10 ** 400 * wpe(positions)',
    code: 'N314',
    at: '10 ** 400',
    words: ['`10 ** 400` is too large a number'],
  },
  {
    title: 'a number that no integer holds',
    spec: 'gpt2',
    from: 'wpe(positions)',
    to: 'wpe(positions * 10 ** 20)',
    code: 'N308',
    at: 'positions * 10 ** 20',
    words: ['the number 100000000000000000000 is too large for int64'],
  },
  {
    title: 'a dtype misspelt',
    spec: 'gpt2',
    from: 'wpe(positions)',
    to: 'flot32(wpe(positions))',
    code: 'N201',
    at: 'flot32',
    words: ['did you mean `float32`?'],
  },
  {
    title: 'two results of one name',
    spec: 'gpt2',
    from: '-> logits: [B, T, vocab] {\n    x =',
    to: '-> (logits: [B, T, vocab], logits: [B, T, dim]) {\n    return linear(wte(tokens), wte.weight), wte(tokens)\n  }\n  fn unused(tokens) {\n    x =',
    code: 'N203',
    at: 'logits',
    words: ['there is a result named `logits` already', 'the first one'],
  },
];

for (const { title, spec, from, to, code, words, at, set } of cases) {
  test(`${title}: ${code}`, () => {
    const text = changed(readSpec(spec), from, to);
    const found = diagnose(text, set ? { set: new Map(Object.entries(set)) } : {});
    const one = found.filter((d) => d.code === code);
    assert.is(one.length, 1, said(found));
    assert.is(found.length, 1, said(found));
    const { span } = one[0]!;
    assert.is(text.slice(span!.start, span!.end), at);
    for (const word of words) assert.ok(said(one).includes(word), `${word}\nin\n${said(one)}`);
  });
}

test('the specs that are changed here are right before', () => {
  for (const spec of new Set(cases.map((c) => c.spec))) assert.is(said(diagnose(readSpec(spec))), '');
});

test('a fact makes sizes equal that were equal by number only', () => {
  const wrong = changed(
    readSpec('llama'),
    'attention(q, k, v, scale=scale, window=window) as [B, T, heads * head]',
    'attention(q, k, v, scale=scale, window=window) as [B, T, dim]',
  );
  const fact = 'require heads * head == dim, "heads and head must make up dim"\n  fn slowed';
  assert.is(said(diagnose(changed(wrong, 'fn slowed', fact))), '');
});

test.run();
