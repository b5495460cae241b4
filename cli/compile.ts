/** `nanoc compile`: a spec and its weights to the files of a target. */

import { type Command, Option } from 'commander';
import { requestOf } from '../driver/compile_to.ts';
import { compileToAll, outputFor } from '../driver/compile_to_all.ts';
import { targetsOf } from '../driver/load_targets.ts';
import { lookInside, type Stage } from '../driver/look_inside.ts';
import { openInputs } from '../driver/open_inputs.ts';
import { refuseStdout } from '../driver/output_path.ts';
import { loadPlugins } from '../driver/plugins/extensions.ts';
import { asVerb, type Context, exitCodes } from './command.ts';
import { choice } from './options/choice.ts';
import { type CompileOptions, targetOptionsOf, withCompileOptions } from './options/compile_options.ts';
import { summarise } from './summarise.ts';
import type { Loaded } from './verify_report.ts';

interface Options extends CompileOptions {
  readonly out?: string;
  readonly force?: boolean;
  readonly checkWeights?: boolean;
  readonly tokenizer?: string;
  readonly emit?: Stage;
  readonly explain?: string;
  readonly verify?: boolean;
}

export function addCompile(program: Command): void {
  const command = withCompileOptions(program.command('compile'))
    .description('compile a spec and its weights to a target')
    .argument(
      '[spec]',
      'a .nanospec file, or the name of a shipped spec; found from --checkpoint when left out',
    )
    .optionsGroup('Output:')
    .option('-o, --out <path>', 'file, or a folder when it ends in /; written whole or not at all')
    .option('--force', 'overwrite what exists')
    .option('--check-weights', 'with --external link: read the weights all the same, and report on them')
    .option(
      '--tokenizer <path>',
      'a tokenizer to put beside the model, when there is none beside the checkpoint',
    )
    .option('--verify', 'verify what was written')
    .optionsGroup('Look inside:')
    .addOption(
      choice(new Option('--emit <stage>', 'print what the compiler sees at this stage, and write nothing'), [
        'ast',
        'graph',
        'passes',
      ]),
    )
    .option('--explain <pass>', 'print what a pass did and why it left the rest; `all` for every pass');
  asVerb(
    command,
    [
      'nanoc compile --checkpoint checkpoint -o model.onnx --verify',
      'nanoc compile --checkpoint checkpoint --layout transformers.js -o web',
      'nanoc compile --checkpoint checkpoint --target torchscript -o model.pt',
      'nanoc compile my_model.nanospec --set layers=2 -o random.onnx',
    ],
    run,
    { quick: true },
  );
}

async function run(cx: Context, options: Options, [spec]: readonly string[]): Promise<number> {
  refuseStdout(options.out);
  const passes = await loadPlugins(options.plugin); // which may bring the target
  const backends = await targetsOf(options.target, options);
  const inputs = openInputs(spec, options, cx.io);
  const { tokenizer: copies, checkpoint } = inputs;
  const output = { ...options, ...targetOptionsOf(options), ...(copies ? { copies } : {}), passes };
  if (options.emit || options.explain) {
    const [backend] = backends;
    const request = requestOf(inputs, outputFor(backend!, backends, output), backend!);
    for (const { text, json } of lookInside(request, options, cx.io))
      cx.io.answer(
        () => text,
        () => json,
      );
    return exitCodes.fine;
  }
  let code: number = exitCodes.fine;
  for await (const written of compileToAll(backends, inputs, output, cx)) {
    summarise(cx.io, written);
    if (!options.verify) continue;
    if (!(await isVerified(cx, written.path, options, { passes, checkpoint }))) code = exitCodes.wrong;
  }
  return code;
}

async function isVerified(cx: Context, path: string, options: Options, loaded: Loaded): Promise<boolean> {
  const { verifyModels } = await import('../driver/verify/verify_models.ts');
  const { reporting } = await import('./verify_report.ts');
  return verifyModels([path], reporting(cx, options, loaded), cx);
}
