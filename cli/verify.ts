/** `nanoc verify`: run a compiled model and compare it with the interpreter, with itself, and with someone else's numbers. */

import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type ModelFile, namesModel, openModel } from '../driver/model_kinds.ts';
import { openInputs, usage } from '../driver/open_inputs.ts';
import { recompileModel } from '../driver/recompile_model.ts';
import type { Device } from '../runtime/sessions/onnx_node_session.ts';
import type { Session } from '../runtime/sessions/session.ts';
import { readGolden } from '../runtime/verify/golden.ts';
import { type VerifyReport, type VerifyRow, verify } from '../runtime/verify/verify.ts';
import { windowsOf } from '../runtime/verify/windows.ts';
import { wholeTextSession } from '../runtime/whole_text.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import { type Context, exitCodes, runAction, withGlobals } from './command.ts';
import { compileTo, targetsOf } from './compile.ts';
import { type CompileOptions, positive, withCompileOptions } from './compile_options.ts';
import { farewellOf } from './farewell.ts';
import { type ModelOptions, openOptions, withModelOptions } from './model_options.ts';
import { type Painter, painter } from './painter.ts';
import { deviceOption } from './sampling_options.ts';
import { table } from './table.ts';
import { workFolder } from './work_folder.ts';

export interface VerifyOptions extends CompileOptions, ModelOptions {
  readonly golden?: string;
  readonly device?: Device;
  readonly bisect?: boolean;
  readonly atol?: number;
  readonly full?: boolean;
}

export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .description('run and compare: with the reference, cached with uncached, target with target')
    .argument('[what]', 'a .onnx or .pt file that nanoc wrote, a folder with one, or a spec to compile first')
    .optionsGroup('Checks:')
    .option('--golden <file>', 'a safetensors file with `tokens` and the `logits` that someone else computed')
    .option('--atol <x>', 'largest difference of two logits, in place of the table of tolerances', positive)
    .option('--full', 'long texts through the interpreter too')
    .option('--no-bisect', 'after a failure, do not look for the first value that differs')
    .addOption(new Option('--bisect', 'look for it, which is the default').default(true).hideHelp())
    .addOption(deviceOption('where the target runs'));
  withGlobals(withCompileOptions(withModelOptions(command)), [
    'nanoc verify model.onnx',
    'nanoc verify my_model.nanospec --set layers=2 --target onnx',
  ]).action((what: string | undefined, options: VerifyOptions) =>
    runAction(run, options, what === undefined ? [] : [what]),
  );
}

async function run(cx: Context, options: VerifyOptions, [what]: readonly string[]): Promise<number> {
  if (what !== undefined && namesModel(what)) return verifyModel(cx, what, options);
  const { backends, passes } = await targetsOf(options);
  const unknown = backends.find((b) => !namesModel(b.extension));
  if (unknown)
    throw usage(`nothing here runs what ${unknown.name} writes`, 'verify takes onnx and torchscript');
  const { folder, remove } = workFolder();
  try {
    const inputs = openInputs(what, options, cx.io);
    if (!inputs.checkpoint) cx.io.note(`weights: random (seed ${options.seed})`);
    const paths: string[] = [];
    for (const backend of backends) {
      const output = { ...options, out: `${folder}/`, passes };
      const written = await compileTo(cx, inputs, output, backend, backends.length);
      paths.push(written.path);
    }
    return await verifyModels(cx, paths, options);
  } finally {
    remove();
  }
}

export const verifyModel = (cx: Context, path: string, options: VerifyOptions): Promise<number> =>
  verifyModels(cx, [path], options);

/** Each by itself, and each after the first with the first. Exit code 0 when every check passes. */
async function verifyModels(cx: Context, paths: readonly string[], options: VerifyOptions): Promise<number> {
  const sessions: Session[] = [];
  cx.farewell = farewellOf('verify');
  let code: number = exitCodes.fine;
  const opening = await openOptions(cx, options);
  try {
    for (const path of paths) {
      const model = openModel(path, opening);
      const session = stoppable(await model.open(options.device ?? 'cpu'), cx.signal);
      sessions.push(session);
      code = Math.max(code, await verifyOne(cx, model, sessions, options));
    }
    return code;
  } finally {
    for (const session of sessions) await session.close();
  }
}

