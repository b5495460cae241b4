/** Reads the config: each entry comes from the command line, the checkpoint, its `else`, or its example. */

import type * as ast from '../../ast.ts';
import { error, warning } from '../../diagnostic.ts';
import { atom } from '../../dim.ts';
import { didYouMean } from '../../nearest.ts';
import { own } from '../../own.ts';
import type { ConfigEntry, ConfigValue } from '../../program.ts';
import { lowest } from '../../round.ts';
import { single } from '../bodies/evaluate.ts';
import type { Context, Site } from '../values/context.ts';
import { report } from '../values/reports.ts';
import { bool, describeKind, list, none, poison, text, type Value } from '../values/value.ts';
import { nameFree } from './items.ts';

/** Keys of the checkpoint's config that the spec has asked for, with dots. */
export type KeysRead = Set<string>;

export function readConfig<V>(site: Site<V, ast.Config>, read: KeysRead): void {
  const { cx, frame, node } = site;
  const lacking: ast.Entry[] = [];
  let itsOwn = true;
  for (const entry of node.entries) {
    for (const key of entry.keys) {
      read.add(key.value);
      if (node.from) read.add(`${node.from.value}.${key.value}`);
    }
    if (entry.kind === 'Expect') itsOwn = expectValue(site.at(entry), node.from?.value) && itsOwn;
    else {
      if (!nameFree(site.at(entry.name))) continue;
      const value = readEntry(site.at(entry), node.from?.value);
      if (value === 'lacking') lacking.push(entry);
      frame.scope.names.set(
        entry.name.text,
        isEntry(value) ? configValue(cx, entry.name.text, value.value) : poison,
      );
      if (isEntry(value)) cx.config.push(value);
      cx.configSpans.set(entry.name.text, entry.name.span);
    }
  }
  itsOwn = isCausal(cx, node) && itsOwn;
  // What another architecture's config lacks is not worth a word.
  if (itsOwn && lacking.length > 0) reportLacking(cx, lacking);
}

/** Refuses configs of models whose attention looks ahead, which no spec can compute, even if the spec does not read that entry. */
function isCausal<V>(cx: Context<V>, { span }: ast.Config): boolean {
  const said = cx.options.config?.['is_causal'] ?? true;
  if (said === true) return true;
  const message = `the checkpoint says "is_causal" = ${JSON.stringify(said)}; attention here is always causal`;
  report(cx, error('N612', message, { span, expected: 'true' }));
  return false;
}

const isEntry = (value: ConfigEntry | 'lacking' | undefined): value is ConfigEntry =>
  typeof value === 'object';

/** The value of an entry: a number becomes the size of its name, numbers of a list `name[0]` and so on. */
function configValue<V>(cx: Context<V>, name: string, value: ConfigValue): Value<V> {
  if (value === null) return none;
  if (typeof value === 'boolean') return bool(value);
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return { kind: 'number', value };
    cx.sizes.numbers.set(name, value);
    return { kind: 'number', value, dim: atom(name) };
  }
  return list(value.map((item, i) => configValue(cx, `${name}[${i}]`, item)));
}

function readEntry<V>(
  site: Site<V, ast.Entry>,
  inside: string | undefined,
): ConfigEntry | 'lacking' | undefined {
  const { cx, node: entry } = site;
  const name = entry.name.text;
  const { config, set } = cx.options;
  const stated = [entry.value, entry.else].flatMap((e) =>
    e ? [{ expr: e, value: constantOf(site.at(e)) }] : [],
  );
  if (stated.some((s) => s.value === undefined)) return undefined;
  const kinds = stated.flatMap((s) => (s.value === undefined ? [] : [s.value]));
  if (kinds.length === 2 && !alike(kinds[0]!, kinds[1]!)) {
    site
      .at(entry.else!)
      .fail(
        'N314',
        `\`${name}\` is ${kindOf(kinds[0]!)} by example and ${kindOf(kinds[1]!)} without its key`,
      );
    return undefined;
  }
  const given = set?.get(name);
  if (given !== undefined) {
    return fitting(cx, entry, kinds, given, 'what is set for it')
      ? { name, value: given, from: 'set' }
      : undefined;
  }
  const found = config && lookUp(config, entry.keys, inside);
  if (found) {
    const value = plain(found.value);
    if (value === undefined) return void reportObject(cx, entry, found.key);
    const whose = `the checkpoint's "${found.key}"`;
    if (typeof value === 'number' && Number.isFinite(value) && Math.abs(value) > -lowest('float32'))
      reportHuge(cx, entry, found.key, value);
    return fitting(cx, entry, kinds, value, whose)
      ? { name, value, from: 'checkpoint', key: found.key }
      : undefined;
  }
  const [example, otherwise] = [entry.value && kinds[0], entry.else && kinds.at(-1)];
  const keyed = config !== undefined && entry.keys.length > 0;
  if (keyed && config === null) return 'lacking';
  if (otherwise !== undefined && (keyed || example === undefined))
    return { name, value: otherwise, from: 'else' };
  if (example !== undefined && !keyed) return { name, value: example, from: 'example' };
  return keyed ? 'lacking' : void reportNoExample(site);
}

