/** Every spec of the repository at a size for tests, with random weights, as ONNX models. */

import { fileURLToPath } from 'node:url';
import { onnx } from '../../../backends/onnx/index.ts';
import { type Compiled, compile } from '../../../compiler/compile.ts';
import type { CacheForm } from '../../../compiler/ports/manifest.ts';
import { fromFile } from '../../../driver/specs/load_spec.ts';
import type { ConfigValue } from '../../../spec/program.ts';
import { bytesOf, optionsAt } from './run_onnx.ts';

type Settings = Readonly<Record<string, ConfigValue>>;

const nanochat: Settings = { vocab: 61, context: 64, layers: 4, heads: 4, kv_heads: 2, dim: 64 };
const foreign: Settings = { vocab: 61, context: 64, layers: 2, heads: 4, dim: 32 };

/** By path below the root of the repository. */
export const small: Readonly<Record<string, Settings>> = {
  'examples/nanochat_2025_10': nanochat,
  'examples/nanochat_2026_01': nanochat,
  'examples/nanochat_2026_01_lambdas': nanochat,
  'examples/nanochat_2026_01_windows': nanochat,
  'examples/nanochat_2026_03': nanochat,
  'examples/nanochat_2026_03_09': nanochat,
  'examples/nanochat_2026_03_softcap20': nanochat,
  'examples/gemma3': {
    ...foreign,
    layers: 6,
    kv_heads: 2,
    head: 8,
    hidden: 48,
    query: 8,
    window: 4,
  },
  'examples/gpt2': foreign,
  'examples/gpt_neox': { ...foreign, hidden: 48 },
  'examples/llama': { ...foreign, kv_heads: 2, hidden: 48, original: 32 },
  'examples/mixtral': { ...foreign, kv_heads: 2, hidden: 48, n_experts: 4 },
  'examples/mpt': { vocab: 61, layers: 2, heads: 4, dim: 32 },
  'examples/gpt_oss': {
    ...{ ...foreign, kv_heads: 2, head: 8, hidden: 24 },
    ...{ n_experts: 4, chosen: 2, window: 5, original: 32 },
  },
  'examples/deepseek_v2': {
    ...{ ...foreign, hidden: 48, q_rank: 12, kv_rank: 8, plain: 8, turned: 4, value: 6 },
    ...{ routed: 8, shared: 1, chosen: 2, expert: 10, groups: 4, open: 2 },
  },
};

export interface Wanted {
  readonly opset: number;
  readonly cache?: CacheForm;
  readonly logits?: 'all' | 'last';
}

export function compileSmall(spec: string, { opset, cache = 'dynamic', logits = 'all' }: Wanted): Compiled {
  const path = fileURLToPath(new URL(`../../../${spec}.nanospec`, import.meta.url));
  const { value, diagnostics } = compile({
    ...fromFile(path),
    seed: 5,
    set: new Map(Object.entries(small[spec]!)),
    cache,
    ...(cache === 'static' ? { slots: 24 } : {}),
    logits,
    backendPasses: onnx.passes(optionsAt(opset)),
  });
  if (!value) throw new Error(diagnostics.map((d) => `${d.code} ${d.message}`).join('\n'));
  return value;
}

export function modelBytes({ graph, manifest, weights }: Compiled, opset: number): Uint8Array {
  const [file] = onnx.emit({ graph, manifest, weights, options: optionsAt(opset) }).files;
  return bytesOf(file!);
}
