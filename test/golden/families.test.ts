/** Every family that ships, found from its checkpoint alone, gives the numbers that other people's code gave. */

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../compiler/ports/session.ts';
import { shippedSpecs } from '../../driver/shipped.ts';
import { type FixtureOptions, fixture, make, open, readFixture } from './compile_fixture.ts';
import { forEachTarget } from './each_target.ts';
import { measure } from './measure.ts';

/** The fixture of each spec, and a change of the spec's text that the numbers must show. */
const families: Readonly<
  Record<
    string,
    {
      readonly spec: string;
      readonly twin: readonly [from: string, to: string];
      /** Where the default does not do. */
      readonly maxSeqLen?: number;
    }
  >
> = {
  'hf-bloom': { spec: 'bloom', twin: ['-8 * (j + 1)', '-8 * (j + 2)'] },
  'hf-cohere': { spec: 'cohere', twin: ['pairing="interleaved"', 'pairing="halves"'] },
  'hf-cohere-normed': { spec: 'cohere', twin: ['q_norm(q), k_norm(k)', 'q_norm(q), k'] },
  'hf-cohere2': { spec: 'cohere2', twin: ['then rope else unturned', 'then rope else rope'] },
  'hf-deepseek-v2': { spec: 'deepseek_v2', twin: ['(plain + turned) ** -0.5', 'plain ** -0.5'] },
  'hf-deepseek-v2-yarn': { spec: 'deepseek_v2', twin: ['original, fast, slow)', 'original, fast, 1)'] },
  'hf-deepseek-v3': { spec: 'deepseek_v3', twin: ['is_top(best, open)', 'is_top(-best, open)'] },
  'hf-deepseek-v3-plain': { spec: 'deepseek_v3', twin: ['is_top(s, chosen)', 'is_top(p, chosen)'] },
  'hf-exaone4': { spec: 'exaone4', twin: ['then rope else unturned', 'then rope else rope'] },
  'hf-exaone4-full': { spec: 'exaone4', twin: ['then rope else unturned', 'then unturned else rope'] },
  'hf-falcon': { spec: 'falcon', twin: ['self_attention(y) + mlp(z)', 'self_attention(y) + mlp(x)'] },
  'hf-falcon-grouped': {
    spec: 'falcon',
    twin: ['self_attention(y) + mlp(z)', 'self_attention(z) + mlp(y)'],
  },
  'hf-gemma': { spec: 'gemma', twin: ['sqrt(dim) * model', 'model'] },
  'hf-gemma2': { spec: 'gemma2', twin: ['softcap=inner', 'softcap=2 * inner'] },
  'hf-gemma3': { spec: 'gemma3', twin: ['window=if local then window', 'window=if local then window - 1'] },
  'hf-glm4': { spec: 'glm4', twin: ['pairing="interleaved"', 'pairing="halves"'] },
  'hf-gpt-neo': { spec: 'gpt_neo', twin: ['then window else none', 'then window + 1 else none'] },
  'hf-gpt-neox': { spec: 'gpt_neox', twin: ['floor(head * part)', '2 * floor(head * part)'] },
  'hf-gpt-oss': { spec: 'gpt_oss', twin: ['sinks=sinks', 'sinks=0 * sinks'] },
  'hf-gpt-oss-truncated': { spec: 'gpt_oss', twin: ['fast, slow, whole)', 'fast, slow, false)'] },
  'hf-gpt2': { spec: 'gpt2', twin: ['gelu_tanh(c_fc(x))', 'gelu(c_fc(x))'] },
  'hf-gptj': { spec: 'gptj', twin: ['pairing="interleaved"', 'pairing="halves"'] },
  'hf-granite': { spec: 'granite', twin: ['scale=scale)', 'scale=2 * scale)'] },
  'hf-helium': { spec: 'helium', twin: ['pairing="interleaved"', 'pairing="halves"'] },
  'hf-hunyuan-v1-dense': { spec: 'hunyuan_v1_dense', twin: ['alpha ** (head / (head - 2))', 'alpha'] },
  'hf-lfm2': { spec: 'lfm2', twin: ['seen[:, j:T+j]', 'seen[:, kernel-1-j:T+kernel-1-j]'] },
  'hf-lfm2-biased': { spec: 'lfm2', twin: ['then y + conv.bias', 'then y - conv.bias'] },
  'hf-llama': {
    spec: 'llama',
    twin: ['factor, low, high, original)', 'factor, low, low + high, original)'],
  },
  'hf-mamba': { spec: 'mamba', twin: ['decay * h', '1.01 * decay * h'] },
  'hf-mistral': { spec: 'mistral', twin: ['window=window', 'window=window + 1'] },
  'hf-mixtral': { spec: 'mixtral', twin: ['is_top(s, chosen)', 'is_top(s, 1)'] },
  'hf-mixtral-window': { spec: 'mixtral', twin: ['window=window', 'window=window + 1'] },
  'hf-mpt': { spec: 'mpt', twin: ['-8 * rank / n', '-8 * rank / (n + 1)'] },
  'hf-nemotron': { spec: 'nemotron', twin: ['square(relu(', '(relu('] },
  'hf-olmo2': { spec: 'olmo2', twin: ['q_norm(q_proj(x))', 'q_proj(x)'] },
  'hf-olmo3': { spec: 'olmo3', twin: ['window=if local then window', 'window=if local then window - 1'] },
  'hf-olmo3-yarn': { spec: 'olmo3', twin: ['then near_rope else far_rope', 'then far_rope else near_rope'] },
  'hf-opt': { spec: 'opt', twin: ['positions + 2', 'positions + 1'] },
  'hf-opt-350m': { spec: 'opt', twin: ['positions + 2', 'positions + 1'] },
  'hf-phi': { spec: 'phi', twin: ['floor(head * part)', 'head'] },
  'hf-phi3': { spec: 'phi3', twin: ['k=rope(k), v=v', 'k=k, v=v'] },
  'hf-phi3-long': {
    spec: 'phi3',
    twin: ['then long[j] else short[j]', 'then short[j] else long[j]'],
    maxSeqLen: 64,
  },
  'hf-phi3-short': { spec: 'phi3', twin: ['then long[j] else short[j]', 'then short[j] else long[j]'] },
  'hf-qwen2': { spec: 'qwen2', twin: ['base=base', 'base=2 * base'] },
  'hf-qwen2-yarn': { spec: 'qwen2', twin: ['kinds[i] == "sliding', 'kinds[i] != "sliding'] },
  'hf-qwen3': { spec: 'qwen3', twin: ['rope(k_norm(k_proj(x)', 'rope((k_proj(x)'] },
  'hf-qwen3-moe': { spec: 'qwen3_moe', twin: ['if shares {', 'if not shares {'] },
  'hf-qwen3-5': { spec: 'qwen3_5', twin: ['s = s * decay', 's = s * 0.9 * decay'] },
  'hf-recurrent-gemma': { spec: 'recurrent_gemma', twin: ['where(first, 1, sqrt(', 'where(first, 0, sqrt('] },
  'hf-seed-oss': { spec: 'seed_oss', twin: ['bias, o_bias=o_bias)', 'bias, window=5, o_bias=o_bias)'] },
  'hf-smollm3': { spec: 'smollm3', twin: ['turns[i] != 0', 'turns[i] == 0'] },
  'hf-qwen3-yarn': { spec: 'qwen3', twin: ['then strength else 1', 'then 1 else 1'] },
  'hf-stablelm': { spec: 'stablelm', twin: ['floor(head * part)', 'floor(head * part / 2)'] },
  'hf-stablelm-12b': { spec: 'stablelm', twin: ['q_layernorm(q), k_layernorm(k)', 'q_layernorm(q), k'] },
  'hf-starcoder2': { spec: 'starcoder2', twin: ['bias, window, o_bias', 'bias, window + 1, o_bias'] },
  'llama2c-gqa': { spec: 'llama2c', twin: ['pairing="interleaved"', 'pairing="halves"'] },
  'llama32-ropescaling': {
    spec: 'from_scratch_llama3',
    twin: ['low, high, original)', 'low, low + high, original)'],
  },
  'nanogpt-bias': { spec: 'nanogpt', twin: ['gelu(c_fc(x))', 'gelu_tanh(c_fc(x))'] },
  'nanogpt-nobias': { spec: 'nanogpt', twin: ['wpe(positions)', 'wpe(0 * positions)'] },
  qwen3: { spec: 'from_scratch_qwen3', twin: ['rope(q_norm(', 'rope(('] },
};

