/** Built-in functions on weights and constants. */

import * as dim from '../../dim.ts';
import { limits } from '../../limits.ts';
import { tensor } from '../../tensor.ts';
import { inPlace, isProtected, mixes, mixHint } from '../values/axes.ts';
import { isWhole } from '../values/number.ts';
import { numberOf } from '../values/sizes.ts';
import { emit, scalar, showTensor } from '../values/tensors.ts';
import { describeKind, type ListValue, poison, type TensorValue } from '../values/value.ts';
import { argumentSite, type Builtin, parameters, tensorArg, type Use } from './builtin.ts';

/** Checks that no axis holds rows or tokens; false after a report. */
function ofWeights<V>(use: Use<V>, name: string, x: TensorValue<V>): boolean {
  const law = x.type.shape.find(isProtected);
  if (!law) return true;
  argumentSite(use, name).fail('N310', `\`${use.name}\` on an activation mixes ${mixes(law)}`, {
    found: showTensor(use.site.cx, x.type),
    hint: mixHint,
  });
  return false;
}

const transpose: Builtin = {
  doc: 'a matrix of weights with its axes exchanged',
  params: parameters('w'),
  call(use) {
    const { site } = use;
    const w = tensorArg(use, 'w');
    if (!w || !ofWeights(use, 'w', w)) return poison;
    if (w.type.shape.length !== 2) {
      return argumentSite(use, 'w').fail(
        'N302',
        `\`transpose\` takes a matrix, found ${showTensor(site.cx, w.type)}`,
      );
    }
    const shape = [w.type.shape[1]!, w.type.shape[0]!];
    const turned = emit(site, 'transpose', [w], { perm: [1, 0] }, { dtype: w.type.dtype, shape });
    return { ...turned, transposed: w };
  },
};

const take: Builtin = {
  doc: 'the rows of a table of weights that ids name',
  params: parameters('table, ids'),
  call(use) {
    const { site } = use;
    const [table, ids] = [tensorArg(use, 'table'), tensorArg(use, 'ids')];
    if (!table || !ids || !ofWeights(use, 'table', table)) return poison;
    if (table.type.shape.length === 0)
      return argumentSite(use, 'table').fail('N302', 'a table needs an axis');
    if (ids.type.dtype !== 'int64') {
      return argumentSite(use, 'ids').fail(
        'N308',
        `ids must be int64, found ${showTensor(site.cx, ids.type)}`,
      );
    }
    const shape = [...ids.type.shape, ...table.type.shape.slice(1)];
    if (!site.frame.pairs && !inPlace(site, shape)) return poison;
    const rows = site.frame.pairs ? within(use, ids, table) : ids;
    return emit(site, 'gather', [table, rows], {}, { dtype: table.type.dtype, shape });
  },
};

/** Clamps ids over pairs of tokens: pairs that the mask hides, such as a key after its query, are computed too, with ids outside the table. */
function within<V>(
  { site }: Use<V>,
  ids: TensorValue<V>,
  { type: { shape } }: TensorValue<V>,
): TensorValue<V> {
  const bound = (op: 'min' | 'max', x: TensorValue<V>, n: number): TensorValue<V> =>
    emit(site, op, [x, scalar(site, n, 'int64')], {}, ids.type);
  return bound('min', bound('max', ids, 0), (numberOf(site.cx.sizes, shape[0]!) ?? 1) - 1);
}

interface Nested {
  readonly shape: readonly dim.Dim[];
  readonly values: readonly number[];
}

/** The numbers of nested lists in row-major order; undefined after a report. */
function flatten<V>(use: Use<V>, list: ListValue<V>): Nested | undefined {
  const parts = list.items.map((item): Nested | undefined => {
    if (item.kind === 'number') return { shape: [], values: [item.value] };
    if (item.kind === 'list') return flatten(use, item);
    if (item.kind !== 'poison') {
      use.site.fail('N314', `\`tensor\` takes nested lists of numbers, found ${describeKind(item)} in one`);
    }
    return undefined;
  });
  if (!parts.every((p) => p !== undefined)) return undefined;
  const shape = parts[0]?.shape ?? [];
  if (
    parts.some((p) => p.shape.length !== shape.length || p.shape.some((d, i) => !dim.equal(d, shape[i]!)))
  ) {
    use.site.fail('N301', 'the lists inside `tensor` differ in length');
    return undefined;
  }
  return { shape: [list.length ?? dim.size(parts.length), ...shape], values: parts.flatMap((p) => p.values) };
}

const constant: Builtin = {
  doc: 'a constant from nested lists of numbers: int64 if all are whole, else float32',
  params: parameters('list'),
  call(use) {
    const { site } = use;
    const { value } = use.given.get('list')!;
    if (value.kind !== 'list') {
      return site.fail('N314', `\`tensor\` takes a list of numbers, found ${describeKind(value)}`);
    }
    const found = flatten(use, value);
    if (!found) return poison;
    const { shape, values } = found;
    if (values.length === 0 || values.length > limits.constant) {
      return site.fail(
        'N321',
        `a constant of ${values.length} numbers; from 1 to ${limits.constant} are possible`,
      );
    }
    const dtype = values.every(isWhole) ? 'int64' : 'float32';
    const sizes = shape.map((d) => numberOf(site.cx.sizes, d) ?? 0);
    const attrs = { tensor: tensor(dtype, sizes, values) };
    return emit(site, 'constant', [], attrs, { dtype, shape });
  },
};

export const weights = { transpose, take, tensor: constant } satisfies Readonly<Record<string, Builtin>>;
