/** Checks of a static cache: slots beyond the text neither matter nor change, and writing past the last slot is refused. */

import type { ManifestPort } from '../../compiler/ports/manifest.ts';
import type { Session } from '../../compiler/ports/session.ts';
import { type Tensor, tensor } from '../../spec/tensor.ts';
import { random } from '../sample.ts';
import { memoryPairs, slotsOf } from './verify_memory.ts';
import { cutInto, logitsOf, outcomeOf, randomRows } from './verify_run.ts';
import { range, repeatCuts, type Step, type Subject, shown } from './verify_step.ts';

export function slotSteps(subject: Subject): readonly Step[] {
  const { cache, slots = 0, ports } = subject.target.manifest;
  const kept = ports.some((p) => p.axis !== undefined);
  return cache === 'static' && kept && slots > 1 ? [stale(subject, slots), overfull(subject, slots)] : [];
}

/** Fills a buffer with numbers, as if an earlier text had left them; a state has no unused places. */
function fillWithLeftovers({ axis, output }: ManifestPort, { data }: Tensor): void {
  if (axis === undefined) return;
  const next = random(output.length);
  for (let i = 0; i < data.length; i++) data[i] = Math.floor(16 * next() - 8) / 4; // a number in every dtype
}

function stale({ target, limit, seed }: Subject, slots: number): Step {
  const length = Math.min(9, limit, slots - 1);
  const tokens = randomRows(2, length, target.manifest.vocab, seed + 17);
  const cuts = repeatCuts(length, [4, 1]);
  const calls = cutInto(tokens, cuts);
  return {
    what: `2 rows in ${shown(cuts)}, old numbers in later slots`,
    work: { reference: 0, target: 4 * length },
    calls,
    run: async () => {
      const started = new Map<string, Tensor>();
      const refill = (port: ManifestPort, start: Tensor): void => {
        fillWithLeftovers(port, start);
        if (port.axis !== undefined) started.set(port.output, { ...start, data: start.data.slice() });
      };
      const [clean, found] = [await outcomeOf(target, calls), await outcomeOf(target, calls, { refill })];
      const used = slotsOf(undefined, range(0, length));
      const later = slotsOf(undefined, range(length, slots));
      const untouched = { logits: clean.logits, memory: started };
      const memory = [
        ...memoryPairs(target, clean, found, { of: used, against: used }),
        ...memoryPairs(target, untouched, found, { of: later, against: later }),
      ];
      return [{ expected: clean.logits, actual: found.logits, memory }];
    },
  };
}

/** A host should count slots before it calls. If it does not, the call must fail instead of using another token's keys. */
function overfull({ target, seed }: Subject, slots: number): Step {
  const calls = [{ tokens: randomRows(1, 2, target.manifest.vocab, seed + 19) }];
  const late: Session = {
    ...target,
    run: (feeds, fetches) =>
      target.run({ ...feeds, past_length: tensor('int64', [1], [slots - 1]) }, fetches),
  };
  return {
    what: '2 tokens for the last slot are refused',
    work: { reference: 0, target: 4 },
    calls,
    run: async () => {
      const logits = await logitsOf(target, calls);
      if (await runs(late, calls)) throw new Error('two tokens went into the last slot');
      return [{ expected: logits, actual: logits }];
    },
  };
}

async function runs(...[session, calls]: Parameters<typeof logitsOf>): Promise<boolean> {
  try {
    await logitsOf(session, calls);
    return true;
  } catch {
    return false;
  }
}
