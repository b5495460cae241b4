/** The verbs, one line each; only the one that was typed is loaded, so that `nanoc check` starts fast. */

import { Command, CommanderError } from 'commander';
import { version } from '../compiler/generated/version.ts';
import { error } from '../spec/diagnostic.ts';
import { own } from '../spec/own.ts';
import { toJson } from '../spec/render.ts';
import { exitCodes, runAction, watchStreams } from './command.ts';
import { withHelp } from './help.ts';

type Add = (program: Command) => void;

const lists = async (): Promise<Add> => (await import('./lists.ts')).addLists;

/** In the order of the help text; each module adds one verb, or several that belong together. */
const verbs: Readonly<Record<string, () => Promise<Add>>> = {
  compile: async () => (await import('./compile.ts')).addCompile,
  verify: async () => (await import('./verify.ts')).addVerify,
  run: async () => (await import('./run.ts')).addRun,
  chat: async () => (await import('./chat.ts')).addChat,
  bench: async () => (await import('./bench.ts')).addBench,
  check: async () => (await import('./check.ts')).addCheck,
  new: async () => (await import('./new.ts')).addNew,
  fmt: async () => (await import('./fmt.ts')).addFmt,
  inspect: async () => (await import('./inspect.ts')).addInspect,
  targets: lists,
  specs: lists,
  completion: async () => {
    const { addCompletion } = await import('./completion.ts');
    return (program) => addCompletion(program, () => withVerbs(withHelp(new Command('nanoc'))));
  },
};

/** Loads the named verb, or all of them. */
async function withVerbs(program: Command, named?: () => Promise<Add>): Promise<Command> {
  for (const load of named ? [named] : new Set(Object.values(verbs))) (await load())(program);
  return program;
}

/** `argv` as Node has it, two words before the first argument; leaves the exit code in `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  watchStreams();
  const program = withHelp(new Command('nanoc'))
    .description('compile GPT-style models written as text to files that run anywhere')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this')
    .helpCommand('help [command]', 'show the help of a command')
    .showHelpAfterError('(add --help for what there is)')
    .exitOverride();
  const json = argv.includes('--json');
  if (json) program.configureOutput({ outputError: () => {}, writeErr: () => {} });
  const typed = own(verbs, argv[2] ?? '');
  if (!(await loadForHelp(argv))) return;
  await withVerbs(program, typed);
  try {
    if (argv[2] !== undefined && !typed) await refuseVerb(program, argv[2]);
    await program.parseAsync(argv);
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // Help and the version end with 0; whatever else commander stops at is usage.
    process.exitCode = thrown.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
    if (json && thrown.exitCode !== 0) process.stdout.write(`${JSON.stringify(usageJson(thrown))}\n`);
  }
}

/** Help tells of targets that plugins bring, which have to be loaded before the options are declared; false where that failed. */
async function loadForHelp(argv: readonly string[]): Promise<boolean> {
  const named = [...argv.join('\0').matchAll(/\0--plugin[=\0]([^\0]+)/g)].map(([, file]) => file!);
  if (named.length === 0 || !argv.some((word) => word === '--help' || word === '-h')) return true;
  const { loadPlugins } = await import('../driver/plugins/extensions.ts');
  await runAction(async () => void (await loadPlugins(named)), { json: argv.includes('--json') }, []);
  return process.exitCode === exitCodes.fine;
}

/** Names of verbs in other tools, and ours. */
const otherVerbs: Readonly<Record<string, string>> = {
  ...{ export: 'compile', convert: 'compile', build: 'compile', generate: 'run', infer: 'run' },
  ...{ test: 'verify', validate: 'verify', lint: 'check', format: 'fmt', init: 'new', create: 'new' },
  ...{ show: 'inspect', info: 'inspect', summary: 'inspect', list: 'specs', models: 'specs' },
};

/** Refuses a file without a verb, or a verb of another tool; commander reports misspelled ones. */
async function refuseVerb(program: Command, word: string): Promise<void> {
  if (word.startsWith('-')) return;
  const said = `error: unknown command '${word}'`;
  const meant = own(otherVerbs, word);
  if (meant) program.error(`${said}\n(Did you mean ${meant}?)`);
  if (!/[./\\]/.test(word)) return;
  const { endsLikeModel } = await import('../driver/model_kinds.ts');
  const verb = endsLikeModel(word) ? 'run' : word.endsWith('.nanospec') ? 'compile' : 'inspect';
  program.error(`${said}\n(Did you mean nanoc ${verb} ${word}?)`);
}

/** An error of the command line as JSON, like every other diagnostic. */
function usageJson({ message }: CommanderError): unknown {
  const [first = '', ...more] = message.replace(/^error: /, '').split('\n');
  return toJson(error('N510', first, more.length > 0 ? { hint: more.join(' ').replace(/[()]/g, '') } : {}));
}
