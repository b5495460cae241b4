/** Completion for fish: a line for each verb, option and word. */

import type { OptionWords, Tables, VerbWords, Word } from './tables.ts';

export function fishCompletion({ commands, verbs, specs }: Tables): string {
  const lines = commands.flatMap((command) => [
    `complete -c ${command} -f`,
    ...verbs.map(({ name, doc }) => line(command, '__fish_use_subcommand', `-a ${name}`, doc)),
    ...verbs.flatMap((verb) => verbLines(command, verb)),
  ]);
  return `# nanoc for fish: nanoc completion fish > ~/.config/fish/completions/nanoc.fish
set -g __nanoc_specs ${specs.join(' ')}
${lines.join('\n')}
`;
}

function verbLines(command: string, { name, options, rest }: VerbWords): readonly string[] {
  const when = `__fish_seen_subcommand_from ${name}`;
  const words = wordsOf(rest);
  return [
    ...(words === '' ? [] : [line(command, when, words)]),
    ...options.map(({ names, doc, value }) => line(command, when, flagsOf(names, value), doc)),
  ];
}

const flagsOf = (names: OptionWords['names'], value: Word | undefined): string => {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  return [
    ...flags,
    ...(value
      ? [value.kind === 'any' ? '-x' : `${value.kind === 'one of' ? '-x' : '-r'} ${wordsOf(value)}`]
      : []),
  ].join(' ');
};

const words = { file: '-F', spec: "-F -a '$__nanoc_specs'", any: '' } as const;

const wordsOf = (word: Word): string =>
  word.kind === 'one of' ? `-a '${word.words.join(' ')}'` : words[word.kind];

const line = (command: string, when: string, what: string, doc?: string): string =>
  `complete -c ${command} -n '${when}' ${what}${doc === undefined ? '' : ` -d '${doc.replace(/[\\']/g, '\\$&')}'`}`;
