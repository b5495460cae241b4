/** `nanoc inspect`: what a spec, a compiled model or a checkpoint holds. */

import type { Command } from 'commander';
import { whatIs } from '../driver/inspect/named.ts';
import { refuseStdout } from '../driver/output_path.ts';
import { loadPlugins } from '../driver/plugins/extensions.ts';
import { extensionsText } from '../driver/registry.ts';
import { usage } from '../driver/usage.ts';
import { asVerb, type Context } from './command.ts';
import { showCheckpoint } from './inspect_checkpoint.ts';
import { showModel } from './inspect_model.ts';
import { showSpec } from './inspect_spec.ts';
import type { CompileOptions } from './options/compile_options.ts';
import { whole } from './options/read_value.ts';
import { includeOption, pluginOption } from './options/repeatable.ts';
import { setOption } from './options/set_option.ts';
import type { IoOptions } from './output/io.ts';

interface Options
  extends Partial<IoOptions>,
    Pick<CompileOptions, 'checkpoint' | 'step' | 'set' | 'plugin' | 'includeFolder'> {
  readonly html?: string;
  readonly force?: boolean;
}

export function addInspect(program: Command): void {
  const command = program
    .command('inspect')
    .description('parameters, memory, ports and sizes of a spec, a compiled model or a checkpoint')
    .argument(
      '<what>',
      `a spec (file or shipped name), a ${extensionsText()} model that nanoc wrote, or a checkpoint`,
    )
    .option('--checkpoint <path>', 'with a spec: take its sizes from the config of this checkpoint')
    .option('--step <n>', 'the step of a checkpoint folder; the newest when left out', whole(0))
    .addOption(setOption('with a spec: '))
    .addOption(pluginOption())
    .addOption(includeOption())
    .option('--html <file>', 'of a spec: a page to look at, with the graph, the spec and the passes')
    .option('--force', 'with --html: overwrite what exists');
  asVerb(
    command,
    [
      'nanoc inspect llama --set layers=2',
      'nanoc inspect checkpoint',
      'nanoc inspect model.onnx',
      'nanoc inspect my_model.nanospec --html page.html',
    ],
    run,
    { quick: true },
  );
}

async function run(cx: Context, options: Options, [name = '']: readonly string[]): Promise<undefined> {
  const passes = await loadPlugins(options.plugin);
  const { kind, path } = whatIs(name);
  if (options.html !== undefined && kind !== 'spec')
    throw usage('--html draws specs', 'nanoc inspect SPEC --html page.html');
  refuseStdout(options.html, '--html');
  if (kind === 'model') showModel(cx, path);
  else if (kind === 'checkpoint') showCheckpoint(cx, path, options.step);
  else await showSpec(cx, path, { ...options, passes }, options);
}
