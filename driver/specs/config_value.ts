/** The value of a config entry as someone types it. */

import type { ConfigValue } from '../../spec/program.ts';

/** JSON where it parses as JSON, `none`, and a text otherwise. */
export function configValue(text: string): ConfigValue {
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
