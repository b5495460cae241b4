/** Completion for bash, including 3.2 of macOS: where nothing is known, and for files, bash's own completion takes over (`-o default`). */

import type { OptionWords, Tables, VerbWords, Word } from './tables.ts';

export function bashCompletion({ commands, verbs, specs }: Tables): string {
  return `# nanoc for bash: source <(nanoc completion bash)
_nanoc() {
  local now=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} verb=\${COMP_WORDS[1]} words=''
  # bash takes --dtype=f16 apart at the sign
  [ "$now" = '=' ] && now=''
  [ "$before" = '=' ] && before=\${COMP_WORDS[COMP_CWORD-2]}
  local specs='${specs.join(' ')}'
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${[...verbs.map(({ name }) => name), '--help', '--version'].join(' ')}'
  else
    case "$verb $before" in
${verbs.flatMap(({ name, options }) => options.flatMap((option) => valueCase(name, option))).join('\n')}
      *)
        case "$verb" in
${verbs.map(verbCase).join('\n')}
        esac ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$now"))
}
complete -o bashdefault -o default -F _nanoc ${commands.join(' ')}
`;
}

const valueCase = (verb: string, { names, value }: OptionWords): readonly string[] =>
  value ? [`      ${names.map((name) => `'${verb} ${name}'`).join('|')}) words=${wordsOf(value)} ;;`] : [];

const verbCase = ({ name, options, rest }: VerbWords): string => {
  const flags = options.flatMap(({ names }) => names).join(' ');
  return `          ${name}) case "$now" in -*) words='${flags}' ;; *) words=${wordsOf(rest)} ;; esac ;;`;
};

const wordsOf = (word: Word): string =>
  word.kind === 'one of' ? `'${word.words.join(' ')}'` : word.kind === 'spec' ? '$specs' : "''";
