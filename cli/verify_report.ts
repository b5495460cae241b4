/** Prints what `compile --verify` and `verify` find, as it is found. */

import type { Checkpoint } from '../compiler/checkpoint/checkpoint.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import type { VerifyModelsOptions } from '../driver/verify/verify_models.ts';
import type { VerifyReport, VerifyRow } from '../runtime/verify/verify.ts';
import type { Context } from './command.ts';
import { farewellOf } from './farewell.ts';
import type { CompileOptions } from './options/compile_options.ts';
import type { ModelOptions } from './options/model_options.ts';
import { type Painter, painter } from './output/painter.ts';
import { table } from './output/table.ts';

export type VerifyOptions = CompileOptions &
  ModelOptions &
  Pick<VerifyModelsOptions, 'golden' | 'device' | 'bisect' | 'atol' | 'full'>;

/** What the command has loaded already. */
export interface Loaded {
  /** Of plugins. */
  readonly passes: readonly Pass[];
  /** What the models were compiled from here; without it, the options may name one. */
  readonly checkpoint?: Checkpoint | undefined;
}

/** What the driver is told, so that rows and reports are printed when they come. */
export function reporting(
  cx: Context,
  options: VerifyOptions,
  { passes, checkpoint }: Loaded,
): VerifyModelsOptions {
  cx.farewell = farewellOf('verify');
  return {
    ...options,
    ...(checkpoint ? { opened: checkpoint } : {}),
    open: { ...options, plugins: passes, signal: cx.signal },
    onRow: (row) => void (cx.io.options.json && cx.io.json(row)),
    onReport: (report) => show(cx, report),
  };
}

const figure = (x: number): string => (x === 0 ? '0' : x.toExponential(1));

/** Prints the table; with --quiet, only when a check failed, since the exit code says the rest. */
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
