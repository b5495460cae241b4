/** A `tokenizer_config.json`: which tokens begin and end a text, and whether they are put around it, as transformers reads it. */

import type { Json } from '../../compiler/checkpoint/checkpoint.ts';
import { parseJson } from '../../compiler/checkpoint/strict_json.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { isMap, type JsonMap } from './hub_json.ts';

/** Refuses (N621) a file that is no JSON object; no file counts as an empty object. */
export function readConfig(bytes: Uint8Array | undefined, file: string): JsonMap {
  if (!bytes) return {};
  const parsed = parseJson(new TextDecoder().decode(bytes));
  if ('value' in parsed && isMap(parsed.value)) return parsed.value;
  const found = 'problem' in parsed ? parsed.problem : 'no object';
  throw new Refusal([error('N621', 'not valid JSON', { file: `${file} (its config)`, found })]);
}

/** `"</s>"`, or `{ "content": "</s>", ... }`. */
export const nameOf = (token: Json | undefined): string | undefined => {
  const text = isMap(token) ? token['content'] : token;
  return typeof text === 'string' ? text : undefined;
};

export interface EndTokens {
  readonly bos?: string;
  readonly eos?: string;
  /** Put around every text. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Of a tokenizer that has no post processor of its own; its own names hold where the config has none. */
export function endsIn(
  settings: JsonMap,
  own: { readonly bos?: string | undefined; readonly eos?: string | undefined } = {},
): EndTokens {
  const named = (key: 'bos' | 'eos'): string | undefined => {
    const token = settings[`${key}_token`];
    return token === null ? undefined : (nameOf(token) ?? own[key]);
  };
  const [bos, eos] = [named('bos'), named('eos')];
  return {
    ...(bos === undefined ? {} : { bos }),
    ...(eos === undefined ? {} : { eos }),
    before: settings['add_bos_token'] === true && bos !== undefined ? [bos] : [],
    after: settings['add_eos_token'] === true && eos !== undefined ? [eos] : [],
  };
}

/** A post processor that does so; none where nothing is put around a text. */
export function around({ before, after }: EndTokens, idOf: (name: string) => number): JsonMap | null {
  if (before.length + after.length === 0) return null;
  const tokens = (names: readonly string[], type_id: number) =>
    names.map((id) => ({ SpecialToken: { id, type_id } }));
  const text = (id: string, type_id: number) => [
    ...tokens(before, type_id),
    { Sequence: { id, type_id } },
    ...tokens(after, type_id),
  ];
  const special = [...before, ...after].map((id) => [id, { id, ids: [idOf(id)], tokens: [id] }]);
  return {
    type: 'TemplateProcessing',
    single: text('A', 0),
    pair: [...text('A', 0), ...text('B', 1)],
    special_tokens: Object.fromEntries(special),
  };
}
