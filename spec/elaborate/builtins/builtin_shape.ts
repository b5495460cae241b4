/** Built-in functions that take tensors apart and join them, never along tokens or rows. */

import * as dim from '../../dim.ts';
import { limits } from '../../limits.ts';
import { factHint, inPlace, isProtected, isTokens, keepApart } from '../values/axes.ts';
import { readItems } from '../values/context.ts';
import type { GivenArgument } from '../values/frame.ts';
import { concrete, isRunning, numberOf, same, sameNumber, showSize } from '../values/sizes.ts';
import { castTo, emit, needTensor, promote, reportSize, showTensor } from '../values/tensors.ts';
import { describeKind, poison, type TensorValue, type Value } from '../values/value.ts';
import { axisArg, type Builtin, parameters, sizeOfValue, tensorArg, type Use } from './builtin.ts';

const several = <V>(items: readonly Value<V>[]): Value<V> => ({ kind: 'list', items, several: true });

const replaced = <V>({ type }: TensorValue<V>, axis: number, by: dim.Dim): readonly dim.Dim[] =>
  type.shape.map((d, i) => (i === axis ? by : d));

/** Emits a slice: start <= i < start + length along an axis. */
function cut<V>(
  use: Use<V>,
  x: TensorValue<V>,
  axis: number,
  start: dim.Dim,
  length: dim.Dim,
): TensorValue<V> {
  const { site } = use;
  const stop = concrete(site.cx.sizes, dim.add(start, length));
  const attrs = { axis, start: concrete(site.cx.sizes, start), stop, step: 1 };
  return emit(site, 'slice', [x], attrs, {
    dtype: x.type.dtype,
    shape: replaced(x, axis, length),
  });
}

/** An axis that holds neither tokens nor rows; undefined after a report. */
function ownAxis<V>(use: Use<V>, x: TensorValue<V> | undefined, otherwise?: number): number | undefined {
  const axis = x && axisArg(use, x, otherwise);
  if (axis === undefined) return undefined;
  return keepApart(use.site, use.name, x!.type.shape[axis]!) ? axis : undefined;
}

const split: Builtin = {
  doc: 'pieces of the given sizes along an axis; the sizes must add up',
  params: parameters('x, sizes, axis=-1'),
  call(use) {
    const x = tensorArg(use, 'x');
    const axis = ownAxis(use, x, -1);
    const at = use.given.get('sizes')!;
    if (at.value.kind !== 'list') {
      const found = describeKind(at.value);
      return use.site.at(at).fail('N314', `\`sizes\` of \`split\` must be a list, found ${found}`, {
        hint: 'as in split(x, [a, b])',
      });
    }
    const sizes = at.value.items.map((item) => sizeOfValue(use, at, item, 'a size of `split`'));
    if (!x || axis === undefined || !sizes.every((d) => d !== undefined)) return poison;
    if (!addsUp(use, at, sizes, x.type.shape[axis]!)) return poison;
    let start = dim.size(0);
    const pieces = sizes.map((length) => {
      const piece = cut(use, x, axis, start, length);
      start = dim.add(start, length);
      return piece;
    });
    return pieces.length === 1 ? pieces[0]! : several(pieces);
  },
};

function addsUp<V>(use: Use<V>, at: GivenArgument<V>, sizes: readonly dim.Dim[], whole: dim.Dim): boolean {
  const { sizes: known } = use.site.cx;
  const total = sizes.reduce(dim.add, dim.size(0));
  if (same(known, total, whole)) return true;
  const text = { expected: showSize(known, whole), found: showSize(known, total) };
  if (!isRunning(total) && sameNumber(known, total, whole)) {
    use.site.at(at).fail('N305', 'these sizes are equal in this config only', {
      ...text,
      hint: factHint(whole, total),
    });
  } else use.site.at(at).fail('N301', 'the sizes of `split` must add up to the axis', text);
  return false;
}

const unbind: Builtin = {
  doc: 'one value for each entry of an axis, which is gone',
  params: parameters('x, axis'),
  call(use) {
    const { site } = use;
    const x = tensorArg(use, 'x');
    const axis = ownAxis(use, x);
    if (!x || axis === undefined) return poison;
    const n = numberOf(site.cx.sizes, x.type.shape[axis]!) ?? 0;
    if (n > limits.unbound)
      return site.fail('N321', `\`unbind\` of ${n} entries; ${limits.unbound} is the most`);
    const shape = x.type.shape.filter((_, i) => i !== axis);
    const attrs = { shape: shape.map((d) => concrete(site.cx.sizes, d)) };
    const entries = Array.from({ length: n }, (_, i) => {
      const entry = cut(use, x, axis, dim.size(i), dim.size(1));
      return emit(site, 'reshape', [entry], attrs, { dtype: x.type.dtype, shape });
    });
    return n === 1 ? entries[0]! : several(entries);
  },
};

