/** Checks the operands of `attention`: q of this call, k and v of all tokens, and heads that form groups. */

import * as dim from '../../dim.ts';
import { factHint, isProtected, isTokens } from '../values/axes.ts';
import type { GivenArgument } from '../values/frame.ts';
import { isRunning, numberOf, same, sameNumber, showSize } from '../values/sizes.ts';
import { castTo, needTensor, promote, showTensor } from '../values/tensors.ts';
import type { TensorValue } from '../values/value.ts';
import { argumentSite, isFloat, type Use } from './builtin.ts';

export interface Operands<V> {
  /** [B, T, H, D] */
  readonly q: TensorValue<V>;
  /** [B, P + T, K, D], or [B, S, K, D] of another input */
  readonly k: TensorValue<V>;
  /** [B, P + T, K, E] */
  readonly v: TensorValue<V>;
  /** [H] */
  readonly sinks?: TensorValue<V>;
  /** k has no token axis: cross attention, where every key is seen. */
  readonly crossed: boolean;
  /** D, as a number. */
  readonly width: number;
}

const [rows, tokens] = [dim.atom('B'), dim.atom('T')];
const allTokens = dim.add(dim.atom('P'), tokens);

/** The operands in one float dtype; undefined after a report. */
export function checkOperands<V>(use: Use<V>): Operands<V> | undefined {
  const [q, k, v] = ['q', 'k', 'v'].map((name) => operand(use, name));
  const sinks = sinksOf(use);
  if (!q || !k || !v || sinks === null) return undefined;
  const crossed = !isProtected(k.type.shape[1]!);
  const placed = tokensOfQ(use, q) && (crossed || (tokensOfKeys(use, 'k', k) && tokensOfKeys(use, 'v', v)));
  if (!placed || !sizesFit(use, { q, k, v }) || (sinks && !sinksFit(use, q, sinks))) return undefined;
  const alike = oneDtype(use, [q, k, v]);
  if (!alike) return undefined;
  const width = numberOf(use.site.cx.sizes, q.type.shape[3]!) ?? 1;
  return { q: alike[0]!, k: alike[1]!, v: alike[2]!, crossed, width, ...(sinks ? { sinks } : {}) };
}

/** A float operand [B, *, *, *]. */
function operand<V>(use: Use<V>, name: string): TensorValue<V> | undefined {
  const argument = use.given.get(name)!;
  const x = needTensor(use.site.at(argument), argument.value, `\`${name}\` of \`attention\``);
  if (!x) return undefined;
  const found = showTensor(use.site.cx, x.type);
  if (x.type.shape.length !== 4) {
    use.site.at(argument).fail('N302', `\`${name}\` of \`attention\` must have four axes`, {
      expected: name === 'q' ? '[B, T, heads, head]' : '[B, P + T, heads, head]',
      found,
    });
  } else if (!isFloat(x.type.dtype)) {
    use.site.at(argument).fail('N308', `\`attention\` takes float, found ${found}`);
  } else if (!dim.equal(x.type.shape[0]!, rows)) {
    use.site.at(argument).fail('N301', `\`${name}\` of \`attention\` begins with the rows of the batch`, {
      expected: 'B on axis 0',
      found,
    });
  } else return x;
  return undefined;
}

function tokensOfQ<V>(use: Use<V>, { type }: TensorValue<V>): boolean {
  if (dim.equal(type.shape[1]!, tokens)) return true;
  argumentSite(use, 'q').fail('N301', 'attention: q holds the tokens of this call', {
    expected: '[B, T, heads, head]',
    found: showTensor(use.site.cx, type),
    ...(isTokens(type.shape[1]!) ? { hint: 'only k and v are cached' } : {}),
  });
  return false;
}

/** k and v hold every token so far. */
function tokensOfKeys<V>(use: Use<V>, name: 'k' | 'v', { type }: TensorValue<V>): boolean {
  const columns = type.shape[1]!;
  if (dim.equal(columns, allTokens)) return true;
  const argument = use.given.get(name)!;
  const said = argument.said ?? name;
  const text = `attention: ${name} is ${showTensor(use.site.cx, type)}`;
  if (dim.equal(columns, tokens)) {
    use.site.at(argument).fail('N315', `${text}, only the tokens of this call`, {
      hint: `did you forget \`${said} = cache(${argument.said ? said : `${name}=...`})\`?`,
    });
  } else {
    use.site.at(argument).fail('N315', `${text}, not all tokens so far`, {
      hint: `\`${name}\` comes from a cache without \`last\`; a window is an option of attention: window=n`,
    });
  }
  return false;
}

