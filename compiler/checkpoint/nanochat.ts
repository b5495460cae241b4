/** What nanoc knows of nanochat's checkpoints: their marks, generation by generation, and the rules of their config. */

import { fileName } from '../bytes/paths.ts';
import type { Checkpoint, Json, JsonObject, LazyTensor } from './checkpoint.ts';
import { refuse } from './refuse.ts';
import { isObject } from './safetensors.ts';

/** What a checkpoint's keys, shapes and meta file say about its architecture, with the reason. */
export type Generation =
  | { readonly spec: string; readonly why: string }
  | { readonly ambiguous: readonly string[]; readonly why: string }
  /** The name of a generation that nanoc has no spec for. */
  | { readonly refused: string; readonly why: string };

type Tensors = ReadonlyMap<string, LazyTensor>;

const layerKey = /^transformer\.h\.(\d{1,9})\./;

/** No other family keeps `c_q`, `c_k` and `c_v` apart under these names. */
export function looksLikeNanochat(tensors: Tensors): boolean {
  for (const key of tensors.keys()) if (/^transformer\.h\.\d+\.attn\.c_[qkv]\.weight$/.test(key)) return true;
  return false;
}

/** Undefined when the checkpoint is not nanochat's. */
export function findGeneration({ tensors, config, meta }: Checkpoint): Generation | undefined {
  if (!looksLikeNanochat(tensors)) return undefined;
  const keys = [...tensors.keys()];
  const has = (start: string): boolean => keys.some((key) => key.startsWith(start));
  if (has('bigram_')) {
    return {
      refused: 'bigram_embed generation of 27 and 28 January 2026',
      why: 'nanochat took the hashed bigram embedding out again after a day',
    };
  }
  if (has('v0_lambdas') || keys.some((key) => /^(transformer\.)?value_embed(_A|_B)?\./.test(key))) {
    return {
      refused: 'value_embed and v0_lambdas states of 16 January 2026',
      why: 'nanochat changed its value embeddings three times within hours',
    };
  }
  const smear = ['smear_gate', 'smear_lambda', 'backout_lambda'].find(has);
  if (smear) return { spec: 'nanochat_2026_03', why: `${smear} is there` };
  const gate = keys.find((key) => key.endsWith('.attn.ve_gate.weight'));
  if (gate !== undefined || has('value_embeds.')) return byGate(tensors.get(gate ?? ''), meta);
  const lambdas = ['resid_lambdas', 'x0_lambdas'].find(has);
  if (!lambdas) return { spec: 'nanochat_2025_10', why: 'it has no resid_lambdas' };
  return typeof config?.['window_pattern'] === 'string'
    ? {
        spec: 'nanochat_2026_01_windows',
        why: `${lambdas} and window_pattern are there, value_embeds are not`,
      }
    : { spec: 'nanochat_2026_01_lambdas', why: `${lambdas} is there, window_pattern is not` };
}

function byGate(gate: LazyTensor | undefined, meta: JsonObject | undefined): Generation {
  const columns = gate?.shape[1];
  if (columns === 12) return { spec: 'nanochat_2026_03_09', why: 've_gate reads 12 numbers, no smear_gate' };
  if (columns !== 32) {
    return {
      refused: gate ? `ve_gate of shape [${gate.shape.join(', ')}]` : 'value_embeds without ve_gate',
      why: 'its gates read 32 numbers until March 2026 and 12 since',
    };
  }
  if (provesSoftcap15(meta?.['user_config'])) {
    return { spec: 'nanochat_2026_01', why: 'value_embeds are there, and user_config is older than fp8' };
  }
  return {
    ambiguous: ['nanochat_2026_01', 'nanochat_2026_03_softcap20'],
    why: 'logits are capped at 15 until 2 March 2026 and at 20 in the week after, which no tensor shows',
  };
}