const concat: Builtin = {
  doc: 'the values, and the entries of lists, one after the other along an axis; all other sizes must be equal',
  rest: 'placed',
  params: parameters('axis=-1'),
  call(use) {
    const { site } = use;
    const groups = use.rest.map((a) => tensorsIn(use, a));
    if (!groups.every((g) => g !== undefined)) return poison;
    const found = groups.flat();
    const [first] = found;
    if (!first) return site.fail('N204', '`concat` needs values', { hint: 'concat(x, y, axis=-1)' });
    const axis = ownAxis(use, first, -1);
    if (axis === undefined) return poison;
    let { dtype } = first.type;
    const places = groups.flatMap((group, i) => group.map(() => use.rest[i]!));
    for (const [i, x] of found.entries()) {
      if (i > 0 && !beside(use, places[i]!, first, x, axis)) return poison;
      const both = promote(dtype, x.type.dtype);
      if (!both) return site.at(places[i]!).fail('N308', `${dtype} and ${x.type.dtype} do not mix`);
      dtype = both;
    }
    const length = groups.map((g, i) => lengthOf(use, use.rest[i]!, g, axis)).reduce(dim.add);
    const alike = found.map((x) => castTo(site, x, dtype));
    if (alike.length === 1) return alike[0]!;
    return emit(site, 'concat', alike, { axis }, { dtype, shape: replaced(first, axis, length) });
  },
};

/** A tensor, or the tensors of a list; undefined after a report. */
function tensorsIn<V>({ site }: Use<V>, at: GivenArgument<V>): readonly TensorValue<V>[] | undefined {
  const { value: of } = at;
  const values = of.kind === 'list' || of.kind === 'entries' ? readItems(site.cx, of) : [of];
  const found = values.map((value) => needTensor(site.at(at), value, 'what `concat` joins'));
  return found.every((x) => x !== undefined) ? found : undefined;
}

/** What one argument adds to the axis: `heads * head` for `heads` pieces of `head`, as a list knows its length by name. */
function lengthOf<V>(
  { site }: Use<V>,
  { value }: GivenArgument<V>,
  group: readonly TensorValue<V>[],
  axis: number,
): dim.Dim {
  const sizes = group.map((x) => x.type.shape[axis]!);
  const [piece] = sizes;
  const count = value.kind === 'list' || value.kind === 'entries' ? value.length : undefined;
  if (piece && count && sizes.every((d) => same(site.cx.sizes, d, piece))) return dim.mul(count, piece);
  return sizes.reduce(dim.add, dim.size(0));
}

/** Equal to the first value in all axes but one; false after a report. */
function beside<V>(
  use: Use<V>,
  at: GivenArgument<V>,
  first: TensorValue<V>,
  x: TensorValue<V>,
  axis: number,
): boolean {
  const { site } = use;
  const text = { expected: showTensor(site.cx, first.type), found: showTensor(site.cx, x.type) };
  if (x.type.shape.length !== first.type.shape.length) {
    site.at(at).fail('N302', '`concat` joins values with as many axes', text);
    return false;
  }
  if (!keepApart(site, use.name, x.type.shape[axis]!)) return false;
  const wrong = x.type.shape.findIndex((d, i) => i !== axis && !same(site.cx.sizes, d, first.type.shape[i]!));
  if (wrong < 0) return true;
  const [a, b] = [first.type.shape[wrong]!, x.type.shape[wrong]!];
  if (!isRunning(a) && !isRunning(b) && sameNumber(site.cx.sizes, a, b)) {
    site.at(at).fail('N305', 'these sizes are equal in this config only', { ...text, hint: factHint(a, b) });
  } else site.at(at).fail('N301', `what \`concat\` joins differs on axis ${wrong}`, text);
  return false;
}

const expand: Builtin = {
  doc: 'an axis of a literal 1 repeated n times',
  params: parameters('x, n, axis'),
  call(use) {
    const { site } = use;
    const x = tensorArg(use, 'x');
    const axis = x && axisArg(use, x);
    const at = use.given.get('n')!;
    const n = sizeOfValue(use, at, at.value, '`n` of `expand`');
    if (!x || axis === undefined || !n) return poison;
    const { dtype, shape: from } = x.type;
    if (!dim.isOne(from[axis]!)) {
      return site.fail(
        'N303',
        `\`expand\` repeats an axis of 1, found ${showSize(site.cx.sizes, from[axis]!)}`,
        {
          found: showTensor(site.cx, x.type),
          hint: 'add one with `as`: x as [..., 1]',
        },
      );
    }
    const shape = replaced(x, axis, n);
    if (isProtected(n) && !isTokens(n) && !dim.equal(n, dim.atom('B'))) return reportSize(site.at(at), n);
    if (!inPlace(site, shape)) return poison;
    const sizes = shape.map((d) => concrete(site.cx.sizes, d));
    return emit(site, 'broadcast', [x], { shape: sizes }, { dtype, shape });
  },
};

export const shapes = { split, unbind, concat, expand } satisfies Readonly<Record<string, Builtin>>;
