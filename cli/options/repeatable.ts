/** Options that may be given more than once, each time adding a value. */

import { Option } from 'commander';

export const collect =
  <T>(read: (text: string) => T) =>
  (text: string, before: readonly T[]): readonly T[] => [...before, read(text)];

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
