/** Measures compiled models: how fast each is opened, reads a prompt and goes on, all of them taking turns in one run. */

import type { OpenOptions } from '../../backends/opened_model.ts';
import { version } from '../../compiler/generated/version.ts';
import type { Device, Session } from '../../compiler/ports/session.ts';
import { generateRows } from '../../runtime/generate.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { type ModelFile, openModel } from '../model_kinds.ts';
import { modelSize } from '../model_size.ts';
import { type Caller, silent } from '../reporter.ts';
import { type BandwidthProbe, bandwidthProbe } from './bandwidth.ts';
import { machineHere } from './machine.ts';
import { watchMemory } from './peak_memory.ts';
import {
  type BenchedModel,
  type BenchReport,
  figureOf,
  noisyFigures,
  type Place,
  type Sample,
} from './report.ts';
import { type Spread, spreadOf } from './spread.ts';
import { type Traffic, trafficOf } from './traffic.ts';

export interface BenchOptions {
  /** Tokens before the steps; 128 and 1,024 when left out, as far as the models take them. */
  readonly context?: readonly number[];
  /** Rows at once; one when left out. */
  readonly batch?: readonly number[];
  readonly rounds?: number;
  /** Tokens that are timed after each prompt. */
  readonly steps?: number;
  readonly device?: Device;
  readonly open?: OpenOptions;
  /** Asked between steps; true ends it with the rounds that are complete. */
  readonly isEnough?: () => boolean;
  /** Called after each round that every model has finished, with how many these are. */
  readonly onRound?: (complete: number) => void;
  readonly instruments?: Instruments;
}

export interface Instruments {
  /** Milliseconds. */
  now(): number;
  probe(): Promise<BandwidthProbe>;
  watchMemory: typeof watchMemory;
}

const usual: Instruments = { now: () => performance.now(), probe: bandwidthProbe, watchMemory };
export const benchDefaults = { context: [128, 1024], batch: [1], rounds: 5, steps: 16 } as const;

interface Contestant {
  readonly file: ModelFile;
  readonly session: Session;
  readonly loadMs: number;
  readonly memory: number | null;
  readonly traffic: Traffic | undefined;
  /** By place, one for each complete round. */
  readonly samples: Map<string, Sample[]>;
}

type Plan = Required<
  Pick<BenchOptions, 'rounds' | 'steps' | 'device' | 'isEnough' | 'onRound' | 'instruments'>
> & {
  readonly places: readonly Place[];
  readonly note: (text: string) => void;
};

/** Refuses (N704, N706) as opening and running them does; a run that is ended before its first round is complete, with a Refusal that says nothing. */
export async function benchModels(
  paths: readonly string[],
  options: BenchOptions = {},
  { io, signal }: Caller = { io: silent },
): Promise<BenchReport> {
  const { open = {}, batch: batches = benchDefaults.batch, ...asked } = options;
  const files = paths.map((path) => openModel(path, open));
  const { rounds, steps } = { ...benchDefaults, ...asked };
  const contexts = contextsOf(files, options.context, steps);
  const plan: Plan = {
    ...{ device: 'cpu', instruments: usual, onRound: () => {}, ...asked, rounds, steps },
    isEnough: () => signal?.aborted === true || options.isEnough?.() === true,
    places: batches.flatMap((batch) => contexts.map((context) => ({ batch, context }))),
    note: io.note,
  };
  for (const { path, manifest } of files)
    if (manifest.cache === 'none')
      io.note(`${path} has no cache: each token computes the whole text again; --cache dynamic keeps it`);
  const contestants: Contestant[] = [];
  const probe = await plan.instruments.probe();
  try {
    for (const file of files) contestants.push(await load(file, plan));
    return reportOf(contestants, plan, await takeTurns(contestants, plan, probe));
  } finally {
    await probe.close();
    for (const { session } of contestants) await session.close();
  }
}

/** Refuses (N706) a context that a model does not take with the steps after it. */
function contextsOf(
  files: readonly ModelFile[],
  asked: readonly number[] | undefined,
  steps: number,
): readonly number[] {
  const limits = files.map(({ path, manifest: { context, slots } }) => ({
    path,
    most: Math.min(context ?? Number.POSITIVE_INFINITY, slots ?? Number.POSITIVE_INFINITY),
  }));
  const { path, most } = limits.reduce((a, b) => (b.most < a.most ? b : a));
  const room = most - steps;
  const fitting = (asked ?? benchDefaults.context).filter((context) => context <= room);
  if (asked ? fitting.length === asked.length : fitting.length > 0) return fitting;
  if (!asked && room > 0) return [room];
  const context = asked?.find((n) => n > room) ?? 1;
  throw new Refusal([
    error('N706', `${path} does not take ${context} tokens and ${steps} steps`, {
      ...{ file: path, expected: `at most ${most} tokens`, found: `${context + steps}` },
      hint: room > 0 ? `--context ${room}, or fewer --steps` : `fewer --steps than ${most}`,
    }),
  ]);
}

