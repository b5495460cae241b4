/** `nanoc verify`: run a compiled model and compare it with the interpreter, with itself, and with someone else's numbers. */

import { type Command, Option } from 'commander';
import { targetsOf } from '../driver/load_targets.ts';
import { namesModel } from '../driver/model_kinds.ts';
import { openInputs } from '../driver/open_inputs.ts';
import { loadPlugins } from '../driver/plugins/extensions.ts';
import { extensionsText } from '../driver/registry.ts';
import { verifyModels } from '../driver/verify/verify_models.ts';
import { verifySpec } from '../driver/verify/verify_spec.ts';
import { asVerb, type Context, exitCodes } from './command.ts';
import { targetOptionsOf, withCompileOptions } from './options/compile_options.ts';
import { withModelOptions } from './options/model_options.ts';
import { positive } from './options/read_value.ts';
import { deviceOption } from './options/sampling_options.ts';
import { reporting, type VerifyOptions } from './verify_report.ts';

export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .description('run and compare: with the reference, cached with uncached, target with target')
    .argument(
      '[what]',
      `a ${extensionsText()} file that nanoc wrote, a folder with one, or a spec to compile first`,
    )
    .optionsGroup('Checks:')
    .option('--golden <file>', 'a safetensors file with `tokens` and the `logits` that someone else computed')
    .option(
      '--atol <x>',
      'largest difference allowed between two logits, in place of the table of tolerances',
      positive,
    )
    .option('--full', 'run long texts through the interpreter too, which takes long')
    .option('--no-bisect', 'after a failure, do not look for the first value that differs')
    .addOption(new Option('--bisect', 'look for it, which is the default').default(true).hideHelp())
    .addOption(deviceOption('where the target runs'));
  asVerb(
    withCompileOptions(withModelOptions(command)),
    ['nanoc verify model.onnx', 'nanoc verify my_model.nanospec --set layers=2 --target onnx'],
    run,
  );
}

async function run(cx: Context, options: VerifyOptions, [what]: readonly string[]): Promise<number> {
  const passes = await loadPlugins(options.plugin); // which may bring the target of a file
  const told = reporting(cx, options, { passes });
  const pass =
    what !== undefined && namesModel(what)
      ? await verifyModels([what], told, cx)
      : await verifySpec(
          await targetsOf(options.target, options),
          openInputs(what, options, cx.io),
          { ...options, ...told, ...targetOptionsOf(options), passes },
          cx,
        );
  return pass ? exitCodes.fine : exitCodes.wrong;
}
