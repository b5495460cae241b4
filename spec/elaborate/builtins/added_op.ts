/** Calls of ops that a plugin added: tensors by place, numbers by name; the result has the type of the first tensor. */

import { equal, showShape } from '../../dim.ts';
import type { Attrs } from '../../op.ts';
import { addedOp } from '../../ops/added.ts';
import { graphDtype } from '../values/context.ts';
import { concrete } from '../values/sizes.ts';
import { emit } from '../values/tensors.ts';
import { poison, type TensorValue } from '../values/value.ts';
import { type Builtin, floatArg, numberArg, type Use } from './builtin.ts';

export function addedBuiltin(name: string): Builtin | undefined {
  const op = addedOp(name);
  if (!op) return undefined;
  const numbers = Object.entries(op.attrs ?? {});
  return {
    doc: op.doc,
    params: [
      ...op.inputs.map((input) => ({ name: input })),
      ...numbers.map(([attr, value]) => ({ name: attr, default: String(value) })),
    ],
    ofTokens: true,
    call(use) {
      const found = op.inputs.map((input) => floatArg(use, input));
      const inputs = found.filter((x) => x !== undefined);
      const attrs: Record<string, number> = {};
      for (const [attr, otherwise] of numbers) {
        const value = numberArg(use, attr, otherwise);
        if (value === undefined) return poison;
        attrs[attr] = value;
      }
      const [first] = inputs;
      if (!first || inputs.length < found.length) return poison;
      const wrong = misfit(use, inputs, attrs);
      if (wrong) return use.site.fail('N302', `\`${name}\` cannot take this: ${wrong}`);
      return emit(use.site, name, inputs, attrs, first.type);
    },
  };
}

/** Why the op's own rule has no result for these types, or another one than that of the first. */
function misfit<V>(
  { site, name }: Use<V>,
  inputs: readonly TensorValue<V>[],
  attrs: Attrs,
): string | undefined {
  const types = inputs.map(({ type }) => ({
    dtype: graphDtype(site.cx, type.dtype),
    shape: type.shape.map((d) => concrete(site.cx.sizes, d)),
  }));
  const result = addedOp(name)!.infer(types, attrs);
  if (typeof result === 'string') return result;
  const [first] = types;
  const same =
    result.shape.length === first!.shape.length && result.shape.every((d, i) => equal(d, first!.shape[i]!));
  return same && result.dtype === first!.dtype
    ? undefined
    : `its result ${showShape(result.shape)} is not of the type of its first input ${showShape(first!.shape)}`;
}
