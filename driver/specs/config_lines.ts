/** The config of a checkpoint as lines of keys and values, and which of them a spec has no use for. */

import type { Checkpoint, JsonObject } from '../../compiler/checkpoint/checkpoint.ts';
import { isObject } from '../../compiler/checkpoint/safetensors.ts';
import { isWithin } from '../../spec/dotted_path.ts';
import { largest } from '../../spec/long_list.ts';

interface Reader {
  readonly name?: string;
  /** Keys, or objects of keys, that the spec neither reads nor expects. */
  readonly unread?: readonly string[];
}

export function configLines(
  { config, configFile }: Checkpoint,
  { name, unread = [] }: Reader,
): readonly string[] {
  if (!config) return ['config: none'];
  const all = flat(config, '');
  const width = largest(
    all.map(({ key }) => key.length),
    0,
  );
  const isUnread = (key: string): boolean => unread.some((u) => isWithin(key, u));
  const legend = name && unread.length > 0 ? `; - is what ${name} neither reads nor expects` : '';
  return [
    `config (${configFile ?? 'in the file'})${legend}:`,
    ...all.map(({ key, value }) => `${isUnread(key) ? '-' : ' '} ${key.padEnd(width)}  ${short(value)}`),
  ];
}

function flat(
  config: JsonObject,
  prefix: string,
): readonly { readonly key: string; readonly value: unknown }[] {
  return Object.entries(config).flatMap(([name, value]) => {
    const key = prefix + name;
    return isObject(value) && Object.keys(value).length > 0 ? flat(value, `${key}.`) : [{ key, value }];
  });
}

const [mostItems, mostLetters] = [6, 100];

function short(value: unknown): string {
  if (Array.isArray(value) && value.length > mostItems) {
    const items = value.slice(0, mostItems - 2).map((item) => JSON.stringify(item));
    return cut(`[${items.join(', ')}, ... ${value.length} in all]`);
  }
  return cut(JSON.stringify(value));
}

const cut = (text: string): string =>
  text.length > mostLetters ? `${text.slice(0, mostLetters)}... ${text.length} letters` : text;
