/** Options that may be given more than once, each time adding a value. */

import { Option } from 'commander';
import { whole } from './read_value.ts';

export const collect =
  <T>(read: (text: string) => T) =>
  (text: string, before: readonly T[]): readonly T[] => [...before, read(text)];

/** Numbers as in `1,2,3`. */
export const listOption = (flags: string, doc: string, usual: readonly number[]): Option =>
  new Option(flags, `${doc} [default ${usual.join(',')}]`).argParser((text) =>
    text.split(',').map((word) => whole(1)(word.trim())),
  );

export const includeOption = (): Option =>
  new Option(
    '--include-folder <folder>',
    "specs may be included from below this folder, besides the spec's own (repeatable)",
  )
    .default([])
    .argParser(collect(String));

export const pluginOption = (): Option =>
  new Option('--plugin <file>', 'a file with ops, passes or a target of yours (repeatable)')
    .default([])
    .argParser(collect(String));
