/** `nanoc completion`: a script that teaches a shell the verbs, options and words of this version. */

import { Argument, type Command } from 'commander';
import { asVerb } from './command.ts';
import { bashCompletion } from './completion/bash.ts';
import { fishCompletion } from './completion/fish.ts';
import { type Tables, tablesOf } from './completion/tables.ts';
import { zshCompletion } from './completion/zsh.ts';
import { choice } from './options/choice.ts';

const shells: Readonly<Record<string, (tables: Tables) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** `whole` gives a program with every verb. */
export function addCompletion(program: Command, whole: () => Promise<Command>): void {
  const command = program
    .command('completion')
    .description('print what completes verbs, options and names in a shell')
    .addArgument(choice(new Argument('<shell>', 'the one whose script is wanted'), Object.keys(shells)));
  asVerb(
    command,
    ['source <(nanoc completion bash)', 'nanoc completion fish > ~/.config/fish/completions/nanoc.fish'],
    async ({ io }, _, [name = '']) => {
      const script = shells[name]!(tablesOf(await whole())); // the parser let it pass
      io.answer(
        () => script,
        () => ({ shell: name, script }),
      );
      return undefined;
    },
  );
}
