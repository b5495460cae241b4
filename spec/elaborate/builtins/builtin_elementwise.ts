/** Built-in functions of each element alone, on tensors and on numbers decided when compiling. */

import type { Primitive } from '../../op.ts';
import type { Composite } from '../../ops/index.ts';
import { erf } from '../../primitives/erf.ts';
import { broadcast } from '../values/axes.ts';
import { named, showNumber } from '../values/number.ts';
import { elementwiseOp } from '../values/operators.ts';
import { asTensor, emit, needTensor, showTensor, together } from '../values/tensors.ts';
import { describeKind, type NumberValue, poison, type Value } from '../values/value.ts';
import { argumentSite, type Builtin, isFloat, parameters, type Use } from './builtin.ts';

/** A number with the text that it is known by, or a report when there is none. */
function numbers<V>(use: Use<V>, args: readonly NumberValue[], f: (...x: number[]) => number): Value<V> {
  const result = named(use.site.cx.sizes, use.name, args, f);
  if (!Number.isNaN(result.value)) return result;
  const text = args.map((a) => showNumber(a.value)).join(', ');
  return use.site.fail('N314', `\`${use.name}(${text})\` is no number`);
}

/** Values of parameters without defaults. */
const values = <V, N extends string>(
  { given }: Use<V>,
  ...names: readonly N[]
): Readonly<Record<N, Value<V>>> =>
  // One entry for each name.
  Object.fromEntries(names.map((n) => [n, given.get(n)!.value])) as Record<N, Value<V>>;

type Numeric = (x: number) => number;

function unary(
  op: Primitive | Composite,
  doc: string,
  f: Numeric,
  takes: 'float' | 'number' = 'float',
): Builtin {
  return {
    doc,
    params: parameters('x'),
    call(use) {
      const { site, name } = use;
      const argument = use.given.get('x')!;
      if (argument.value.kind === 'number') return numbers(use, [argument.value], f);
      const x = needTensor(site.at(argument), argument.value, `the argument of \`${name}\``);
      if (!x) return poison;
      if (isFloat(x.type.dtype) || (takes === 'number' && x.type.dtype === 'int64')) {
        return emit(site, op, [x], {}, x.type);
      }
      return site
        .at(argument)
        .fail('N308', `\`${name}\` takes ${takes}, found ${showTensor(site.cx, x.type)}`, {
          hint: 'cast it: float(...)',
        });
    },
  };
}

/** The smaller or larger of two values, broadcast. */
export function smallerOrLarger<V>(use: Use<V>, op: 'min' | 'max', a: Value<V>, b: Value<V>): Value<V> {
  if (a.kind === 'poison' || b.kind === 'poison') return poison;
  if (a.kind === 'number' && b.kind === 'number') return numbers({ ...use, name: op }, [a, b], Math[op]);
  const pair = together(use.site, a, b);
  if (!pair) return poison;
  if (pair[0].type.dtype !== 'bool') return elementwiseOp(use.site, op, pair);
  return use.site.fail('N308', `\`${use.name}\` does not take bool`, { hint: 'use `and`, `or`' });
}

const clamp: Builtin = {
  doc: 'x, but no less than low and no more than high',
  params: parameters('x, low, high'),
  call(use) {
    const { x, low, high } = values(use, 'x', 'low', 'high');
    if (x.kind === 'number' && low.kind === 'number' && high.kind === 'number') {
      return numbers(use, [x, low, high], (v, a, b) => Math.min(Math.max(v, a), b));
    }
    return smallerOrLarger(use, 'min', smallerOrLarger(use, 'max', x, low), high);
  },
};
const where: Builtin = {
  doc: 'a where the condition c holds, else b, element by element',
  params: parameters('c, a, b'),
  call(use) {
    const { site } = use;
    const { c, a, b } = values(use, 'c', 'a', 'b');
    if (c.kind === 'bool') return c.value ? a : b;
    const condition = asTensor(site.cx, c);
    if (condition?.type.dtype !== 'bool') {
      const found = condition ? showTensor(site.cx, condition.type) : describeKind(c);
      return argumentSite(use, 'c').fail('N308', `the condition of \`where\` must be bool, found ${found}`, {
        hint: 'compare first: where(x > 0, a, b)',
      });
    }
    const pair = together(site, a, b);
    const joined = pair && broadcast(site, pair[0].type.shape, pair[1].type.shape);
    const shape = joined && broadcast(site, condition.type.shape, joined);
    if (!shape) return poison;
    return emit(site, 'where', [condition, ...pair!], {}, { dtype: pair![0].type.dtype, shape });
  },
};

const bent: Numeric = (x) => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);

export const elementwise = {
  sigmoid: unary('sigmoid', '1 / (1 + exp(-x))', (x) => 1 / (1 + Math.exp(-x))),
  tanh: unary('tanh', 'hyperbolic tangent', Math.tanh),
  relu: unary('relu', 'max(x, 0)', (x) => Math.max(x, 0), 'number'),
  gelu: unary(
    'gelu',
    'x times the normal distribution function of x',
    (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  ),
  gelu_tanh: unary(
    'gelu_tanh',
    'gelu as GPT-2 approximates it, by tanh',
    (x) => 0.5 * x * (1 + Math.tanh(bent(x))),
  ),
  exp: unary('exp', 'e ** x', Math.exp),
  log: unary('log', 'natural logarithm', Math.log),
  sqrt: unary('sqrt', 'square root', Math.sqrt),
  rsqrt: unary('rsqrt', '1 / sqrt(x)', (x) => 1 / Math.sqrt(x)),
  sin: unary('sin', 'sine of x radians', Math.sin),
  cos: unary('cos', 'cosine of x radians', Math.cos),
  abs: unary('abs', 'x without its sign', Math.abs, 'number'),
  clamp,
  where,
} satisfies Readonly<Record<string, Builtin>>;
