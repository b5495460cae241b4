/** Checks against a golden file, and of greedy decoding. */

import type { Manifest } from '../../compiler/ports/manifest.ts';
import { columnsOf } from '../cache.ts';
import type { Golden } from './golden.ts';
import type { Allowed } from './tolerance.ts';
import { agreement, greedy } from './verify_greedy.ts';
import { memoryPairs } from './verify_memory.ts';
import { columns, cutInto, endsOf, joinColumns, logitsOf, outcomeAt, randomRows } from './verify_run.ts';
import { limitOf, type Step, type Subject } from './verify_step.ts';

/** Compares tokens, not logits. */
export interface TokenStep extends Omit<Step, 'run'> {
  runTokens(tolerance: Allowed): Promise<{ readonly share: number; readonly note?: string }>;
}

/** Greedy decoding in steps; the logits that chose each token are compared with those of the whole text at once. */
export function greedySteps(subject: Subject): readonly Step[] {
  const { target, reference, uncached, limit, seed } = subject;
  const [before, count] = [Math.min(5, limit - 1), Math.min(8, limit - 5)];
  if (before < 1 || count < 1) return [];
  const believed = reference ?? uncached;
  const text = randomRows(1, before + count, target.manifest.vocab, seed + 5);
  const prompt = columns(text, 0, before);
  return [
    {
      what: `${count} tokens after ${before}`,
      work: { reference: before + count, target: before + count },
      // Other tokens, but the same calls: which ones follow is not known yet.
      calls: cutInto(text, [before, ...Array<number>(count).fill(1)]),
      run: async () => {
        const found = await greedy(target, prompt, count);
        const whole = [[...prompt[0]!, ...found.tokens[0]!]];
        const ends = Array.from({ length: count }, (_, i) => before + i);
        const expected = await outcomeAt(believed, whole, ends);
        const memory = memoryPairs(target, expected, found);
        return [{ expected: expected.logits, actual: found.logits, memory }];
      },
    },
  ];
}

/** Logits of the golden tokens at once, in pieces, then step by step after the golden prompt, then greedy. */
export function goldenSteps(subject: Subject, golden: Golden): readonly (Step | TokenStep)[] {
  const length = golden.tokens[0]!.length;
  const half = Math.ceil(length / 2);
  const ways = [[length], ...(length > 3 ? [[half, 1, 1, length - half - 2]] : [])];
  return [
    ...ways.map((cuts) =>
      goldenLogits(
        subject,
        golden,
        cuts.filter((n) => n > 0),
      ),
    ),
    ...stepsAfter(subject, golden),
  ];
}

function goldenLogits({ target, uncached }: Subject, golden: Golden, cuts: readonly number[]): Step {
  const { tokens, logits } = golden;
  const length = tokens[0]!.length;
  const [, given = 0] = logits.shape;
  const once = cuts.length === 1;
  const session = once ? uncached : target;
  const calls = cutInto(tokens, cuts);
  const of = session.manifest.logits === 'last' ? 'the last of ' : '';
  return {
    what: once ? `logits of ${of}${length} tokens` : `the same in pieces of ${cuts.join(' + ')}`,
    work: { reference: 0, target: tokens.length * length },
    calls,
    run: async () => {
      const ends = endsOf(session, cuts);
      const shared = ends.filter((end) => end > length - given);
      const actual = columnsOf(await logitsOf(session, calls), ends.length - shared.length);
      const expected = shared.map((end) =>
        columnsOf(logits, end - 1 - (length - given), end - (length - given)),
      );
      return [{ expected: joinColumns(expected), actual }];
    },
  };
}

/** The steps that a model has room for; some references continue beyond it by dropping the beginning of the text. */
export function stepsWithin(steps: NonNullable<Golden['steps']>, manifest: Manifest): typeof steps {
  const { prompt, tokens, logits } = steps;
  // The last token is not fed.
  const room = Math.max(1, limitOf(manifest) - prompt[0]!.length + 1);
  if (tokens[0]!.length <= room) return steps;
  const kept = { prompt, tokens: tokens.map((row) => row.slice(0, room)) };
  return logits ? { ...kept, logits: columnsOf(logits, 0, room) } : kept;
}

function stepsAfter({ target }: Subject, golden: Golden): readonly (Step | TokenStep)[] {
  if (!golden.steps) return [];
  const { prompt, tokens, logits } = stepsWithin(golden.steps, target.manifest);
  const [before, count] = [prompt[0]!.length, tokens[0]!.length];
  const short = count < golden.steps.tokens[0]!.length ? ', to the end of the context' : '';
  const text = prompt.map((row, b) => [...row, ...tokens[b]!]);
  const head = {
    work: { reference: 0, target: tokens.length * (before + count) },
    calls: cutInto(columns(text, 0, before + count - 1), [before, ...Array<number>(count - 1).fill(1)]),
  };
  const forced: Step = {
    ...head,
    what: `${count} steps after a prompt of ${before}${short}`,
    run: async () => {
      const all = await logitsOf(target, head.calls);
      return [{ expected: logits!, actual: columnsOf(all, all.shape[1]! - count) }];
    },
  };
  const chosen: TokenStep = {
    ...head,
    what: `${count} greedy tokens after a prompt of ${before}${short}`,
    runTokens: async (tolerance) => {
      const { share, ties } = agreement(await greedy(target, prompt, count), tokens, 2 * tolerance.abs);
      return { share, ...(ties ? { note: `${ties} ended in a tie within the tolerance` } : {}) };
    },
  };
  return logits ? [forced, chosen] : [chosen];
}
