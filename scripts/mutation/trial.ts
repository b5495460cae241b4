/**
 * One copy of the tree, changed or not, put to the test: specs of varied kinds are compiled and verified for the targets named
 * on the command line, then held against other people's numbers where it says `goldens`. Prints what noticed first as a line of JSON.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CompileRequest, compile } from '../../compiler/compile.ts';
import { fromFile } from '../../driver/specs/load_spec.ts';
import { type LibtorchHost, startLibtorch } from '../../runtime/sessions/libtorch_node_session.ts';
import { onnxSession } from '../../runtime/sessions/onnx_node_session.ts';
import { verify } from '../../runtime/verify/verify.ts';
import { logitsOf } from '../../runtime/verify/verify_run.ts';
import { wholeTextSession } from '../../runtime/verify/whole_text.ts';
import { windowsOf } from '../../runtime/verify/windows.ts';
import { Refusal } from '../../spec/diagnostic.ts';
import type { ConfigValue } from '../../spec/program.ts';
import {
  type FixtureOptions,
  fixture,
  type Made,
  make,
  makeFor,
  open,
  readFixture,
} from '../../test/golden/compile_fixture.ts';
import { measure, specs } from '../../test/golden/measure.ts';
import { interpreted } from './interpreted.ts';
import { beyondHalves, columnByColumn, everyDtype, oddCheckpoint } from './odd_checkpoint.ts';
import { workedOut } from './worked_out.ts';

type Target = 'onnx' | 'torchscript' | 'interpreter';
type Emitted = Exclude<Target, 'interpreter'>;
type Sizes = Readonly<Record<string, ConfigValue>>;

const tiny = { vocab: 29, dim: 16, layers: 2, heads: 2 };
const sizes: Readonly<Record<string, Sizes>> = {
  ...{ odd: {}, wide: {}, faint: {}, worked_out: {} },
  // Its table of positions, which are random, is more than one chunk.
  gpt2: { ...tiny, context: 17_000 },
  nanochat_2025_10: { ...tiny, context: 40, kv_heads: 1, dim: 32 },
  nanochat_2026_03: { ...tiny, context: 40, kv_heads: 1, dim: 32, pattern: 'SL' },
  gemma2: { ...tiny, context: 40, kv_heads: 1, head: 8, hidden: 24, query: 8, window: 4 },
  deepseek_v2: {
    ...{ ...tiny, context: 40, hidden: 24, q_rank: 12, kv_rank: 8, plain: 8, turned: 4, value: 6 },
    ...{ routed: 4, shared: 1, chosen: 2, expert: 10, groups: 2, open: 1 },
  },
  gpt_oss: {
    ...{ ...tiny, context: 40, kv_heads: 1, head: 8, hidden: 24, n_experts: 4, chosen: 2, window: 5 },
    original: 32,
  },
  mamba: { vocab: 29, layers: 2, dim: 16, inner: 24, state: 4, kernel: 3, rank: 2 },
  mpt: { ...tiny },
};

/** Made of a fixture: see `odd_checkpoint.ts`. */
const odd: Readonly<Record<string, readonly [fixture: string, rules: Parameters<typeof oddCheckpoint>[2]]>> =
  {
    'llama in every dtype': ['hf-llama', everyDtype],
    'nemotron beyond float16': ['hf-nemotron', beyondHalves],
    'gpt_neox column by column': ['hf-gpt-neox', columnByColumn],
    'falcon column by column': ['hf-falcon-grouped', columnByColumn],
  };

interface Form
  extends Pick<
    CompileRequest,
    'cache' | 'slots' | 'logits' | 'storage' | 'compute' | 'maxSeqLen' | 'statesAsLayers'
  > {
  readonly opset?: number;
  readonly minLibtorch?: '2.0';
}

type Case = readonly [spec: string, form: Form, only?: Target];

/** Every kind of model, and every form of the boundary on one that has what the form is about; what has no sizes here is a fixture. */
const cases: readonly Case[] = [
  ['nanochat_2026_03', {}],
  ['odd', {}],
  ['gemma2', { logits: 'last' }],
  ['gpt_oss', {}],
  ['mamba', {}],
  ['deepseek_v2', {}],
  ['mpt', { cache: 'static', slots: 36 }],
  ['gpt2', {}],
  ['nanochat_2026_03', { cache: 'static', slots: 36 }],
  ['odd', { cache: 'static', slots: 36, logits: 'last' }],
  ['mamba', { cache: 'none' }],
  ['gpt2', { cache: 'none', logits: 'last' }],
  ['hf-lfm2', { cache: 'static', slots: 40 }],
  ['hf-qwen3-5', { logits: 'last' }],
  ['hf-mixtral-window', { logits: 'last' }],
  // Its tables would be too large to store.
  ['nanochat_2025_10', { maxSeqLen: 2 ** 26 }],
];

