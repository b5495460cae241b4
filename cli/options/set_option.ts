/** `--set name=value`: JSON where it parses as JSON, text otherwise. */

import { InvalidArgumentError, Option } from 'commander';
import type { ConfigValue } from '../../spec/program.ts';

export type SetOption = Map<string, ConfigValue>;

export const setOption = (of = ''): Option =>
  new Option('--set <name=value>', `${of}override a config entry (repeatable)`)
    .default(new Map())
    .argParser(collectSet);

function collectSet(text: string, soFar: SetOption): SetOption {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('say name=value, as in --set layers=4.');
  return new Map(soFar).set(text.slice(0, at).trim(), parseValue(text.slice(at + 1)));
}

function parseValue(text: string): ConfigValue {
  if (text === 'none') return null;
  try {
    const value: unknown = JSON.parse(text);
    return isConfigValue(value) ? value : text;
  } catch {
    return text;
  }
}

const isConfigValue = (x: unknown): x is ConfigValue =>
  x === null ||
  ['boolean', 'number', 'string'].includes(typeof x) ||
  (Array.isArray(x) && x.every(isConfigValue));
