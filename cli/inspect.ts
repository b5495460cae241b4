/** `nanoc inspect`: what a spec, a compiled model or a checkpoint holds. */

import { readdirSync } from 'node:fs';
import type { Command } from 'commander';
import { findModel, isModelFile } from '../driver/model_kinds.ts';
import { isFolder } from '../driver/on_disk.ts';
import { refuseStdout } from '../driver/output_path.ts';
import { loadPlugins } from '../driver/plugins/extensions.ts';
import { extensionsText } from '../driver/registry.ts';
import { usage } from '../driver/usage.ts';
import { type Context, runAction, withGlobals } from './command.ts';
import { inspectCheckpoint } from './inspect_checkpoint.ts';
import { inspectFile } from './inspect_file.ts';
import { inspectSpec } from './inspect_spec.ts';
import { whole } from './options/compile_options.ts';
import type { InspectOptions } from './options/inspect_options.ts';
import { includeOption, pluginOption } from './options/repeatable.ts';
import { setOption } from './options/set_option.ts';

export function addInspect(program: Command): void {
  const command = program
    .command('inspect')
    .description('parameters, memory, ports and sizes of a spec, a compiled model or a checkpoint')
    .argument(
      '<what>',
      `a spec (file or shipped name), a ${extensionsText()} model that nanoc wrote, or a checkpoint`,
    )
    .option('--checkpoint <path>', 'with a spec: take its sizes from the config of this checkpoint')
    .option('--step <n>', 'the step of a checkpoint folder; newest by default', whole(0))
    .addOption(setOption('with a spec: '))
    .addOption(pluginOption())
    .addOption(includeOption())
    .option('--html <file>', 'of a spec: a page to look at, with the graph, the spec and the passes')
    .option('--force', 'with --html: overwrite what exists');
  withGlobals(command, [
    'nanoc inspect llama --set layers=2',
    'nanoc inspect checkpoint',
    'nanoc inspect model.onnx',
    'nanoc inspect my_model.nanospec --html page.html',
  ]).action((what: string, options: InspectOptions) => runAction(run, options, [what]));
}

async function run(
  cx: Context,
  options: InspectOptions,
  [named = '']: readonly string[],
): Promise<undefined> {
  const passes = await loadPlugins(options.plugin);
  const what = modelOf(named) ?? named;
  const isModel = isModelFile(what);
  const isSpec = !isModel && !isCheckpoint(what);
  if (options.html !== undefined && !isSpec)
    throw usage('--html draws specs', 'nanoc inspect SPEC --html page.html');
  refuseStdout(options.html, '--html');
  if (isModel) inspectFile(cx, what);
  else if (isCheckpoint(what)) await inspectCheckpoint(cx, what, options);
  else await inspectSpec(cx, what, options, passes);
}

/** The model in a folder that nanoc wrote; a folder with weights is a checkpoint, whatever else lies in it. */
function modelOf(folder: string): string | undefined {
  if (!isFolder(folder)) return undefined;
  const found = findModel(folder);
  const weights = /\.(safetensors|bin|pth|index\.json)$|^model_\d+\.pt$/;
  return readdirSync(folder).some((name) => weights.test(name)) ? undefined : found;
}

const isCheckpoint = (path: string): boolean =>
  /\.(pt|pth|bin|safetensors|index\.json)$/.test(path) || isFolder(path);