async function load(file: ModelFile, plan: Plan): Promise<Contestant> {
  const { instruments, device, places } = plan;
  const traffic = trafficOf(file);
  // The runtime and the file are in memory from here on, so that the order of the models does not matter.
  await (await file.open(device)).close();
  const memory = instruments.watchMemory();
  const start = instruments.now();
  const session = await file.open(device);
  const loadMs = instruments.now() - start;
  try {
    await sampleOf(session, places[0]!, plan);
  } catch (cause) {
    await session.close();
    throw cause;
  }
  return { file, session, loadMs, memory: memory.peak() ?? null, traffic, samples: new Map() };
}

/** Undefined where it was enough before the last step. */
async function sampleOf(
  session: Session,
  { batch, context }: Place,
  { steps, instruments, isEnough }: Plan,
): Promise<Sample | undefined> {
  const { vocab } = session.manifest;
  const prompt = (row: number) => Array.from({ length: context }, (_, i) => (37 * i + 11 * row) % vocab);
  const start = instruments.now();
  let first: number | undefined;
  const made = generateRows(
    session,
    Array.from({ length: batch }, (_, row) => prompt(row)),
    { maxTokens: steps + 1 },
  );
  for await (const _ of made) {
    if (isEnough()) return undefined;
    first ??= instruments.now() - start;
  }
  if (first === undefined) return undefined;
  return { first, step: (instruments.now() - start - first) / steps };
}

const keyOf = ({ batch, context }: Place): string => `${batch}x${context}`;

/** Bandwidths of the rounds that every model has finished. */
async function takeTurns(
  contestants: readonly Contestant[],
  plan: Plan,
  probe: BandwidthProbe,
): Promise<readonly number[]> {
  const bandwidths: number[] = [];
  const start = plan.instruments.now();
  for (let round = 0; round < plan.rounds; round++) {
    const taken: (readonly [Contestant, Place, Sample])[] = [];
    const bandwidth = await probe.measure();
    for (const place of plan.places)
      for (const [i] of contestants.entries()) {
        // Whoever is first in one round is last in a later one.
        const contestant = contestants[(i + round) % contestants.length]!;
        const sample = plan.isEnough() ? undefined : await sampleOf(contestant.session, place, plan);
        if (!sample) return bandwidths;
        taken.push([contestant, place, sample]);
      }
    bandwidths.push(bandwidth);
    for (const [{ samples }, place, sample] of taken)
      samples.set(keyOf(place), [...(samples.get(keyOf(place)) ?? []), sample]);
    plan.onRound(bandwidths.length);
    if (round === 0) noteTime(plan, plan.instruments.now() - start);
  }
  return bandwidths;
}

/** Shorter waits need no word. */
const shortWait = 2000;

function noteTime({ rounds, note }: Plan, milliseconds: number): void {
  const left = milliseconds * (rounds - 1);
  if (left < shortWait) return;
  note(`1 of ${rounds} rounds, about ${(left / 1000).toFixed(0)} s more; Ctrl-C shows what is complete`);
}

function reportOf(
  contestants: readonly Contestant[],
  { places, rounds, steps }: Plan,
  bandwidths: readonly number[],
): BenchReport {
  if (bandwidths.length === 0) throw new Refusal([]);
  const bandwidth = spreadOf(bandwidths);
  const models = contestants.map((contestant) =>
    benchedModel(contestant, contestants[0]!, places, bandwidth),
  );
  return {
    ...{ version, date: new Date().toISOString(), rounds: bandwidths.length, wanted: rounds, steps },
    ...{ machine: machineHere(), bandwidth, models, noisy: noisyFigures(models, bandwidth) },
  };
}

function benchedModel(
  contestant: Contestant,
  first: Contestant,
  places: readonly Place[],
  bandwidth: Spread,
): BenchedModel {
  const { file, session, loadMs, memory, traffic, samples } = contestant;
  const { model, cache } = file.manifest;
  return {
    ...{ path: file.path, model, runtime: session.label, cache, bytes: modelSize(file.path), loadMs, memory },
    figures: places.map((place) =>
      figureOf({
        ...place,
        samples: samples.get(keyOf(place))!, // of every complete round
        first: contestant === first ? undefined : first.samples.get(keyOf(place)),
        read: traffic ? traffic.weights + place.batch * traffic.cache(place.context) : null,
        bandwidth: bandwidth.median,
      }),
    ),
  };
}
