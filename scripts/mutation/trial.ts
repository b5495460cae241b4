/**
 * One copy of the tree, changed or not, put to the test: specs of varied kinds are compiled and verified for the targets named
 * on the command line, then held against other people's numbers. Prints what noticed first as a line of JSON.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBackend } from '../../backends/index.ts';
import { type CompileRequest, compile } from '../../compiler/compile.ts';
import { fromFile } from '../../driver/load_spec.ts';
import { type LibtorchHost, startLibtorch } from '../../runtime/sessions/libtorch_node_session.ts';
import { onnxSession } from '../../runtime/sessions/onnx_node_session.ts';
import { verify } from '../../runtime/verify/verify.ts';
import { windowsOf } from '../../runtime/verify/windows.ts';
import { wholeTextSession } from '../../runtime/whole_text.ts';
import { Bug, Refusal } from '../../spec/diagnostic.ts';
import type { ConfigValue } from '../../spec/program.ts';
import { fixture, joined, open, readFixture } from '../../test/golden/compile_fixture.ts';
import { measure } from '../../test/golden/measure.ts';

type Target = 'onnx' | 'torchscript';
type Sizes = Readonly<Record<string, ConfigValue>>;

const tiny = { vocab: 29, dim: 16, layers: 2, heads: 2 };
const sizes: Readonly<Record<string, Sizes>> = {
  gpt2: { ...tiny, context: 40 },
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

type Form = Pick<CompileRequest, 'cache' | 'slots' | 'logits' | 'storage'>;

/** Every kind of model, and every form of the boundary on one that has what the form is about. */
const cases: readonly (readonly [spec: string, form: Form, only?: Target])[] = [
  ['nanochat_2026_03', {}],
  ['gemma2', { logits: 'last' }],
  ['gpt_oss', {}],
  ['mamba', {}],
  ['deepseek_v2', {}],
  ['mpt', { cache: 'static', slots: 36 }],
  ['gpt2', {}],
  ['nanochat_2026_03', { cache: 'static', slots: 36 }],
  ['mamba', { cache: 'none' }],
  ['gpt2', { cache: 'none', logits: 'last' }],
  ['gpt2', { storage: 'float16' }, 'onnx'],
  ['nanochat_2026_03', { storage: 'bfloat16' }],
];

const others = [
  'nanochat-g6-mha',
  'hf-gemma2',
  'hf-deepseek-v2',
  'hf-gpt-oss',
  'hf-mamba',
  'hf-gpt2',
  'hf-bloom',
];

interface Verdict {
  readonly by: 'verify' | 'laws' | 'goldens' | 'nothing';
  readonly what?: string;
}

const folder = mkdtempSync(join(tmpdir(), 'nanoc-trial-'));
let host: LibtorchHost | undefined;

async function sessionFor(
  target: Target,
  bytes: Uint8Array,
  manifest: Parameters<typeof onnxSession>[0]['manifest'],
) {
  if (target === 'onnx') return onnxSession({ model: bytes, manifest, device: 'cpu' });
  host ??= await startLibtorch({ patience: 60 });
  const model = join(folder, 'model.pt');
  writeFileSync(model, bytes);
  return host.open({ model, manifest });
}

async function failure(spec: string, form: Form, target: Target): Promise<string | undefined> {
  const backend = findBackend(target);
  const fileName = `model${backend.extension}`;
  const options = { opset: 21, ops: 'standard', external: 'never', fileName } as const;
  const { value, diagnostics } = compile({
    ...fromFile(fileURLToPath(new URL(`../../examples/${spec}.nanospec`, import.meta.url))),
    seed: 5,
    set: new Map(Object.entries(sizes[spec]!)),
    ...form,
    ...(backend.computesIn === 'storage' && form.storage ? { compute: form.storage } : {}),
    wholeWeights: backend.wholeWeights ?? false,
    padded: backend.padsUncached ?? false,
    backendPasses: backend.passes(options),
  });
  if (!value) throw new Bug(`it does not compile: ${diagnostics[0]?.message}`);
  const { graph, manifest, weights, program, built, reference, plainWeights } = value;
  const bytes = joined(backend.emit({ graph, manifest, weights, options, tied: program.names.tied }));
  const session = await sessionFor(target, bytes, manifest);
  const report = await verify({
    session,
    reference: wholeTextSession(built, manifest, plainWeights),
    windows: windowsOf(reference),
  });
  await session.close();
  const row = report.rows.find((r) => !r.pass);
  return row && `${row.check}: ${row.what}${row.note ? ` (${row.note})` : ''}`;
}

const said = (cause: unknown): string =>
  cause instanceof Error ? cause.message.split('\n')[0]! : String(cause);

async function verified(targets: readonly Target[]): Promise<Verdict | undefined> {
  for (const target of targets) {
    for (const [spec, form, only] of cases) {
      if (only && only !== target) continue;
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

async function golden(): Promise<Verdict | undefined> {
  for (const name of others) {
    try {
      const session = await open(fixture(name), undefined);
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

const targets = process.argv.slice(2) as Target[]; // as `mutate_compiler.ts` writes them
const verdict = (await verified(targets)) ?? (await golden()) ?? { by: 'nothing' };
await host?.close();
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify(verdict)}\n`);
process.exit(0);
