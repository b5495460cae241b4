/** What targets declare that they can be told, held against what they are told. */

import type { Backend } from '../backends/backend.ts';
import { backends } from '../backends/index.ts';
import type { EmitOptions, OptionValue, TargetOption } from '../backends/target_option.ts';
import { nearest } from '../spec/nearest.ts';
import { usage } from './usage.ts';

/** `minLibtorch` -> `--min-libtorch` */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

/** Options that have a name of their own on the command line: those of all targets that come with nanoc; what several read is declared alike. */
export const ownOptions: Readonly<Record<string, TargetOption>> = Object.assign(
  {},
  ...backends.map((backend) => backend.options ?? {}),
);

/** As it is typed: `--opset 21`, and `--target-option level=9` for one that a plugin's target declares. */
export const typedOption = (name: string, value: OptionValue): string =>
  Object.hasOwn(ownOptions, name) ? `${flagOf(name)} ${value}` : `--target-option ${name}=${value}`;

/** What the option may be, in words: `a whole number from 17 to 26`. */
export const allowedText = ({ choices, range }: TargetOption): string =>
  choices
    ? `one of ${choices.join(', ')}`
    : range
      ? `a whole number from ${range.least} to ${range.most}`
      : 'a text';

/** A value as typed or given; undefined where the option cannot be that. */
export function optionValue({ choices, range }: TargetOption, given: OptionValue): OptionValue | undefined {
  if (choices) return choices.find((choice) => choice === String(given));
  if (!range) return given;
  const n = Number(given);
  return /^\d+$/.test(String(given)) && n >= range.least && n <= range.most ? n : undefined;
}

/** With what the target declares for what is left out. Refuses (N510) what it does not read, and what an option cannot be. */
export function emitOptions(
  { name: target, options = {} }: Backend,
  given: Readonly<Record<string, OptionValue>> = {},
  fileName: string,
): EmitOptions {
  const read = Object.entries(given).map(([name, value]) => {
    const declared = Object.hasOwn(options, name) ? options[name]! : undefined;
    if (!declared) throw unread(name, target, Object.keys(options));
    const found = optionValue(declared, value);
    if (found === undefined)
      throw usage(`\`${name}\` of ${target} cannot be ${value}`, `it wants ${allowedText(declared)}`);
    return [name, found] as const;
  });
  const usual = Object.entries(options).flatMap(([name, option]) =>
    option.default === undefined ? [] : [[name, option.default] as const],
  );
  return { ...Object.fromEntries(usual), ...Object.fromEntries(read), fileName };
}

/** Which of `given`, meant for any of several targets, one of them reads. Refuses (N510) what none of them reads. */
export function optionsFor(
  target: Backend,
  targets: readonly Backend[],
  given: Readonly<Record<string, OptionValue>>,
): Readonly<Record<string, OptionValue>> {
  const reads =
    (name: string) =>
    ({ options = {} }: Backend): boolean =>
      Object.hasOwn(options, name);
  const stray = Object.keys(given).find((name) => !targets.some(reads(name)));
  if (stray !== undefined) {
    throw usage(
      `${flagOf(stray)} means nothing to ${targets.map((t) => t.name).join(' and ')}`,
      `it is for --target ${backends.find(reads(stray))?.name ?? ''}; leave one of the two out`,
    );
  }
  return Object.fromEntries(Object.entries(given).filter(([name]) => reads(name)(target)));
}

function unread(name: string, target: string, known: readonly string[]) {
  const near = nearest(name, known);
  const list = known.length > 0 ? `it reads ${known.join(', ')}` : 'it reads none';
  return usage(`${target} has no option \`${name}\``, near ? `did you mean \`${near}\`?` : list);
}
