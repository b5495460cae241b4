/** Tables of what a shell can complete, from the same declarations as `--help`. */

import type { Argument, Command, Option } from 'commander';
import { families, shippedSpecs } from '../../driver/shipped.ts';

/** What a word can be completed to. */
export type Word =
  | { readonly kind: 'one of'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  /** The name of a spec that ships, or a file. */
  | { readonly kind: 'spec' }
  /** Numbers and texts, which cannot be completed. */
  | { readonly kind: 'any' };

export interface OptionWords {
  /** `-o` and `--out`, or one of the two. */
  readonly names: readonly string[];
  readonly doc: string;
  /** Absent for a switch. */
  readonly value?: Word;
}

export interface VerbWords {
  readonly name: string;
  readonly doc: string;
  readonly options: readonly OptionWords[];
  /** The words that are no options. */
  readonly rest: Word;
}

export interface Tables {
  /** The command, and the other name under which the package installs it. */
  readonly commands: readonly string[];
  readonly verbs: readonly VerbWords[];
  readonly specs: readonly string[];
}

export function tablesOf(program: Command): Tables {
  return {
    commands: [program.name(), 'nanospec'],
    verbs: program.commands.map(verbWords),
    specs: [...Object.keys(families), ...shippedSpecs().map(({ name }) => name)],
  };
}

function verbWords(command: Command): VerbWords {
  const helper = command.createHelp();
  const [first] = command.registeredArguments;
  return {
    name: command.name(),
    doc: command.description(),
    options: helper.visibleOptions(command).map(optionWords),
    rest: first ? argumentWord(first) : { kind: 'any' },
  };
}

function optionWords({ short, long, description, argChoices, flags }: Option): OptionWords {
  const names = [short, long].filter((name) => name !== undefined);
  const [, value] = /<(.+)>/.exec(flags) ?? [];
  return {
    names,
    doc: description.split(/[;:(]/)[0]!.trim(),
    ...(value === undefined ? {} : { value: argChoices ? oneOf(argChoices) : placeOf(value) }),
  };
}

const argumentWord = (argument: Argument): Word =>
  argument.argChoices ? oneOf(argument.argChoices) : placeOf(argument.name());

const oneOf = (words: readonly string[]): Word => ({ kind: 'one of', words });

/** Kinds of words by their placeholders in the help. */
const places: Readonly<Record<string, Word['kind']>> = {
  ...{ path: 'file', file: 'file', folder: 'file', model: 'file' },
  ...{ spec: 'spec', what: 'spec', word: 'spec' },
};

function placeOf(name: string): Word {
  const kind = places[name] ?? 'any';
  return kind === 'one of' ? { kind: 'any' } : { kind };
}