/** Keys and queries of one width, values for each key, heads that group. */
function sizesFit<V>(use: Use<V>, { q, k, v }: Pick<Operands<V>, 'q' | 'k' | 'v'>): boolean {
  const [, , heads, width] = q.type.shape;
  const [, columns, groups, keyWidth] = k.type.shape;
  if (!equal(use, 'k', 'the width of a head is that of q', { of: k, wanted: width!, found: keyWidth! }))
    return false;
  const [, valueColumns, valueGroups] = v.type.shape;
  if (!equal(use, 'v', 'there is a value for each key', { of: v, wanted: columns!, found: valueColumns! }))
    return false;
  if (!equal(use, 'v', 'v has the heads of k', { of: v, wanted: groups!, found: valueGroups! })) return false;
  const [h, g] = [numberOf(use.site.cx.sizes, heads!), numberOf(use.site.cx.sizes, groups!)];
  if (h && g && h % g === 0) return true;
  argumentSite(use, 'k').fail('N301', 'attention: the heads of q must be a multiple of those of k', {
    expected: `a divisor of ${showSize(use.site.cx.sizes, heads!)}`,
    found: showSize(use.site.cx.sizes, groups!),
    hint: 'state it: require heads % kv_heads == 0, "..."',
  });
  return false;
}

/** A size of a tensor, and the size that it has to equal. */
interface SizePair<V> {
  readonly of: TensorValue<V>;
  readonly wanted: dim.Dim;
  readonly found: dim.Dim;
}

/** Compares sizes by name; false after a report. */
function equal<V>(use: Use<V>, name: string, what: string, pair: SizePair<V>): boolean {
  const { sizes } = use.site.cx;
  const { wanted } = pair;
  if (same(sizes, wanted, pair.found)) return true;
  const expected = showSize(sizes, wanted);
  const found = `${showSize(sizes, pair.found)}, in ${showTensor(use.site.cx, pair.of.type)}`;
  if (!isRunning(wanted) && !isRunning(pair.found) && sameNumber(sizes, wanted, pair.found)) {
    const hint = factHint(wanted, pair.found);
    argumentSite(use, name).fail('N305', 'these sizes are equal in this config only', {
      expected,
      found,
      hint,
    });
  } else argumentSite(use, name).fail('N301', `attention: ${what}`, { expected, found });
  return false;
}

/** Undefined when there are none, null after a report. */
function sinksOf<V>(use: Use<V>): TensorValue<V> | null | undefined {
  const argument: GivenArgument<V> | undefined = use.given.get('sinks');
  if (!argument || argument.value.kind === 'none') return undefined;
  const x = needTensor(use.site.at(argument), argument.value, '`sinks` of `attention`');
  if (!x) return null;
  if (isFloat(x.type.dtype)) return x;
  use.site.at(argument).fail('N308', `\`sinks\` must be float, found ${showTensor(use.site.cx, x.type)}`);
  return null;
}

function sinksFit<V>(use: Use<V>, q: TensorValue<V>, sinks: TensorValue<V>): boolean {
  const heads = q.type.shape[2]!;
  if (sinks.type.shape.length === 1)
    return equal(use, 'sinks', 'one sink for each head', {
      of: sinks,
      wanted: heads,
      found: sinks.type.shape[0]!,
    });
  argumentSite(use, 'sinks').fail('N302', 'attention: one sink for each head', {
    expected: `[${showSize(use.site.cx.sizes, heads)}]`,
    found: showTensor(use.site.cx, sinks.type),
  });
  return false;
}

/** float and float32 together are float32. */
function oneDtype<V>(use: Use<V>, xs: readonly TensorValue<V>[]): readonly TensorValue<V>[] | undefined {
  let dtype = xs[0]!.type.dtype;
  for (const x of xs) {
    const both = promote(dtype, x.type.dtype);
    if (!both) {
      use.site.fail('N308', `${dtype} and ${x.type.dtype} do not mix`, {
        hint: `cast one of them: ${dtype}(...)`,
      });
      return undefined;
    }
    dtype = both;
  }
  return xs.map((x) => castTo(use.site, x, dtype));
}
