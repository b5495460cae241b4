/** `attention`: the one place where tokens see each other. */

import * as dim from '../../dim.ts';
import type { Attention } from '../../ops/attention.ts';
import type { GivenArgument } from '../values/frame.ts';
import { showNumber } from '../values/number.ts';
import { concrete } from '../values/sizes.ts';
import { emit } from '../values/tensors.ts';
import { describeKind, poison, type TensorValue, type Value } from '../values/value.ts';
import { biasOf, maskOf } from './attention_mask.ts';
import { checkOperands, type Operands } from './attention_operands.ts';
import { argumentSite, type Builtin, numberArg, parameters, type Use, wholeArg } from './builtin.ts';

export const attention: Builtin = {
  doc: 'softmax(scale q k) v over the tokens seen: always causal, with grouped heads',
  params: parameters('q, k, v, scale=none, window=none, softcap=none, bias=none, visible=none, sinks=none'),
  ofTokens: true,
  call(use) {
    const operands = checkOperands(use);
    const options = operands && optionsOf(use, operands);
    return options ? attend(use, operands, options) : poison;
  },
};

/** An argument that was given and is not `none`. */
const givenOf = <V>({ given }: Use<V>, name: string): GivenArgument<V> | undefined => {
  const argument = given.get(name);
  return argument?.value.kind === 'none' ? undefined : argument;
};

interface Options<V> {
  readonly scale: number;
  readonly softcap: number | null;
  readonly window: number | null;
  readonly bias?: GivenArgument<V>;
  readonly visible?: GivenArgument<V>;
}

/** The options of a call; undefined after reporting everything that is wrong with them. */
function optionsOf<V>(use: Use<V>, { crossed, width }: Operands<V>): Options<V> | undefined {
  const [window, softcap] = [windowOf(use), softcapOf(use)];
  const scale = numberArg(use, 'scale', 1 / Math.sqrt(width));
  const [bias, visible] = [functionOf(use, 'bias', '(h, q, k)'), functionOf(use, 'visible', '(q, k)')];
  const order = ['window', 'bias', 'visible'].map((name) => givenOf(use, name)).find((a) => a !== undefined);
  if (crossed && order) {
    return void use.site.at(order).fail('N314', 'keys of another input have no order', {
      hint: 'window, bias and visible are for keys that are tokens',
    });
  }
  if (window === undefined || softcap === undefined || scale === undefined) return undefined;
  if (bias === undefined || visible === undefined) return undefined;
  return { window, softcap, scale, ...(bias ? { bias } : {}), ...(visible ? { visible } : {}) };
}

const windowOf = <V>(use: Use<V>): number | null | undefined =>
  givenOf(use, 'window') ? wholeArg(use, 'window', 1) : null;

function softcapOf<V>(use: Use<V>): number | null | undefined {
  const argument = givenOf(use, 'softcap');
  const value = argument ? numberArg(use, 'softcap') : null;
  if (typeof value !== 'number' || value > 0) return value;
  argumentSite(use, 'softcap').fail('N314', `\`softcap\` must be above 0, found ${showNumber(value)}`);
  return undefined;
}

/** The function given as an option; null when none is given. */
function functionOf<V>(use: Use<V>, name: string, takes: string): GivenArgument<V> | null | undefined {
  const argument = givenOf(use, name);
  if (!argument) return null;
  const { kind } = argument.value;
  if (kind === 'function' || kind === 'builtin') return argument;
  const found = describeKind(argument.value);
  use.site
    .at(argument)
    .fail('N314', `\`${name}\` of \`attention\` must be a function of ${takes}, found ${found}`);
  return undefined;
}

/** Emits attention: q, k and v with heads before tokens, as in the graph; the result is brought back. */
function attend<V>(use: Use<V>, operands: Operands<V>, options: Options<V>): Value<V> {
  const { site } = use;
  const { q, k, v, sinks, crossed } = operands;
  const { scale, softcap, window, bias, visible } = options;
  const mask = crossed ? undefined : maskOf(use, window, visible);
  const leaning = bias
    ? biasOf(use, bias, dim.constant(concrete(site.cx.sizes, q.type.shape[2]!)) ?? 0)
    : undefined;
  if (mask === null || leaning === null) return poison;
  const turned = [q, k, v].map((x) => swap(use, x));
  const extras = [mask, leaning, sinks].filter((x) => x !== undefined);
  const attrs: Attention = {
    scale,
    softcap,
    window,
    mask: mask !== undefined,
    bias: leaning !== undefined,
    sinks: sinks !== undefined,
    plain: visible === undefined,
  };
  const [b, h, t] = turned[0]!.type.shape;
  const shape = [b!, h!, t!, v.type.shape[3]!];
  const y = emit(site, 'attention', [...turned, ...extras], attrs, { dtype: q.type.dtype, shape });
  return swap(use, y);
}

/** [B, T, H, D] to [B, H, T, D], and back. */
function swap<V>({ site }: Use<V>, x: TensorValue<V>): TensorValue<V> {
  const perm = [0, 2, 1, 3];
  const { dtype, shape } = x.type;
  return emit(site, 'transpose', [x], { perm }, { dtype, shape: perm.map((i) => shape[i]!) });
}