const names = Object.keys(families);
const worst = new Map<string, number>();

async function hold(session: Session, name: string): Promise<void> {
  const { uncached, cached, sameTokens } = await measure(session, name);
  await session.close();
  const allowed = readFixture(name).tolerance.atol_float32;
  assert.ok(uncached <= allowed, `${name}: logits ${uncached} apart, ${allowed} allowed`);
  assert.ok(cached <= allowed, `${name}: step logits ${cached} apart, ${allowed} allowed`);
  assert.ok(sameTokens, `${name}: other greedy tokens`);
  worst.set(name, Math.max(uncached, cached, worst.get(name) ?? 0));
}

const forms = {
  dynamic: {},
  static: { cache: 'static', slots: 200 },
  none: { cache: 'none' },
} as const satisfies Readonly<Record<string, FixtureOptions>>;

/** What the usual target is held to in all forms of cache, the others are in the usual form. */
await forEachTarget(({ target, isUsual, open }, within) => {
  for (const name of names) {
    const { spec, twin: _, ...asked } = families[name]!;
    for (const [form, options] of Object.entries(isUsual ? forms : { dynamic: forms.dynamic }))
      within(`${spec} (${name}) to ${target}, cache ${form}: logits, steps and the greedy text`, async () => {
        const session = await open(make(fixture(name), undefined, { target, ...options, ...asked }));
        assert.is(session.manifest.model, spec);
        await hold(session, name);
      });
  }
});

for (const name of names) {
  const { spec, twin, ...asked } = families[name]!;
  test(`${spec} (${name}): a spec with one thing changed is seen`, async () => {
    const [from, to] = twin;
    let found = false;
    const edit = (text: string): string => {
      found ||= text.includes(from);
      return text.replaceAll(from, to);
    };
    const session = await open(fixture(name), spec, { edit, ...asked });
    assert.ok(found, `${spec} does not say ${from}`);
    const { uncached } = await measure(session, name);
    await session.close();
    assert.ok(uncached > 10 * readFixture(name).tolerance.atol_float32, `only ${uncached} apart`);
  });
}

test('every spec that ships is held by a fixture, and every fixture by a spec', () => {
  const held = new Set(Object.values(families).map((f) => f.spec));
  const foreign = shippedSpecs()
    .map((s) => s.name)
    .filter((n) => !n.startsWith('nanochat_'));
  assert.equal([...held].sort(), foreign);
  const folders = readdirSync(fileURLToPath(new URL('../fixtures/golden/', import.meta.url)));
  assert.equal(
    folders.filter((f) => !f.startsWith('nanochat-')),
    [...names].sort(),
  );
});

test.after(() => {
  const [name, most] = [...worst].sort(([, a], [, b]) => b - a)[0] ?? ['none', 0];
  console.log(`  worst of ${worst.size} fixtures: ${most.toExponential(1)} (${name})`);
});

test.run();
