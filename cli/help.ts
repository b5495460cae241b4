/** The layout of every `--help`: choices and defaults in words, columns that fit the terminal, examples at the end. */

import { type Command, Help, type Option } from 'commander';
import { widthOf } from './output/terminal.ts';

/** Longer lines are hard to read, however wide the terminal. */
const mostColumns = 100;
/** Columns for descriptions; with less room beside the options, descriptions go below them. */
const fewestColumns = 30;

/** The configuration of help, which added commands inherit. */
export const withHelp = (program: Command): Command =>
  program.configureHelp({
    helpWidth: Math.min(mostColumns, widthOf(process.stdout) ?? 80),
    minWidthToWrap: 10,
    optionDescription: described,
    argumentDescription: described,
    formatItem,
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

function formatItem(this: Help, term: string, termWidth: number, description: string, helper: Help): string {
  const width = helper.helpWidth ?? 80;
  if (description === '' || width - termWidth - 4 >= fewestColumns) {
    return Help.prototype.formatItem.call(this, term, termWidth, description, helper);
  }
  const below = helper.boxWrap(description, width - 6).replaceAll('\n', '\n      ');
  return `  ${term}\n      ${below}`;
}

/** Adds examples to the help, one line each with its purpose. */
export const withExamples = (command: Command, examples: readonly string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`);