function constantOf<V>(site: Site<V, ast.Expr>): ConfigValue | undefined {
  const value = single(site);
  const found = toConfig(value);
  if (found === undefined && value.kind !== 'poison') {
    const what = 'a config entry is a number, a string, true or false, none, or a list of these';
    site.fail('N314', `${what}; found ${describeKind(value)}`);
  }
  return found;
}

function toConfig<V>(value: Value<V>): ConfigValue | undefined {
  if (value.kind === 'none') return null;
  if (value.kind === 'number' || value.kind === 'string' || value.kind === 'bool') return value.value;
  if (value.kind !== 'list') return undefined;
  const items = value.items.map(toConfig);
  return items.every((i) => i !== undefined) ? items : undefined;
}

const kindOf = (value: ConfigValue): string =>
  value === null
    ? 'none'
    : typeof value === 'object'
      ? 'a list'
      : { number: 'a number', string: 'a string', boolean: 'true or false' }[
          typeof value as 'number' | 'string' | 'boolean' // what is left of a config value
        ];

const alike = (a: ConfigValue, b: ConfigValue): boolean =>
  a === null || b === null || kindOf(a) === kindOf(b);

function fitting<V>(
  cx: Context<V>,
  { name }: ast.Entry,
  kinds: readonly ConfigValue[],
  value: ConfigValue,
  whose: string,
): boolean {
  const wanted = kinds.find((k) => k !== null);
  if (wanted === undefined || alike(wanted, value)) return true;
  report(
    cx,
    error('N613', `\`${name.text}\` must be ${kindOf(wanted)}; ${whose} is ${kindOf(value)}`, {
      span: name.span,
      expected: `${kindOf(wanted)}, as ${JSON.stringify(wanted)}`,
      found: JSON.stringify(value),
    }),
  );
  return false;
}

interface Found {
  readonly key: string;
  readonly value: unknown;
}

type Json = { readonly [key: string]: unknown };
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Looks up the first key that is present and not null, inside the named object first and then at the top. */
function lookUp(config: Json, keys: readonly ast.Text[], inside: string | undefined): Found | undefined {
  const nested = inside === undefined ? undefined : descend(config, inside);
  for (const root of isObject(nested) ? [nested, config] : [config]) {
    for (const { value: key } of keys) {
      const value = descend(root, key);
      if (value !== undefined && value !== null)
        return { key: root === nested ? `${inside}.${key}` : key, value };
    }
  }
  return undefined;
}

const descend = (root: Json, key: string): unknown =>
  key
    .split('.')
    .reduce<unknown>((at, word) => (isObject(at) && Object.hasOwn(at, word) ? at[word] : undefined), root);

/** Numbers that transformers writes as `{"__float__": "Infinity"}`, since JSON does not have them. */
const infinities: Readonly<Record<string, number>> = { Infinity: Infinity, '-Infinity': -Infinity };

function plain(value: unknown): ConfigValue | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
    return value;
  if (isObject(value))
    return typeof value['__float__'] === 'string' ? own(infinities, value['__float__']) : undefined;
  if (!Array.isArray(value)) return undefined;
  const items = value.map(plain);
  return items.every((i) => i !== undefined) ? items : undefined;
}

const quoted = (keys: readonly ast.Text[]): string => keys.map((k) => `"${k.value}"`).join(' or ');

const fileOf = <V>({ options: { configFile } }: Context<V>): string =>
  configFile ?? "the checkpoint's config";

