/** How every `--help` is set out: choices and defaults in words, columns that fit the terminal, examples at the end. */

import type { Command, Option } from 'commander';
import { listed, widthOf } from './output/terminal.ts';

/** Longer lines are hard to read, however wide the terminal. */
const mostColumns = 100;

/** The configuration of help, which added commands inherit. */
export const withHelp = (program: Command): Command =>
  program.configureHelp({
    helpWidth: Math.min(mostColumns, widthOf(process.stdout) ?? 80),
    optionDescription: described,
    argumentDescription: described,
    formatItem: (term, termWidth, description, { helpWidth = 80 }) =>
      listed(term, termWidth, description, helpWidth),
  });

/** `storage of the weights [f32, f16, bf16; default f32]`; lists that are empty and switches have no default to speak of. */
function described({
  description,
  argChoices,
  defaultValue,
  defaultValueDescription,
}: Pick<Option, 'description' | 'argChoices' | 'defaultValue' | 'defaultValueDescription'>): string {
  const plain = typeof defaultValue === 'number' || typeof defaultValue === 'string';
  const value = defaultValueDescription ?? (plain ? String(defaultValue) : undefined);
  const parts = [argChoices?.join(', '), value === undefined ? undefined : `default ${value}`];
  const said = parts.filter((part) => part !== undefined).join('; ');
  return said === '' ? description : `${description} [${said}]`;
}

/** Adds examples to the help, one line each with its purpose. */
export const withExamples = (command: Command, examples: readonly string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`);
