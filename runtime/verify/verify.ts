/** Compares a compiled model with the interpreter, with itself and with numbers of another implementation, as rows of one table. */

import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { Session } from '../../compiler/ports/session.ts';
import { type Diagnostic, error, Refusal } from '../../spec/diagnostic.ts';
import { largest, smallest } from '../../spec/long_list.ts';
import { compareLogits, type Difference, magnitude, within } from './compare.ts';
import type { Golden } from './golden.ts';
import { type Allowed, allowed, type Comparison, forSize, portShare } from './tolerance.ts';
import { checks } from './verify_checks.ts';
import { worstPort } from './verify_memory.ts';
import type { Call } from './verify_run.ts';
import { limitOf, type Pair, type Step, type Subject, sum } from './verify_step.ts';
import { goldenSteps, greedySteps, type TokenStep } from './verify_tokens.ts';
import { type Watched, watch } from './verify_watch.ts';

export interface VerifyRow {
  /** `reference`, `cache`, `padding`, ... */
  readonly check: string;
  readonly what: string;
  readonly max_abs: number;
  readonly max_rel: number;
  /** Share of positions with the same most probable token. */
  readonly top1: number;
  /** Largest divergence of two next-token distributions, nats. */
  readonly kl: number;
  /** Largest |difference| of what is remembered, as a share of the largest number of that port. */
  readonly memory: number;
  /** The port of that difference. */
  readonly port?: string;
  /** The tolerance for logits of the size that was found. */
  readonly tolerance: Allowed;
  readonly pass: boolean;
  /** Why the check did not run, or another remark. */
  readonly note?: string;
}

export interface VerifyReport {
  readonly target: string;
  readonly reference?: string;
  readonly rows: readonly VerifyRow[];
  readonly pass: boolean;
  /** N701 when something differs. */
  readonly diagnostics: readonly Diagnostic[];
  /** The failed row with the fewest tokens, and what `bisect` needs of it. */
  readonly failing?: Failing;
}

export interface Failing {
  readonly row: VerifyRow;
  readonly calls: readonly Call[];
  /** The tolerance for logits of the usual size. */
  readonly tolerance: Allowed;
}

export interface VerifyOptions {
  readonly session: Session;
  readonly reference?: Session;
  /** The same model without a cache; the target, called once, when left out. */
  readonly uncached?: Session;
  /** Another target of the same model to compare with as well. */
  readonly peer?: Session;
  /** The manifest; that of the session when left out. */
  readonly manifest?: Manifest;
  readonly golden?: Golden;
  /** Keys that windowed layers see, from `windowsOf`. */
  readonly windows?: readonly number[];
  /** Long texts too, through the interpreter as well. */
  readonly full?: boolean;
  readonly atol?: number;
  readonly seed?: number;
  readonly onRow?: (row: VerifyRow) => void;
  /** Called before a step that is estimated to take more than `estimateFrom` seconds, 2 by default. */
  readonly onEstimate?: (estimate: { readonly what: string; readonly seconds: number }) => void;
  readonly estimateFrom?: number;
}

interface Planned {
  readonly check: string;
  readonly kind: Comparison;
  readonly step: Step | TokenStep;
}

/** Number of steps whose times are measured before the rest is estimated. */
const measuredSteps = 3;

export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const { session, reference, uncached, peer, onRow } = options;
  const manifest = options.manifest ?? session.manifest;
  const target = watch(session);
  const believed = reference && watch(reference);
  const subject: Subject = {
    target: target.session,
    ...(believed ? { reference: believed.session } : {}),
    uncached: uncached ?? target.session,
    ...(peer ? { peer } : {}),
    limit: limitOf(manifest),
    windows: options.windows ?? [],
    full: options.full ?? false,
    seed: options.seed ?? 1,
  };
  const plan = planOf(subject, options.golden);
  const predict = estimator(target, believed);
  const rows: VerifyRow[] = [];
  let failing: VerifyReport['failing'];
  for (const [i, { check, kind, step }] of plan.entries()) {
    const rest = i === measuredSteps ? plan.slice(i) : [];
    tell(options, 'all checks', sum(rest.map((p) => predict(p.step))));
    if (i >= measuredSteps && !isTooLong(step, predict(step)))
      tell(options, `${check}: ${step.what}`, predict(step));
    const tolerance = toleranceOf(kind, manifest, options);
    const limit = { ...tolerance, fixed: options.atol !== undefined };
    const row = await runStep(check, unlessLong(step, predict(step)), limit);
    rows.push(row);
    onRow?.(row);
    if (!row.pass && (!failing || tokensOf(step.calls) < tokensOf(failing.calls))) {
      failing = { row, calls: step.calls, tolerance };
    }
  }
  const finite = finiteRow(target);
  rows.push(finite);
  onRow?.(finite);
  return {
    target: session.label,
    ...(reference ? { reference: reference.label } : {}),
    rows,
    pass: rows.every((r) => r.pass),
    diagnostics: diagnose(rows, session.label),
    ...(failing ? { failing } : {}),
  };
}

/** For two targets, the wider of their tolerances counts. */
function toleranceOf(kind: Comparison, manifest: Manifest, { peer, atol }: VerifyOptions): Allowed {
  const own = allowed(kind, manifest, atol);
  if (kind !== 'peer' || !peer) return own;
  const other = allowed(kind, peer.manifest, atol);
  return other.abs > own.abs ? other : own;
}

const tokensOf = (calls: readonly Call[]): number =>
  sum(calls.map(({ tokens }) => tokens.length * (tokens[0]?.length ?? 0)));