function reportHuge<V>(cx: Context<V>, { name }: ast.Entry, key: string, value: number): void {
  report(
    cx,
    warning('N627', `\`${name.text}\` is ${value}, which float32 cannot hold`, {
      span: name.span,
      found: `"${key}" in ${fileOf(cx)}`,
      hint: 'no model was trained with such a number: is the config damaged?',
    }),
  );
}

function reportObject<V>(cx: Context<V>, { name }: ast.Entry, key: string): void {
  report(
    cx,
    error('N613', `"${key}" is an object in ${fileOf(cx)}; \`${name.text}\` needs a value`, {
      span: name.span,
      hint: `name the key inside it: "${key}.…"`.replace('…', '...'),
    }),
  );
}

function reportLacking<V>(cx: Context<V>, entries: readonly ast.Entry[]): void {
  const { config } = cx.options;
  if (config) {
    for (const entry of entries) reportMissing(cx, entry, config);
    return;
  }
  const names = entries.map((e) => e.name.text);
  report(
    cx,
    error('N611', `the checkpoint has no config: nothing says ${names.join(', ')}`, {
      span: entries[0]!.span,
      hint: `put its config.json beside it, or give each: ${names.map((n) => `--set ${n}=...`).join(' ')}`,
    }),
  );
}

function reportMissing<V>(cx: Context<V>, { keys, span, name }: ast.Entry, config: Json): void {
  const near = didYouMean(keys[0]!.value, Object.keys(config)).hint;
  report(
    cx,
    error('N611', `the checkpoint's config has no ${quoted(keys)}`, {
      span: keys[0]?.span ?? span,
      found: `${fileOf(cx)} has ${Object.keys(config).slice(0, 12).join(', ') || 'no keys'}`,
      hint:
        near ?? `if its absence means something, say what: ${name.text} ... from ${quoted(keys)} else ...`,
    }),
  );
}

function reportNoExample<V>(site: Site<V, ast.Entry>): void {
  const { name, keys } = site.node;
  site.at(name).fail('N611', `\`${name.text}\` has no value without a checkpoint`, {
    hint: `give it an example: ${name.text} = ... from ${quoted(keys)}`,
  });
}

/** False after a report. */
function expectValue<V>(site: Site<V, ast.Expect>, inside: string | undefined): boolean {
  const { cx, node } = site;
  const wanted = constantOf(site.at(node.value));
  const { config } = cx.options;
  const found = config && lookUp(config, node.keys, inside);
  if (wanted === undefined || !found || JSON.stringify(found.value) === JSON.stringify(wanted)) return true;
  const said = (value: unknown): string => (value === null ? 'none' : JSON.stringify(value));
  report(
    cx,
    error(
      'N612',
      `this spec is written for "${found.key}" = ${said(wanted)}; the checkpoint says ${said(found.value)}`,
      {
        span: node.span,
        expected: said(wanted),
        found: `${said(found.value)}, in ${fileOf(cx)}`,
        hint: 'the checkpoint is of another architecture than this spec; where no spec is named, the one that fits is found',
      },
    ),
  );
  return false;
}

/** Refuses `--set` of names that are no entries. */
export function checkSet<V>(cx: Context<V>, names: readonly string[]): void {
  for (const name of cx.options.set?.keys() ?? []) {
    if (names.includes(name)) continue;
    const near = didYouMean(name, names);
    const hint =
      near.hint ?? (names.length > 0 ? `entries are ${names.join(', ')}` : 'this model has no config');
    report(cx, error('N620', `--set ${name}: the config has no entry of this name`, { hint }));
  }
}

/** Keys that nothing asked for; of objects that were looked into, the keys inside. */
export function unreadKeys(config: Json | null | undefined, read: KeysRead): readonly string[] {
  const looked = new Set([...read].flatMap((key) => prefixes(key)));
  const left: string[] = [];
  const visit = (at: Json, prefix: string): void => {
    for (const [key, value] of Object.entries(at)) {
      const path = `${prefix}${key}`;
      if (read.has(path)) continue;
      if (isObject(value) && looked.has(path)) visit(value, `${path}.`);
      else left.push(path);
    }
  };
  visit(config ?? {}, '');
  return left;
}

const prefixes = (key: string): readonly string[] => {
  const words = key.split('.');
  return words.slice(0, -1).map((_, i) => words.slice(0, i + 1).join('.'));
};