/** The last of `sessions`, and with the first where there are several. */
async function verifyOne(
  cx: Context,
  model: ModelFile,
  sessions: readonly Session[],
  options: VerifyOptions,
): Promise<number> {
  const { io } = cx;
  const { manifest } = model;
  const again = recompileModel(cx, model, options);
  const { built, reference } = again.compiled;
  const report = await verify({
    session: sessions.at(-1)!,
    ...(sessions.length > 1 ? { peer: sessions[0]! } : {}),
    reference: wholeTextSession(built, manifest, again.plainWeights),
    windows: windowsOf(reference),
    full: options.full ?? false,
    ...(options.golden === undefined
      ? {}
      : { golden: readGolden(readFile(options.golden), options.golden, manifest.vocab) }),
    ...(options.atol === undefined ? {} : { atol: options.atol }),
    onRow: (row) => void (io.options.json && io.json(row)),
    onEstimate: ({ what, seconds }) => io.note(`${what}: about ${seconds.toFixed(0)} s`),
  });
  show(cx, report);
  if (report.pass) return exitCodes.fine;
  io.report(report.diagnostics);
  if (options.bisect !== false && report.failing) {
    const { explainFailure } = await import('../driver/explain_failure.ts');
    await explainFailure(cx, model, again, report.failing, options);
  }
  return exitCodes.wrong;
}

/** Between calls Ctrl-C is heard; what it throws is not taken for a failed check. */
const stoppable = (session: Session, signal: AbortSignal): Session => ({
  ...session,
  async run(feeds, fetches) {
    await new Promise((heard) => void setImmediate(heard));
    if (signal.aborted) throw new Refusal([]);
    return session.run(feeds, fetches);
  },
});

function readFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal([error('N707', `golden file ${path} cannot be read`, { file: path, found })]);
  }
}

const figure = (x: number): string => (x === 0 ? '0' : x.toExponential(1));

/** Of a script that asks for --quiet, what agrees is the exit code. */
function show({ io }: Context, { rows, target, reference, pass }: VerifyReport): void {
  const worst = rows.reduce((most, r) => Math.max(most, r.max_abs), 0);
  if (io.options.json) {
    io.json({ target, reference: reference ?? null, pass, checks: rows.length, max_abs: worst });
    return;
  }
  const right = (title: string) => ({ title, align: 'right' }) as const;
  const columns = [{ title: 'check' }, { title: 'what' }, right('max abs'), right('max rel')];
  const rest = [right('top-1'), right('KL'), right('memory'), right('allowed'), { title: '' }];
  const say = pass ? io.made : io.result;
  const paint = painter(io.options, process.stdout);
  say(
    table(
      [...columns, ...rest],
      rows.map((row) => cells(row, paint)),
    ),
  );
  const differ = rows.filter((r) => !r.pass).length;
  const verdict = pass ? paint.good('all agree') : paint.bad(`${differ} differ${differ === 1 ? 's' : ''}`);
  say(
    `${target} against ${reference ?? 'itself'}: ${rows.length} checks, ${verdict}, worst ${figure(worst)}`,
  );
}

function cells(row: VerifyRow, paint: Painter): readonly string[] {
  const { check, what, max_abs, max_rel, top1, kl, memory, port, tolerance, pass, note } = row;
  const top = `${(100 * top1).toFixed(top1 === 1 ? 0 : 1)}%`;
  const verdict = `${pass ? paint.good('ok') : paint.bad('FAILED')}${note ? ` (${note})` : ''}`;
  const kept = port === undefined ? '' : figure(memory);
  const figures = [figure(max_abs), figure(max_rel), top, figure(kl), kept, figure(tolerance.abs)];
  return [check, what, ...figures, verdict];
}
