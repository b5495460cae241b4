/** Built-in functions of what is decided when compiling: numbers, and the lengths of lists. */

import type { Dim } from '../../dim.ts';
import { limits } from '../../limits.ts';
import { named, number, showNumber } from '../values/number.ts';
import { bool, describeKind, list, type NumberValue, plainOf, poison } from '../values/value.ts';
import { type Builtin, numberArg, parameters, wholeArg } from './builtin.ts';

const range: Builtin = {
  doc: 'the list 0, 1, ..., n - 1',
  params: parameters('n'),
  call(use) {
    const n = wholeArg(use, 'n', 0);
    if (n === undefined) return poison;
    if (n > limits.range) return use.site.fail('N321', `a range of ${n}; ${limits.range} is the most`);
    const { value } = use.given.get('n')!;
    const length = value.kind === 'number' ? value.dim : undefined;
    return { ...list(Array.from({ length: n }, (_, i) => number(i))), ...(length ? { length } : {}) };
  },
};

const counted = (n: number, length?: Dim): NumberValue => ({
  ...number(n),
  ...(length ? { dim: length } : {}),
});

const len: Builtin = {
  doc: 'how many entries a list, or characters a string has',
  params: parameters('list'),
  call(use) {
    const { value } = use.given.get('list')!;
    if (value.kind === 'list') return counted(value.items.length, value.length);
    if (value.kind === 'entries') return counted(value.entries.size, value.length);
    if (value.kind === 'string') return counted([...value.value].length);
    return use.site.fail('N314', `\`len\` takes a list or a string, found ${describeKind(value)}`);
  },
};

const contains: Builtin = {
  doc: 'whether an entry of a list equals a value',
  params: parameters('list, x'),
  call(use) {
    const [{ value }, of] = [use.given.get('list')!, use.given.get('x')!];
    const wanted = plainOf(of.value);
    if (value.kind !== 'list')
      return use.site.fail('N314', `\`contains\` looks in a list, found ${describeKind(value)}`);
    if (wanted === undefined)
      return use.site
        .at(of)
        .fail('N314', `\`contains\` looks for a plain value, found ${describeKind(of.value)}`);
    return bool(value.items.some((item) => plainOf(item) === wanted));
  },
};

const unary = (doc: string, f: (x: number) => number): Builtin => ({
  doc,
  params: parameters('x'),
  call(use) {
    const { value } = use.given.get('x')!;
    if (numberArg(use, 'x') === undefined || value.kind !== 'number') return poison;
    const result = named(use.site.cx.sizes, use.name, [value], f);
    if (!Number.isNaN(result.value)) return result;
    return use.site.fail('N314', `\`${use.name}(${showNumber(value.value)})\` is no number`);
  },
});

export const numbers = {
  range,
  len,
  contains,
  ceil: unary('the next whole number above', Math.ceil),
  floor: unary('the next whole number below', Math.floor),
  log2: unary('logarithm to base 2', Math.log2),
} satisfies Readonly<Record<string, Builtin>>;