/** Options of base_train, which alone have `depth`, have no `fp8` before February 2026; logits were capped at 15 then. */
const provesSoftcap15 = (options: Json | undefined): boolean =>
  isObject(options) && 'depth' in options && !('fp8' in options);

interface Where {
  readonly configFile?: string;
  readonly path?: string;
}

const requiredFields = ['sequence_len', 'vocab_size', 'n_layer', 'n_head', 'n_kv_head', 'n_embd'] as const;

/**
 * The config, checked, with `padded_vocab_size` where only the shape of the embedding shows it. Throws N611 for an absent
 * field, N613 for one of another kind, N612 for an n_layer that the tensors contradict.
 */
export function nanochatConfig(config: JsonObject, tensors: Tensors, where: Where): JsonObject {
  checkConfig(config, tensors, where);
  const rows = tensors.get('transformer.wte.weight')?.shape[0];
  const vocab = config['vocab_size'];
  const believable = rows === vocab || rows === 64 * Math.ceil(Number(vocab) / 64);
  return rows === undefined || !believable || 'padded_vocab_size' in config
    ? config
    : { ...config, padded_vocab_size: rows };
}

function checkConfig(config: JsonObject, tensors: Tensors, { configFile = 'the config', path }: Where): void {
  const file = path === undefined ? {} : { file: path };
  const absent = requiredFields.filter((key) => config[key] === undefined || config[key] === null);
  if (absent.length > 0) {
    refuse('N611', `${configFile} has no ${absent.join(' and no ')} in its model_config`, {
      ...file,
      hint: 'nothing is guessed; put in what the model was trained with',
    });
  }
  for (const key of requiredFields) {
    const value = config[key];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1)
      refuse(
        'N613',
        `${key} is ${JSON.stringify(value).slice(0, 60)} in ${configFile}; a whole number is needed`,
        file,
      );
  }
  checkHeads(config, configFile, file);
  checkPattern(config['window_pattern'], configFile, file);
  checkLayers(Number(config['n_layer']), tensors, configFile, file);
}

/** Checks what nanochat itself asserts; `checkConfig` has found all three to be whole numbers. */
function checkHeads(config: JsonObject, configFile: string, file: { readonly file?: string }): void {
  for (const [whole, parts] of [
    ['n_embd', 'n_head'],
    ['n_head', 'n_kv_head'],
  ] as const) {
    const [a, b] = [Number(config[whole]), Number(config[parts])];
    if (a % b !== 0)
      refuse('N613', `${parts} is ${b} in ${configFile}, which does not divide ${whole}, ${a}`, file);
  }
}

function checkPattern(pattern: Json | undefined, configFile: string, file: { readonly file?: string }): void {
  if (pattern === undefined || pattern === null) return;
  if (typeof pattern === 'string' && /^[SL]+$/i.test(pattern)) return;
  refuse(
    'N613',
    `window_pattern is ${JSON.stringify(pattern).slice(0, 60)} in ${configFile}; it is made of the letters S and L`,
    file,
  );
}

function checkLayers(
  said: number,
  tensors: Tensors,
  configFile: string,
  file: { readonly file?: string },
): void {
  const layers = new Map<number, string>();
  for (const key of tensors.keys()) {
    const layer = Number(layerKey.exec(key)?.[1] ?? Number.NaN);
    if (!Number.isNaN(layer) && !layers.has(layer)) layers.set(layer, key);
  }
  let highest = -1;
  for (const layer of layers.keys()) highest = Math.max(highest, layer);
  let absent = 0;
  while (absent < said && layers.has(absent)) absent++;
  if (absent === said && highest === said - 1) return;
  const found =
    absent < said
      ? `the checkpoint has no transformer.h.${absent}`
      : `the checkpoint has ${layers.get(highest)} too`;
  refuse('N612', `${configFile} says n_layer is ${said}; ${found}`, {
    ...file,
    hint: `do ${fileName(configFile)} and the weights belong together?`,
  });
}
