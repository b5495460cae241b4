/** `cache`: the one construct that remembers. Each value becomes a port under the path of the instance. */

import * as dim from '../../dim.ts';
import type { PortDecl } from '../../sink.ts';
import { isOfThisCall, isTokens } from '../values/axes.ts';
import type { GivenArgument } from '../values/frame.ts';
import { isWhole, showNumber } from '../values/number.ts';
import { concreteType, needTensor, showTensor, tensorOf } from '../values/tensors.ts';
import { poison, type TensorValue, type Value } from '../values/value.ts';
import { argumentSite, type Builtin, isFloat, numberArg, parameters, type Use, wholeArg } from './builtin.ts';

const tokens = dim.atom('T');

export const cache: Builtin = {
  doc: 'what earlier calls gave and what this call gives, along the tokens; of the last n with last=n',
  rest: 'named',
  params: parameters('last=none, fill=0'),
  ofTokens: true,
  call(use) {
    if (use.rest.length === 0) {
      return use.site.fail('N204', '`cache` needs values', { hint: 'k, v = cache(k, v)' });
    }
    const asked = use.given.has('last') && use.given.get('last')!.value.kind !== 'none';
    const last = asked ? wholeArg(use, 'last', 1) : undefined;
    if (asked && last === undefined) return poison;
    if (!asked && use.given.has('fill')) {
      return argumentSite(use, 'fill').fail('N204', '`fill` needs `last`', {
        hint: 'it stands before the first token of cache(x, last=n)',
      });
    }
    const kept = use.rest.map((argument) => keep(use, argument, last));
    if (kept.some((value) => value.kind === 'poison')) return poison;
    return kept.length === 1 ? kept[0]! : { kind: 'list', items: kept, several: true };
  },
};

function keep<V>(use: Use<V>, argument: GivenArgument<V>, last: number | undefined): Value<V> {
  const { site } = use;
  const said = argument.name?.text ?? argument.said;
  if (said === undefined) {
    return site.at(argument).fail('N314', 'a port is named by what is cached, and this is no plain name', {
      hint: 'name it, as in cache(k=rope(k))',
    });
  }
  const x = needTensor(site.at(argument), argument.value, `\`${said}\``);
  if (!x || !ofThisCall(use, argument, said, x)) return poison;
  const fill = fillOf(use, x);
  if (fill === undefined) return poison;
  const type = concreteType(site.cx, x.type);
  const port: PortDecl = {
    name: portName(use, said),
    type,
    ...(last === undefined ? {} : { last }),
    fill,
    span: site.at(argument).shownAt,
  };
  site.cx.ports.push(port);
  const past = last === undefined ? dim.atom('P') : lastOf(use, last);
  const shape = x.type.shape.map((d, i) => (i === 1 ? dim.add(past, tokens) : d));
  return tensorOf({ dtype: x.type.dtype, shape }, site.cx.sink.cache(x.v, port, site.origin));
}

/** `n` of `last=n`, as a size with names. */
function lastOf<V>({ given }: Use<V>, last: number): dim.Dim {
  const value = given.get('last')?.value;
  return (value?.kind === 'number' && value.dim) || dim.size(last);
}

/** [B, T, ...]; false after a report. */
function ofThisCall<V>(
  use: Use<V>,
  argument: GivenArgument<V>,
  said: string,
  { type }: TensorValue<V>,
): boolean {
  if (isOfThisCall(type.shape)) return true;
  const [, columns] = type.shape;
  const found = showTensor(use.site.cx, type);
  use.site.at(argument).fail('N316', `cache needs [B, T, ...], \`${said}\` is ${found}`, {
    ...(columns && isTokens(columns) ? { hint: 'it is cached already' } : {}),
  });
  return false;
}

/** The fill, zero when not given; undefined after a report. */
function fillOf<V>(use: Use<V>, { type: { dtype } }: TensorValue<V>): number | undefined {
  const argument = use.given.get('fill');
  if (dtype === 'bool' && argument?.value.kind === 'bool') return Number(argument.value.value);
  const fill = numberArg(use, 'fill', 0);
  if (fill === undefined || isFloat(dtype) || (dtype === 'int64' && isWhole(fill)) || !argument) return fill;
  use.site.at(argument).fail('N308', `\`fill\` of a cache of ${dtype} cannot be ${showNumber(fill)}`);
  return undefined;
}

/** Every execution of one instance's cache is a port of its own. */
export function portName<V>({ site }: Use<V>, said: string): string {
  const name = site.frame.path === '' ? said : `${site.frame.path}.${said}`;
  const times = (site.cx.executed.get(name) ?? 0) + 1;
  site.cx.executed.set(name, times);
  return times === 1 ? name : `${name}#${times}`;
}
