/** A warning for entries of a checkpoint's config that the spec never reads, where they could change what is computed. */

import type { Checkpoint, Json } from '../../compiler/checkpoint/checkpoint.ts';
import { isObject } from '../../compiler/checkpoint/safetensors.ts';
import { type Diagnostic, warning } from '../../spec/diagnostic.ts';
import { lastOf } from '../../spec/dotted_path.ts';
import type { Program } from '../../spec/program.ts';
import { isNeutral } from '../draft/entries.ts';
import { idle } from '../draft/entry_names.ts';

/** Matches names of entries that could change the arithmetic without changing the shape of a tensor or only concerning training. */
const telling =
  /multiplier|scale|scaling|soft_?cap|capping|_cap$|clip|clamp|window|alibi|rope|rotary|rope_theta|norm|eps|^act|activation|_act$|_act_|gelu|per_tok|top_?k|bias|causal|parallel|temperature|qk_|sinks?$/i;

const silent = /_dim$|_size$|pattern|layers$|types$|^time_step|scale_attn_weights|vision|audio/i;

type Entry = readonly [key: string, value: Json];

export function unreadEntries(
  checkpoint: Checkpoint | undefined,
  { unread, config }: Pick<Program, 'unread' | 'config'>,
): readonly Diagnostic[] {
  if (!checkpoint?.config) return [];
  const root = checkpoint.config;
  const known = new Set(config.map(({ value }) => JSON.stringify(value)));
  const entries = unread
    .flatMap((key) => flat(key, at(root, key)))
    .filter(([key, value]) => couldMatter(key, value) && !known.has(JSON.stringify(value)));
  if (entries.length === 0) return [];
  const [shown, rest] = [entries.slice(0, mostEntriesShown), entries.length - mostEntriesShown];
  const list = shown.map(([key, value]) => `${key} = ${short(value)}`).join(', ');
  return [
    warning('N624', `the spec reads nothing of ${list}${rest > 0 ? ` and ${rest} more` : ''}`, {
      file: checkpoint.configFile ?? checkpoint.path,
      hint: 'the model was made without it; where that is right, `expect` in the spec says so',
    }),
  ];
}

const mostEntriesShown = 6;

const short = (value: Json): string => {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
};

const at = (root: Json, key: string): Json =>
  key.split('.').reduce<Json>((value, word) => (isObject(value) ? (value[word] ?? null) : null), root);

const flat = (key: string, value: Json): readonly Entry[] =>
  isObject(value)
    ? Object.entries(value).flatMap(([name, inner]) => flat(`${key}.${name}`, inner))
    : [[key, value]];

function couldMatter(key: string, value: Json): boolean {
  const name = lastOf(key);
  return telling.test(key) && !silent.test(key) && !idle(key) && !isNeutral(name, value);
}
