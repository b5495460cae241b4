/** Ops as a user would add them: nothing but what they mean. The plugin's `shrink` is there, too. */

import { fileURLToPath } from 'node:url';
import { blamedOp } from '../../driver/plugins/blame.ts';
import { loadPlugins } from '../../driver/plugins/extensions.ts';
import { defineOp, type Op, words } from '../../spec/op.ts';
import { addOp } from '../../spec/ops/added.ts';

type None = Readonly<Record<never, never>>;

const softsign = defineOp<None>({
  name: 'softsign',
  doc: 'x / (1 + |x|).',
  inputs: ['x'],
  infer: ([x]) => x!,
  decompose(e, [x]) {
    const w = words(e);
    return w.div(x!, w.add(w.scalar(1, x!), w.abs(x!)));
  },
  recognise: { attrs: () => [{}] },
});

/** Mixes the tokens of a text. */
const centred = defineOp<None>({
  name: 'centred',
  doc: 'x less the mean of all its places.',
  inputs: ['x'],
  infer: ([x]) => x!,
  decompose(e, [x]) {
    const w = words(e);
    return w.sub(x!, w.mean(x!, 1));
  },
});

/** Two operands, of which the second may be the same for all tokens. */
const gated = defineOp<None>({
  name: 'gated',
  doc: 'x times the sigmoid of g, over their largest.',
  inputs: ['x', 'g'],
  infer: ([x]) => x!,
  decompose(e, [x, g]) {
    const w = words(e);
    const y = w.mul(x!, w.sigmoid(g!));
    return w.div(y, w.add(w.largest(w.abs(y), w.last(y)), w.scalar(1, y)));
  },
});

/** A product with a weight, by another name. */
const projected = defineOp<None>({
  name: 'projected',
  doc: 'x times a weight [out, in], transposed.',
  inputs: ['x', 'weight'],
  infer([x, weight]) {
    const [outputs] = weight!.shape;
    if (x!.shape.length < 2 || weight!.shape.length !== 2 || !outputs) return 'a matrix is needed';
    return { dtype: x!.dtype, shape: x!.shape.with(-1, outputs) };
  },
  decompose(e, [x, weight]) {
    const w = words(e);
    return w.matmul(x!, w.transpose(weight!, [1, 0]));
  },
});

export async function addOps(): Promise<void> {
  for (const op of [softsign, centred, gated, projected] as readonly unknown[] as readonly Op[])
    addOp(blamedOp('added_ops.ts', op)); // as a plugin's are
  await loadPlugins([fileURLToPath(new URL('../../examples/extend/shrink_op.ts', import.meta.url))]);
}
