/** The configuration of a checkpoint: in the file itself, or in `meta_NNNNNN.json`, `config.json` or litgpt's `model_config.yaml` beside it. */

import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import type { Json, JsonObject, LazyTensor } from './checkpoint.ts';
import { readSmall } from './file_node.ts';
import { looksLikeNanochat, nanochatConfig } from './nanochat.ts';
import { refuse } from './refuse.ts';
import { isObject } from './safetensors.ts';
import { parseJson } from './strict_json.ts';

export interface FoundConfig {
  readonly config?: JsonObject;
  /** For messages: `meta_000000.json`, or `model_args in ckpt.pt`. */
  readonly configFile?: string;
  readonly meta?: JsonObject;
  /** Path of the file beside the checkpoint that the config came from. */
  readonly path?: string;
}

interface Inside {
  readonly config?: JsonObject;
  readonly configKey?: string;
}

/** Bytes of a JSON file. */
const jsonLimit = 16_000_000;
/** Bytes of a YAML file, whose parser is slower; those of litgpt have about 1 kB. */
const yamlLimit = 64_000;

export function findConfig(
  file: string,
  { config, configKey }: Inside,
  tensors: ReadonlyMap<string, LazyTensor>,
): FoundConfig {
  const nanochat = looksLikeNanochat(tensors);
  const found =
    fromMeta(file) ??
    inside(file, config, configKey) ??
    (basename(file) === 'lit_model.pth' ? fromYaml(file) : undefined) ??
    fromConfig(file) ??
    fromYaml(file) ??
    {};
  if (!nanochat) return found;
  if (found.config) return { ...found, config: nanochatConfig(found.config, tensors, found) };
  // An empty config, so that every size is asked for instead of taken from the spec's example.
  return { config: {}, configFile: `${metaName(file)} (not there)` };
}

/** From nanochat's meta file: the one of the same step, or the only one beside a file without a step in its name. */
function fromMeta(file: string): FoundConfig | undefined {
  const own = join(dirname(file), metaName(file));
  const path = existsSync(own) ? own : onlyMeta(file);
  if (path === undefined) return undefined;
  const meta = readJson(path);
  const config = meta['model_config'];
  if (!isObject(config)) {
    refuse('N611', `${basename(path)} has no model_config`, {
      file: path,
      hint: 'nanochat writes it beside the weights: {"step": ..., "model_config": {...}}',
    });
  }
  return { config, configFile: basename(path), meta, path };
}

/** `model_000500.pt` -> `meta_000500.json`. */
const metaName = (file: string): string => `meta_${stepDigits(file) ?? 'NNNNNN'}.json`;

const stepDigits = (file: string): string | undefined => /_(\d+)\.[a-z]+$/.exec(basename(file))?.[1];

function onlyMeta(file: string): string | undefined {
  if (stepDigits(file) !== undefined) return undefined;
  const metas = readdirSync(dirname(file)).filter((name) => /^meta_\d+\.json$/.test(name));
  return metas.length === 1 ? join(dirname(file), metas[0]!) : undefined;
}

function inside(file: string, config?: JsonObject, key?: string): FoundConfig | undefined {
  return config && { config, configFile: `${key ?? 'config'} in ${basename(file)}` };
}

function fromConfig(file: string): FoundConfig | undefined {
  const path = join(dirname(file), 'config.json');
  return existsSync(path) ? { config: readJson(path), configFile: 'config.json', path } : undefined;
}

/** From litgpt's own file; the `config.json` beside it is a copy from the hub, where entries have other names. */
function fromYaml(file: string): FoundConfig | undefined {
  const path = join(dirname(file), 'model_config.yaml');
  if (!existsSync(path)) return undefined;
  const text = readSmall(path, yamlLimit).toString();
  let value: unknown;
  try {
    value = parseYaml(text, { schema: 'core', logLevel: 'error' });
  } catch (cause) {
    const [why = 'it cannot be read'] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    refuseConfig(path, `is not valid YAML: ${why}`);
  }
  // Through JSON: what is no plain value has no place in a config.
  const plain = JSON.parse(JSON.stringify(value ?? null)) as Json;
  if (!isObject(plain)) refuseConfig(path, 'is not a mapping');
  return { config: plain, configFile: 'model_config.yaml', path };
}

function refuseConfig(path: string, problem: string): never {
  refuse('N613', `${basename(path)} ${problem}`, {
    file: path,
    hint: 'copy it again from where it was made',
  });
}

function readJson(path: string): JsonObject {
  const parsed = parseJson(readSmall(path, jsonLimit), { python: true });
  const problem =
    'problem' in parsed
      ? `is not valid JSON: ${parsed.problem}`
      : isObject(parsed.value)
        ? undefined
        : 'is not a JSON object';
  if (problem !== undefined || 'problem' in parsed) refuseConfig(path, `${problem}`);
  return parsed.value as JsonObject; // isObject above
}
