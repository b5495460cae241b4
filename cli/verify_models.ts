/** Verifies compiled models for `compile` and `verify`, and prints the results. */

import type { Checkpoint } from '../compiler/checkpoint/checkpoint.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import type { Session } from '../compiler/ports/session.ts';
import { openModel } from '../driver/model_kinds.ts';
import { type VerifyModelOptions, verifyModel } from '../driver/verify_model.ts';
import type { VerifyReport, VerifyRow } from '../runtime/verify/verify.ts';
import { Refusal } from '../spec/diagnostic.ts';
import { type Context, exitCodes } from './command.ts';
import type { CompileOptions } from './options/compile_options.ts';
import { type ModelOptions, openOptions } from './options/model_options.ts';
import { type Painter, painter } from './output/painter.ts';
import { table } from './output/table.ts';
import { farewellOf } from './process/farewell.ts';

export type VerifyOptions = CompileOptions &
  ModelOptions &
  Pick<VerifyModelOptions, 'golden' | 'device' | 'bisect' | 'atol' | 'full'>;

/** What the command has loaded already. */
interface Loaded {
  /** Of plugins. */
  readonly passes: readonly Pass[];
  /** What the models were compiled from here; without it, the options may name one. */
  readonly checkpoint?: Checkpoint | undefined;
}

/** Verifies each model, and compares each further one with the first. Exit code 0 when every check passes. */
export async function verifyModels(
  cx: Context,
  paths: readonly string[],
  options: VerifyOptions,
  { passes, checkpoint }: Loaded,
): Promise<number> {
  const sessions: Session[] = [];
  cx.farewell = farewellOf('verify');
  let code: number = exitCodes.fine;
  const opening = openOptions(cx, options, passes);
  const compared = { ...options, ...(checkpoint ? { opened: checkpoint } : {}) };
  try {
    for (const path of paths) {
      const model = openModel(path, opening);
      const session = stoppable(await model.open(options.device ?? 'cpu'), cx.signal);
      sessions.push(session);
      const { pass } = await verifyModel(model, session, { ...compared, ...observed(cx, sessions) }, cx);
      if (!pass) code = exitCodes.wrong;
    }
    return code;
  } finally {
    for (const session of sessions) await session.close();
  }
}

/** The first of several models is what the others are compared with. */
const observed = (cx: Context, sessions: readonly Session[]): VerifyModelOptions => ({
  ...(sessions.length > 1 ? { peer: sessions[0]! } : {}),
  onRow: (row) => void (cx.io.options.json && cx.io.json(row)),
  onReport: (report) => show(cx, report),
});

/** Checks for Ctrl-C between calls, and does not count it as a failed check. */
const stoppable = (session: Session, signal: AbortSignal): Session => ({
  ...session,
  async run(feeds, fetches) {
    await new Promise((heard) => void setImmediate(heard));
    if (signal.aborted) throw new Refusal([]);
    return session.run(feeds, fetches);
  },
});

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