/** Of a target, of what is stored, and of no use where the meaning of ops is broken. */
const forms: readonly Case[] = [
  ['gpt2', { storage: 'float16' }, 'onnx'],
  ['gpt2', { storage: 'float16', compute: 'float16' }, 'onnx'],
  ['gpt2', { cache: 'none', storage: 'bfloat16', compute: 'bfloat16' }, 'onnx'],
  // Tables of more than one chunk.
  ['nanochat_2026_03', { maxSeqLen: 2 ** 16 }],
  ['nanochat_2026_03', { storage: 'bfloat16' }],
  ['nanochat_2026_03', { opset: 23 }, 'onnx'],
  ['odd', { opset: 23 }, 'onnx'],
  ['gpt_oss', { opset: 23 }, 'onnx'],
  ['hf-gptj', { opset: 24 }, 'onnx'],
  ['gpt2', { opset: 17 }, 'onnx'],
  ['gemma2', { storage: 'float16' }, 'torchscript'],
  ['odd', { storage: 'float16' }, 'torchscript'],
  ['nanochat_2026_03', { storage: 'float16', minLibtorch: '2.0' }, 'torchscript'],
  ['gpt2', { minLibtorch: '2.0' }, 'torchscript'],
  ['llama in every dtype', {}],
  ['nemotron beyond float16', { storage: 'float16' }, 'torchscript'],
  ['gpt_neox column by column', {}],
  ['falcon column by column', {}, 'onnx'],
  ['llama in every dtype', { storage: 'float16' }],
  ['llama in every dtype', { storage: 'bfloat16' }, 'onnx'],
  ['wide', { cache: 'none', storage: 'bfloat16', compute: 'bfloat16' }, 'onnx'],
  ['faint', { storage: 'float16', compute: 'float16' }, 'onnx'],
  ['mamba', { statesAsLayers: true }],
  // Tables too large to store, rounded to halves when the model runs.
  ['wide', { cache: 'none', maxSeqLen: 2 ** 26 }],
];

/** Also of the graph that a target gets, run by the interpreter: what is left of the passes once targets are taken away. */
const interpretedCases: readonly Case[] = [
  ['nanochat_2026_03', {}],
  ['odd', {}],
  ['odd', { cache: 'static', slots: 36 }],
];

/** What `odd` must not say: the text as it is, and as it is refused. */
const refused: readonly (readonly [code: string, text: string, wrong: string])[] = [
  ['N313', 'tokens as [B, T, 1], last=1', 'tokens as [B, T, 1], last=0'],
  ['N313', 'length=64', 'length=0'],
  ['N301', 'attention(q, k, v, bias=lean', 'attention(k, k, v, bias=lean'],
];

const others = [
  'nanochat-g6-mha',
  'hf-gemma2',
  'hf-deepseek-v2',
  'hf-gpt-oss',
  'hf-mamba',
  'hf-gpt2',
  'hf-bloom',
  'hf-mpt',
  'nanochat-g1p-gqa-mixed',
  'nanochat-g7-gqa-bf16-sft',
  'hf-gptj',
  'hf-opt-350m',
  'hf-phi3-long',
  'hf-lfm2',
  'hf-qwen3-moe',
  'hf-mixtral-window',
  'hf-qwen3-5',
  'hf-recurrent-gemma',
  'nanogpt-bias',
];

/** What the default does not do for. */
const longer: Readonly<Record<string, FixtureOptions>> = { 'hf-phi3-long': { maxSeqLen: 64 } };

interface Verdict {
  readonly by: 'verify' | 'laws' | 'goldens' | 'nothing';
  readonly what?: string;
}

const folder = mkdtempSync(join(tmpdir(), 'nanoc-trial-'));
let host: LibtorchHost | undefined;

async function sessionFor(
  target: Emitted,
  bytes: Uint8Array,
  manifest: Parameters<typeof onnxSession>[0]['manifest'],
) {
  if (target === 'onnx') return onnxSession({ model: bytes, manifest, device: 'cpu', threads: 1 });
  const model = join(folder, 'model.pt');
  writeFileSync(model, bytes);
  return (await libtorch()).open({ model, manifest });
}

const libtorch = async (): Promise<LibtorchHost> => {
  host ??= await startLibtorch({ callSeconds: 60 });
  return host;
};

/** LibTorch multiplies matrices of halves on a CPU since 2.1, and an archive for 2.0 is none for 1.13. */
const runsHere = async (target: Target, { storage, minLibtorch }: Form): Promise<boolean> =>
  target !== 'torchscript' ||
  (storage !== 'float16' && !minLibtorch) ||
  Number((await libtorch()).version.split('.')[0]) >= 2;

/** Beside this file: what no shipped spec says. */
const own: ReadonlySet<string> = new Set(['odd', 'wide', 'faint', 'worked_out']);

function fromCheckpoint(name: string, form: Form, target: Emitted): Made {
  const made = odd[name];
  if (!made) return make(fixture(name), undefined, { ...form, target });
  const checkpoint = mkdtempSync(join(folder, 'checkpoint-'));
  oddCheckpoint(fixture(made[0]), checkpoint, made[1]);
  return make(checkpoint, undefined, { ...form, target });
}

