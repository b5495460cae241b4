/** `nanoc bench`: how fast compiled models load, read prompts and go on, all of them taking turns in one run. */

import type { Command } from 'commander';
import { type BenchOptions, benchDefaults, benchModels } from '../driver/bench/bench_models.ts';
import { benchPage } from '../driver/bench/bench_page.ts';
import { closingLines, figureCells, figureTitles, modelLine } from '../driver/bench/bench_text.ts';
import type { BenchReport } from '../driver/bench/report.ts';
import { bytes } from '../driver/byte_count.ts';
import { refuseStdout } from '../driver/output_path.ts';
import { loadPlugins } from '../driver/plugins/extensions.ts';
import { signalCodes } from '../driver/process/exit_codes.ts';
import { extensionsText } from '../driver/registry.ts';
import { refuseText, writeText } from '../driver/write_text.ts';
import { asVerb, type Context, exitCodes } from './command.ts';
import { farewellOf } from './farewell.ts';
import { type ModelOptions, withModelOptions } from './options/model_options.ts';
import { whole } from './options/read_value.ts';
import { listOption, pluginOption } from './options/repeatable.ts';
import { deviceOption } from './options/sampling_options.ts';
import type { IoOptions } from './output/io.ts';
import { table } from './output/table.ts';
import { laidOut } from './output/terminal.ts';

type Wanted = Pick<BenchOptions, 'context' | 'batch' | 'rounds' | 'steps' | 'device'>;

interface Options extends ModelOptions, Partial<IoOptions>, Wanted {
  readonly html?: string;
  readonly force?: boolean;
}

export function addBench(program: Command): void {
  const { context, batch, rounds, steps } = benchDefaults;
  const command = program
    .command('bench')
    .description('how fast compiled models load, read prompts and go on, taking turns in one run')
    .argument('<model...>', `${extensionsText()} files that nanoc wrote, or folders with one`)
    .optionsGroup('Measurement:')
    .addOption(listOption('--context <n,...>', 'tokens before those that are timed', context))
    .addOption(listOption('--batch <n,...>', 'rows at once', batch))
    .option('--steps <n>', 'tokens that are timed after each prompt', whole(1), steps)
    .option('--rounds <n>', 'how often each model has its turn', whole(1), rounds)
    .addOption(deviceOption('where the models run'))
    .optionsGroup('Output:')
    .option('--html <file>', 'a page to look at, with plots')
    .option('--force', 'with --html: overwrite what exists')
    .optionsGroup('Models:');
  asVerb(
    withModelOptions(command).addOption(pluginOption()),
    ['nanoc bench model.onnx', 'nanoc bench model.onnx --context 32,64 --batch 1,4 --html bench.html'],
    run,
  );
}

async function run(cx: Context, options: Options, models: readonly string[]): Promise<number> {
  cx.farewell = farewellOf('bench');
  refuseStdout(options.html, '--html');
  if (options.html !== undefined && !options.force) refuseText(options.html);
  const plugins = await loadPlugins(options.plugin);
  let [complete, stopped] = [0, false];
  cx.stopsShort = () => {
    const first = complete > 0 && !stopped; // what is complete is shown
    stopped ||= first;
    return first;
  };
  const open = { ...options, plugins, signal: cx.signal };
  const onRound = (n: number): void => {
    complete = n;
  };
  const report = await benchModels(models, { ...options, open, onRound, isEnough: () => stopped }, cx);
  if (options.html !== undefined) {
    const size = await writeText(options.html, benchPage(report), options.force ?? false, cx);
    cx.io.note(`${options.html}: ${bytes(size)}, open it in a browser`);
  }
  cx.io.answer(
    () => shown(report),
    () => report,
  );
  return stopped ? signalCodes.SIGINT : exitCodes.fine;
}

function shown(report: BenchReport): string {
  const columns = figureTitles.map((title, i) => ({ title, ...(i < 2 ? {} : { align: 'right' as const }) }));
  const rows = report.models.flatMap((model) => model.figures.map((figure) => figureCells(model, figure)));
  return laidOut([...report.models.map(modelLine), '', table(columns, rows), '', ...closingLines(report)]);
}
