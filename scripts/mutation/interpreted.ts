/** The graph that a target gets, run by the interpreter, as a model would that returns of its growing ports the new rows alone. */

import type { Compiled } from '../../compiler/compile.ts';
import type { Session } from '../../compiler/ports/session.ts';
import { referenceSession } from '../../runtime/sessions/reference_session.ts';
import { empty, product, type Tensor } from '../../spec/tensor.ts';

export function interpreted({ graph, manifest, weights }: Compiled): Session {
  const session = referenceSession(graph, manifest, weights);
  const ports = session.manifest.ports.map((port) =>
    port.rule === 'append' ? ({ ...port, rule: 'rows' } as const) : port,
  );
  return {
    ...session,
    label: 'interpreter',
    manifest: { ...session.manifest, ports },
    run: async (feeds, fetches) => {
      const outputs = { ...(await session.run(feeds, fetches)) };
      for (const { rule, axis, input, output } of ports) {
        const whole = outputs[output];
        if (rule === 'rows' && axis !== undefined && whole)
          outputs[output] = since(whole, axis, feeds[input]!.shape[axis]!);
      }
      return outputs;
    },
  };
}

/** What comes after the first places of an axis. */
function since({ dtype, shape, data }: Tensor, axis: number, first: number): Tensor {
  const [outer, inner] = [product(shape.slice(0, axis)), product(shape.slice(axis + 1))];
  const length = shape[axis]!;
  const rest = empty(dtype, shape.with(axis, length - first));
  for (let o = 0; o < outer; o++) {
    const piece = data.subarray((o * length + first) * inner, (o + 1) * length * inner);
    rest.data.set(piece, o * (length - first) * inner);
  }
  return rest;
}
