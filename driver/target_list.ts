/** Targets and their options as lists show them: ours, and those that plugins have brought. */

import type { Backend } from '../backends/backend.ts';
import type { TargetOption } from '../backends/target_option.ts';
import { targets } from './registry.ts';
import { ownOptions, typedOption } from './target_options.ts';

interface Row {
  readonly name: string;
  readonly doc: string;
}

/** Plain values, as `nanoc targets --json` prints them. */
export const targetReports = () =>
  targets().map(({ name, doc, extension, options = {} }) => ({ name, doc, extension, options }));

/** A row for each target, and below it one for each of its options. */
export const targetRows = (): readonly Row[] =>
  targets().flatMap((target) => [
    target,
    ...optionRows(target).map(({ name, doc }) => ({ name: `  ${name}`, doc })),
  ]);

const optionRows = ({ options = {} }: Backend): readonly Row[] =>
  Object.entries(options).map(([name, option]) => ({
    name: typedOption(name, option.value),
    doc: wholeDocOf(option),
  }));

/** What an option is, with its bounds. */
export const docOf = ({ doc, range }: TargetOption): string =>
  range ? `${doc}, ${range.least} to ${range.most}` : doc;

/** The same with its choices and its default: `how hard gzip tries, 1 to 9 [default 6]`. */
function wholeDocOf(option: TargetOption): string {
  const { choices, default: usual } = option;
  const parts = [choices?.join(', '), usual === undefined ? undefined : `default ${usual}`];
  const said = parts.filter((part) => part !== undefined).join('; ');
  return said === '' ? docOf(option) : `${docOf(option)} [${said}]`;
}

/** What `--target-option` takes: `; level=<n>: how hard gzip tries`, and so on. */
export const addedOptions = (): string =>
  targets()
    .flatMap(({ options = {} }) => Object.entries(options))
    .filter(([name]) => !Object.hasOwn(ownOptions, name))
    .map(([name, option]) => `; ${name}=${option.value}: ${wholeDocOf(option)}`)
    .join('');
