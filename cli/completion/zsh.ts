/** Completion for zsh, by its `_arguments`. */

import type { OptionWords, Tables, VerbWords, Word } from './tables.ts';

export function zshCompletion({ commands, verbs, specs }: Tables): string {
  return `#compdef ${commands.join(' ')}
# nanoc for zsh: nanoc completion zsh > a folder of $fpath, as _nanoc; or source <(nanoc completion zsh)
_nanoc_specs() {
  local -a specs=(${specs.join(' ')})
  _alternative 'specs:spec:($specs)' 'files:file:_files'
}
_nanoc() {
  local -a verbs=(
${verbs.map(({ name, doc }) => `    ${quoted(`${name}:${doc}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe verb verbs
    return
  fi
  local verb=$words[2]
  shift words
  (( CURRENT-- ))
  case $verb in
${verbs.map(verbCase).join('\n')}
  esac
}
if [ "$funcstack[1]" = _nanoc ]; then _nanoc "$@"; else compdef _nanoc ${commands.join(' ')}; fi
`;
}

const verbCase = ({ name, options, rest }: VerbWords): string =>
  `    ${name}) _arguments \\
${[...options.flatMap(optionArguments), quoted(`*:word:${actionOf(rest)}`)]
  .map((line) => `      ${line}`)
  .join(' \\\n')} ;;`;

/** Any of them may be repeated, which only some have a use for; nanoc says so. */
const optionArguments = ({ names, doc, value }: OptionWords): readonly string[] =>
  names.map((name) =>
    quoted(`*${name}[${doc.replace(/[[\]:]/g, '\\$&')}]${value ? `:value:${actionOf(value)}` : ''}`),
  );

const actions = { file: '_files', spec: '_nanoc_specs', any: ' ' } as const;

const actionOf = (word: Word): string =>
  word.kind === 'one of' ? `(${word.words.join(' ')})` : actions[word.kind];

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
