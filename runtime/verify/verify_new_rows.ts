/** Checks of models that give a call's new rows besides whole caches: with either, the memory must be the same. */

import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { Feeds, Session } from '../../compiler/ports/session.ts';
import { append } from '../../spec/long_list.ts';
import { empty, type Tensor } from '../../spec/tensor.ts';
import { writeRows } from '../port_memory.ts';
import type { PortPair } from './verify_memory.ts';
import { cutInto, logitsOf, randomRows } from './verify_run.ts';
import { repeatCuts, type Step, type Subject, shown, sum } from './verify_step.ts';

export function newRowsSteps({ target, limit, seed }: Subject): readonly Step[] {
  const { ports, vocab } = target.manifest;
  const cuts = repeatCuts(Math.min(8, limit), [4, 1, 2]);
  if (!ports.some((p) => p.newRows !== undefined)) return [];
  const calls = cutInto(randomRows(2, sum(cuts), vocab, seed + 23), cuts);
  return [
    {
      what: `2 rows in ${shown(cuts)}, whole against new rows`,
      work: { reference: 0, target: 2 * sum(cuts) },
      calls,
      run: async () => {
        const memory: PortPair[] = [];
        const logits = await logitsOf(
          alsoWhole(target, (pairs) => append(memory, pairs)),
          calls,
        );
        return [{ expected: logits, actual: logits, memory }];
      },
    },
  ];
}

/** The session, asked for whole caches too at every call. */
const alsoWhole = (session: Session, saw: (pairs: readonly PortPair[]) => void): Session => ({
  ...session,
  async run(feeds, fetches = []) {
    const { manifest } = session;
    const wholes = manifest.ports.filter((p) => p.newRows !== undefined).map((p) => p.output);
    const outputs = await session.run(feeds, [...fetches, ...wholes]);
    saw(pairsOf(manifest, feeds, outputs));
    return outputs;
  },
});

const pairsOf = ({ ports, cache }: Manifest, feeds: Feeds, outputs: Feeds): readonly PortPair[] =>
  ports.flatMap(({ newRows, axis, input, output }) => {
    if (newRows === undefined || axis === undefined) return [];
    const [past, rows] = [feeds[input]!, outputs[newRows]!];
    const at = cache === 'static' ? feeds['past_length']!.data[0]! : past.shape[axis]!;
    const slots = cache === 'static' ? past.shape[axis]! : at + rows.shape[axis]!;
    const expected = joined(past, rows, { axis, at, slots });
    return [{ name: output, expected, actual: outputs[output]! }];
  });

function joined(
  past: Tensor,
  rows: Tensor,
  { axis, at, slots }: { readonly axis: number; readonly at: number; readonly slots: number },
): Tensor {
  const whole = empty(past.dtype, past.shape.with(axis, slots));
  return writeRows(writeRows(whole, past, axis, 0), rows, axis, at);
}