/** A long step that would take more seconds than this runs only with `--full`. */
const mostSecondsOfLongStep = 20;

const isTooLong = (step: Step | TokenStep, seconds: number): boolean =>
  step.long === true && seconds > mostSecondsOfLongStep;

const unlessLong = <S extends Step | TokenStep>(step: S, seconds: number): S =>
  isTooLong(step, seconds) ? { ...step, skipped: `about ${seconds.toFixed(0)} s; --full runs it` } : step;

function planOf(subject: Subject, golden: Golden | undefined): readonly Planned[] {
  const usual = checks.flatMap(({ name, kind, steps }) =>
    steps(subject).map((step): Planned => ({ check: name, kind, step })),
  );
  const greedy = greedySteps(subject).map((step): Planned => ({ check: 'greedy', kind: 'reference', step }));
  const theirs = golden ? goldenSteps(subject, golden) : [];
  return [...usual, ...greedy, ...theirs.map((step): Planned => ({ check: 'golden', kind: 'golden', step }))];
}

const estimator =
  (target: Watched, believed: Watched | undefined) =>
  ({ work }: Step | TokenStep): number =>
    target.predict(work.target) + (believed?.predict(work.reference) ?? 0);

function tell({ onEstimate, estimateFrom = 2 }: VerifyOptions, what: string, seconds: number): void {
  if (seconds > estimateFrom) onEstimate?.({ what, seconds });
}

const nothing: Omit<VerifyRow, 'check' | 'what' | 'tolerance' | 'pass'> = {
  max_abs: 0,
  max_rel: 0,
  top1: 1,
  kl: 0,
  memory: 0,
};

interface Limit extends Allowed {
  /** Whether the figure is the user's own, which is not scaled. */
  readonly fixed: boolean;
}

/** A session that fails makes the check fail, unless it refuses with something that the user can do. */
async function runStep(check: string, step: Step | TokenStep, limit: Limit): Promise<VerifyRow> {
  const { fixed, ...tolerance } = limit;
  const head = { check, what: step.what, tolerance };
  if (step.skipped !== undefined) return { ...head, ...nothing, pass: true, note: step.skipped };
  try {
    if ('runTokens' in step) {
      const { share, note } = await step.runTokens(tolerance);
      return { ...head, ...nothing, top1: share, pass: share === 1, ...(note ? { note } : {}) };
    }
    return { ...head, ...rowOf(await step.run(), limit) };
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    const note = `it did not run: ${cause instanceof Error ? cause.message.split('\n')[0]! : String(cause)}`;
    return { ...head, ...nothing, top1: 0, pass: false, note };
  }
}

type Figures = Omit<VerifyRow, 'check' | 'what'>;

/** The worst of several comparisons, each with the tolerance for its own logits. */
function rowOf(pairs: readonly Pair[], { fixed, ...tolerance }: Limit): Figures {
  const all = pairs.map(({ expected, actual }) => {
    const mine = fixed ? tolerance : forSize(tolerance, magnitude(expected));
    const d = compareLogits(expected, actual, mine);
    return { d, mine, pass: within(d, mine) };
  });
  const worst = (of: (d: Difference) => number): number =>
    largest(
      all.map(({ d }) => of(d)),
      0,
    );
  const positions = sum(all.map(({ d }) => d.positions));
  const port = worstPort(pairs.flatMap((p) => p.memory ?? []));
  const kept = !port || port.share <= portShare(tolerance);
  const strictest = smallest(all.map(({ mine }) => mine.abs));
  const spread = worst((d) => d.spread);
  const notes = [
    ...(port && !kept ? [`${port.name} is ${port.share.toExponential(1)} of its size off`] : []),
    ...(spread < 2 * strictest || spread === 0 ? [equalLogitsNote] : []),
  ];
  return {
    max_abs: worst((d) => d.abs),
    max_rel: worst((d) => d.rel),
    kl: worst((d) => d.kl),
    top1: positions ? sum(all.map(({ d }) => d.top1 * d.positions)) / positions : 0,
    memory: port?.share ?? 0,
    ...(port ? { port: port.name } : {}),
    tolerance: { ...tolerance, abs: strictest },
    pass: kept && all.length > 0 && all.every(({ pass }) => pass),
    ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
  };
}

/** The note for logits that would agree whatever the model computed. */
const equalLogitsNote = 'the logits are the same for all tokens, so this says little';

function finiteRow({ broken }: Watched): VerifyRow {
  const pass = broken.size === 0;
  const note = pass ? undefined : `not finite: ${[...broken].join(', ')}`;
  const head = {
    check: 'finite',
    what: 'every output of every call',
    tolerance: { abs: 0, kl: 0, share: 0 },
  };
  return { ...head, ...nothing, pass, ...(note ? { note } : {}) };
}

function diagnose(rows: readonly VerifyRow[], target: string): readonly Diagnostic[] {
  const failed = rows.filter((r) => !r.pass);
  const [first] = failed;
  if (!first) return [];
  const { check, what, max_abs, memory, tolerance, note } = first;
  const found = note ?? `${max_abs.toPrecision(3)}, ${check}: ${what}`;
  const figure = (x: number): number => Number(x.toPrecision(2));
  const share = portShare(tolerance);
  return [
    error('N701', `${failed.length} of ${rows.length} checks of ${target} failed`, {
      expected:
        memory > share
          ? `what is remembered at most ${figure(share)} of its size apart`
          : `logits at most ${figure(tolerance.abs)} apart`,
      found,
    }),
  ];
}