function fromSpec(spec: string, { opset = 21, minLibtorch, ...form }: Form, target: Emitted): Made {
  const path = own.has(spec) ? `${spec}.nanospec` : `../../examples/${spec}.nanospec`;
  return makeFor(
    target,
    {
      ...fromFile(fileURLToPath(new URL(path, import.meta.url))),
      seed: 16,
      set: new Map(Object.entries(sizes[spec]!)),
      ...form,
    },
    { opset, ...(minLibtorch && { minLibtorch }) },
  );
}

async function failure(spec: string, form: Form, target: Target): Promise<string | undefined> {
  const emitted = target === 'interpreter' ? 'onnx' : target;
  const { compiled, bytes } = (sizes[spec] ? fromSpec : fromCheckpoint)(spec, form, emitted);
  const { manifest, believed, reference, plainWeights } = compiled;
  const session =
    target === 'interpreter' ? interpreted(compiled) : await sessionFor(target, bytes, manifest);
  const report = await verify({
    session,
    reference: wholeTextSession(believed, manifest, plainWeights),
    windows: windowsOf(reference),
  });
  await session.close();
  const row = report.rows.find((r) => !r.pass);
  return row && `${row.check}: ${row.what}${row.note ? ` (${row.note})` : ''}`;
}

const said = (cause: unknown): string =>
  cause instanceof Error ? cause.message.split('\n')[0]! : String(cause);

const casesOf = (target: Target): readonly Case[] =>
  target === 'interpreter' ? interpretedCases : asksGoldens ? cases : [...cases, ...forms];

async function verified(targets: readonly Target[]): Promise<Verdict | undefined> {
  for (const target of targets) {
    for (const [spec, form, only] of casesOf(target)) {
      if ((only && only !== target) || !(await runsHere(target, form))) continue;
      const of = `${spec} ${Object.values(form).join(' ')} ${target}`;
      try {
        const found = await failure(spec, form, target);
        if (found) return { by: 'verify', what: `${of}: ${found}` };
      } catch (cause) {
        // A graph that breaks its laws, a spec that no longer checks, or a file that its runtime does not take.
        const by = cause instanceof Refusal ? 'verify' : 'laws';
        return {
          by,
          what: `${of}: ${cause instanceof Refusal ? cause.diagnostics[0]?.message : said(cause)}`,
        };
      }
    }
  }
  return undefined;
}

/** What is said wrongly and taken all the same. */
function taken(): Verdict | undefined {
  const { source, include } = fromFile(fileURLToPath(new URL('odd.nanospec', import.meta.url)));
  for (const [code, text, wrong] of refused) {
    const edited = source.text.replace(text, wrong);
    const { value, diagnostics } = compile({ source: { ...source, text: edited }, include, seed: 5 });
    if (value || edited === source.text || diagnostics[0]?.code !== code)
      return { by: 'laws', what: `${wrong} is not refused` };
  }
  return undefined;
}

async function byHand(): Promise<Verdict | undefined> {
  const tokens = [3, 0, 5, 1, 1, 7, 2, 6, 4, 0, 2];
  try {
    const { compiled, bytes } = fromSpec('worked_out', {}, 'onnx');
    const session = await sessionFor('onnx', bytes, compiled.manifest);
    const logits = await logitsOf(session, [{ tokens: [tokens] }]);
    await session.close();
    const wanted = workedOut(tokens, compiled.plainWeights.values);
    const apart = Math.max(...wanted.map((y, i) => Math.abs(y - logits.data[i]!)));
    return apart <= 1e-5 ? undefined : { by: 'goldens', what: `worked out by hand: ${apart} apart` };
  } catch (cause) {
    return { by: 'goldens', what: `worked out by hand: ${said(cause)}` };
  }
}

async function golden(): Promise<Verdict | undefined> {
  for (const name of others) {
    try {
      const session = await open(fixture(name), specs[readFixture(name).generation], { ...longer[name] });
      const { uncached, cached, sameTokens } = await measure(session, name);
      await session.close();
      const limit = readFixture(name).tolerance.atol_float32;
      if (!(Math.max(uncached, cached) <= limit) || !sameTokens) return { by: 'goldens', what: name };
    } catch (cause) {
      return { by: 'goldens', what: `${name}: ${said(cause)}` };
    }
  }
  return undefined;
}

const asked = process.argv.slice(2);
const asksGoldens = asked.includes('goldens');
const targets = asked.filter((word): word is Target => word !== 'goldens'); // as `mutate_compiler.ts` writes them
const numbers = async () => (await byHand()) ?? (await golden());
const verdict = (await verified(targets)) ??
  taken() ??
  (asksGoldens ? await numbers() : undefined) ?? { by: 'nothing' };
await host?.close();
rmSync(folder, { recursive: true, force: true });
const { user, system } = process.cpuUsage();
process.stdout.write(`${JSON.stringify({ ...verdict, seconds: (user + system) / 1e6 })}\n`);
process.exit(0);
