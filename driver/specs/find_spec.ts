/**
 * Which shipped spec fits a checkpoint that is none of nanochat's. The specs themselves say so: one that takes a `model_type`
 * for granted (`expect "model_type" = ...`) is for the checkpoints that say it; the others are tried, and fit when every size is
 * found in the config and every tensor has its place.
 */

import { readFileSync } from 'node:fs';
import type { Checkpoint, JsonObject } from '../../compiler/checkpoint/checkpoint.ts';
import { isObject } from '../../compiler/checkpoint/safetensors.ts';
import type { File } from '../../spec/ast.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { nearest } from '../../spec/nearest.ts';
import { parse } from '../../spec/parse.ts';
import { includeShipped, type ShippedSpec, shippedSpecs } from '../shipped.ts';
import { refusals, tryFile } from './try_spec.ts';

export interface FoundSpec {
  readonly name: string;
  readonly why: string;
}

interface Candidate {
  readonly spec: ShippedSpec;
  readonly file: File;
  /** The `model_type` that it expects. */
  readonly type?: string;
}

/** Refuses (N507) with what was looked for. */
export function findSpec(checkpoint: Checkpoint): FoundSpec {
  const candidates = shippedSpecs()
    .filter(({ name }) => !name.startsWith('nanochat_'))
    .flatMap(candidate);
  const type = modelType(checkpoint.config);
  return type === undefined ? byTrial(checkpoint, candidates) : byType(checkpoint, candidates, type);
}

/** The `model_type` of a `config.json`, or that of the text model in a multimodal one. */
function modelType(config: JsonObject | undefined): string | undefined {
  const inner = config?.['text_config'];
  const type = (isObject(inner) ? inner['model_type'] : undefined) ?? config?.['model_type'];
  return typeof type === 'string' ? type : undefined;
}

function candidate(spec: ShippedSpec): readonly Candidate[] {
  const { value: file } = parse({ name: `${spec.name}.nanospec`, text: readFileSync(spec.path, 'utf8') });
  if (!file) return [];
  const type = typeExpected(file);
  return [{ spec, file, ...(type === undefined ? {} : { type }) }];
}

/** The `model_type` of the configs that a spec is for, where it says one. */
export function typeExpected({ declarations }: File): string | undefined {
  const models = declarations.flatMap((item) => (item.kind === 'Model' ? item.body : []));
  const entries = models.flatMap((item) => (item.kind === 'Config' ? item.entries : []));
  for (const entry of entries) {
    if (entry.kind === 'Expect' && entry.keys.some((k) => k.value === 'model_type'))
      return entry.value.kind === 'Text' ? entry.value.value : undefined;
  }
  return undefined;
}

const noConfig =
  'it has no config: put its config.json beside it, or name a spec and give its sizes with --set';

const nameOne =
  'name a spec: nanoc compile my_model.nanospec --checkpoint ...; `nanoc specs` lists those that ship';

function byType({ path }: Checkpoint, candidates: readonly Candidate[], type: string): FoundSpec {
  const found = candidates.find((c) => c.type === type);
  if (found) return { name: found.spec.name, why: `model_type is ${type}` };
  const types = candidates.flatMap((c) => c.type ?? []).sort();
  const near = nearest(type, types);
  throw new Refusal([
    error('N507', `no shipped spec is for the model_type ${JSON.stringify(type)}`, {
      file: path,
      expected: types.join(', '),
      hint: near ? `if it is built like ${near}, name that spec; or ${nameOne}` : nameOne,
    }),
  ]);
}

function byTrial(checkpoint: Checkpoint, candidates: readonly Candidate[]): FoundSpec {
  const tried = candidates
    .filter((c) => c.type === undefined)
    .map((c) => ({
      name: c.spec.name,
      errors: refusals(tryFile(c.file, (path) => includeShipped(path), checkpoint)),
    }));
  const found = tried.find((t) => t.errors.length === 0);
  if (found) return { name: found.name, why: 'every size is in its config, and every tensor has its place' };
  const closest = [...tried].sort((a, b) => a.errors.length - b.errors.length)[0];
  const near = closest ? `${closest.name} comes closest: ${closest.errors[0]!.message}; ${nameOne}` : nameOne;
  const sample = [...checkpoint.tensors.keys()].slice(0, 3).join(', ');
  throw new Refusal([
    error('N507', 'no shipped spec fits this checkpoint', {
      file: checkpoint.path,
      expected:
        "nanochat's keys (transformer.h.N.attn.c_q.weight), a config.json with a model_type, or the keys and the config of " +
        tried.map((t) => t.name).join(', '),
      found: sample || 'no tensors',
      hint: checkpoint.config ? near : noConfig,
    }),
  ]);
}
