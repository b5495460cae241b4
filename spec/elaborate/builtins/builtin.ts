/** What a built-in function is, and what it gets of a call. */

import { type Dim, exact } from '../../dim.ts';
import type { Located } from '../../source.ts';
import type { DType } from '../../type.ts';
import type { Site } from '../values/context.ts';
import type { GivenArgument, Invocation } from '../values/frame.ts';
import { isWhole, showNumber } from '../values/number.ts';
import { needTensor, showTensor } from '../values/tensors.ts';
import { describeKind, type TensorValue, type Value } from '../values/value.ts';

export interface Use<V> {
  /** The call. */
  readonly site: Site<V, Invocation<V>>;
  readonly name: string;
  /** Arguments by the names of parameters. */
  readonly given: ReadonlyMap<string, GivenArgument<V>>;
  /** The values before the parameters, for a function that takes any number of them. */
  readonly rest: readonly GivenArgument<V>[];
}

/** A parameter with its default as the text of LANGUAGE.md has it; one without a default must be given. */
export interface BuiltinParameter {
  readonly name: string;
  readonly default?: string;
}

export interface Builtin {
  readonly doc: string;
  /** Any number of values before the parameters: by place only, or also by names that are no parameter's. */
  readonly rest?: 'placed' | 'named';
  readonly params: readonly BuiltinParameter[];
  /** Not inside `bias=` and `visible=`, whose values are pairs of tokens. */
  readonly ofTokens?: true;
  call<V>(use: Use<V>): Value<V>;
}

/** `clamp(x, low, high)` and its defaults from one line of text. */
export function parameters(text: string): readonly BuiltinParameter[] {
  return text
    .split(', ')
    .filter((part) => part !== '')
    .map((part) => {
      const [name, value] = part.split('=') as [string, string?];
      return value === undefined ? { name } : { name, default: value };
    });
}

/** Where an argument stands, or the call when the argument was left out. */
export const argumentSite = <V>({ site, given }: Use<V>, name: string): Site<V> =>
  site.at(given.get(name) ?? site.node);

/** The tensor under a name; undefined after a report. */
export function tensorArg<V>(use: Use<V>, name: string): TensorValue<V> | undefined {
  const argument = use.given.get(name)!;
  return needTensor(use.site.at(argument), argument.value, `\`${name}\` of \`${use.name}\``);
}

/** A float tensor, or a report. */
export function floatArg<V>(use: Use<V>, name: string): TensorValue<V> | undefined {
  const x = tensorArg(use, name);
  if (!x || isFloat(x.type.dtype)) return x;
  argumentSite(use, name).fail(
    'N308',
    `\`${use.name}\` takes float, found ${showTensor(use.site.cx, x.type)}`,
    {
      hint: 'cast it: float(...)',
    },
  );
  return undefined;
}

export const isFloat = (dtype: DType): boolean => dtype !== 'int64' && dtype !== 'bool';

/** A number decided when compiling, `otherwise` when not given; undefined after a report. */
export function numberArg<V>(use: Use<V>, name: string, otherwise?: number): number | undefined {
  const argument = use.given.get(name);
  const value = argument?.value;
  if (!argument || !value || (value.kind === 'none' && otherwise !== undefined)) return otherwise;
  if (value.kind === 'number') return value.value;
  const what = `\`${name}\` of \`${use.name}\``;
  if (value.kind === 'tensor' || value.kind === 'param' || value.kind === 'size') {
    use.site.at(argument).fail('N312', `${what} must be known when compiling, found ${describeKind(value)}`);
  } else if (value.kind !== 'poison') {
    use.site.at(argument).fail('N314', `${what} must be a number, found ${describeKind(value)}`);
  }
  return undefined;
}

/** A whole number of at least `least`; undefined after a report, or when it is not given. */
export function wholeArg<V>(use: Use<V>, name: string, least: number): number | undefined {
  const value = numberArg(use, name);
  if (value === undefined || (isWhole(value) && value >= least)) return value;
  const from = least > 0 || isWhole(value) ? ` from ${least} on` : '';
  const what = `\`${name}\` of \`${use.name}\` must be a whole number${from}`;
  argumentSite(use, name).fail('N313', `${what}, found ${showNumber(value)}`);
  return undefined;
}

/** An axis of x counted from 0; negative ones count from the end. Undefined after a report. */
export function axisArg<V>(use: Use<V>, x: TensorValue<V>, otherwise?: number): number | undefined {
  const axis = numberArg(use, 'axis', otherwise);
  if (axis === undefined) return undefined;
  const rank = x.type.shape.length;
  const at = axis < 0 ? axis + rank : axis;
  if (isWhole(axis) && at >= 0 && at < rank) return at;
  argumentSite(use, 'axis').fail('N302', `axis ${showNumber(axis)} is not one of the ${rank} axes`, {
    found: showTensor(use.site.cx, x.type),
  });
  return undefined;
}

/** A size from a value: a whole number, or one known only when running. Undefined after a report. */
export function sizeOfValue<V>(use: Use<V>, at: Located, value: Value<V>, what: string): Dim | undefined {
  if (value.kind === 'size') return value.dim;
  if (value.kind === 'number' && isWhole(value.value) && value.value >= 0)
    return value.dim ?? exact(value.value);
  if (value.kind === 'number') {
    use.site.at(at).fail('N313', `${what} must be a whole number, found ${showNumber(value.value)}`);
  } else if (value.kind !== 'poison') {
    use.site.at(at).fail('N314', `${what} must be a number, found ${describeKind(value)}`);
  }
  return undefined;
}
