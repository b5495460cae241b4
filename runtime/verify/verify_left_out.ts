/** Checks of calls that leave out optional inputs, compared with the same calls with all inputs. */

import { takesMask } from '../cache.ts';
import { memoryPairs } from './verify_memory.ts';
import { padded, paddedRows } from './verify_padding.ts';
import { cutInto, outcomeOf, randomRows } from './verify_run.ts';
import { repeatCuts, type Step, type Subject, shown, sum } from './verify_step.ts';

/** Without a mask a model assumes ones, and without positions it counts by the mask, for the call's own tokens and those before. */
export function leftOutSteps(subject: Subject): readonly Step[] {
  const { target, limit } = subject;
  const optional = target.manifest.inputs.map((i) => i.name).filter((n) => target.optional?.includes(n));
  if (optional.length === 0) return [];
  const length = Math.min(12, limit);
  const each = optional.length > 1 ? [...optional.map((name) => [name]), optional] : [optional];
  const steps = each.flatMap((without) => [
    plain(subject, without, [length]),
    ...(length > 3 ? [plain(subject, without, repeatCuts(length, [5, 1, 2]))] : []),
  ]);
  // When the mask is given and positions are left out, the model counts them from the mask.
  const counted = optional.filter((name) => name !== 'attention_mask');
  if (counted.length === 0 || !takesMask(target.manifest) || limit < 4) return steps;
  const { left, holes } = paddedRows(subject);
  const rows = [left, holes].map((rows) => {
    const what = `${rows.what} without ${counted.join(' and ')}`;
    return padded(subject, { ...rows, what }, repeatCuts(rows.tokens[0]!.length, [5, 1]), counted);
  });
  return [...steps, ...rows];
}

function plain({ target, seed }: Subject, without: readonly string[], cuts: readonly number[]): Step {
  const length = sum(cuts);
  const tokens = randomRows(2, length, target.manifest.vocab, seed + 13);
  const given = cutInto(tokens, cuts);
  const calls = given.map((call) => ({ ...call, without }));
  return {
    what: `2 rows in ${shown(cuts)} without ${without.join(' and ')}`,
    work: { reference: 0, target: 4 * length },
    calls,
    run: async () => {
      const [whole, bare] = [await outcomeOf(target, given), await outcomeOf(target, calls)];
      const memory = memoryPairs(target, whole, bare);
      return [{ expected: whole.logits, actual: bare.logits, memory }];
    },
  };
}
