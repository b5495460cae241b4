/** `--set name=value`: JSON where it parses as JSON, text otherwise. */

import { Option } from 'commander';
import { configValue } from '../../driver/specs/config_value.ts';
import type { ConfigValue } from '../../spec/program.ts';
import { nameAndValue } from './read_value.ts';

export type SetOption = Map<string, ConfigValue>;

export const setOption = (of = ''): Option =>
  new Option('--set <name=value>', `${of}override a config entry (repeatable)`)
    .default(new Map())
    .argParser(collectSet);

function collectSet(text: string, soFar: SetOption): SetOption {
  const [name, value] = nameAndValue(text, ', as in --set layers=4');
  return new Map(soFar).set(name, configValue(value));
}
