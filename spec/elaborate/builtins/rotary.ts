/** `Rotary`: frequencies as PyTorch computes them, tables that all layers share, and the turning of pairs. */

import { warning } from '../../diagnostic.ts';
import * as dim from '../../dim.ts';
import { limits } from '../../limits.ts';
import type { RotaryTable } from '../../ops/rotary_table.ts';
import { lowest } from '../../round.ts';
import type { Span } from '../../source.ts';
import { type Context, ofOneToken, type Site } from '../values/context.ts';
import type { GivenArgument, Invocation } from '../values/frame.ts';
import { number, showNumber } from '../values/number.ts';
import { positionsValue } from '../values/positions.ts';
import { report } from '../values/reports.ts';
import { concrete, showSize } from '../values/sizes.ts';
import { emit, showTensor, tensorOf } from '../values/tensors.ts';
import {
  describeKind,
  type FunctionValue,
  type ModuleValue,
  type NumberValue,
  poison,
  type RotaryValue,
  type TensorValue,
  type Value,
} from '../values/value.ts';
import { matchArguments } from './arguments.ts';
import { argumentSite, floatArg, numberArg, parameters, type Use, wholeArg } from './builtin.ts';

export const rotaryParameters = parameters(
  'dim, length, base=10_000, scaling=none, pairing="halves", turn=1, magnitude=1, rounded=none',
);

export const rotaryDoc = "a member: turns pairs of numbers of [B, T, n, m] by their token's position";

/** A larger base is a mistake: the largest that models were trained with is about 10 ** 10. */
const largestBase = 1e15;
const baseHint = 'bases lie between 10 thousand and some hundred millions: is the config damaged?';

/** Warns once for each place; a base that float32 cannot hold is reported for the entry of the config. */
function warnOfBase<V>(cx: Context<V>, span: Span, base: number): void {
  const isSaid = cx.diagnostics.some((d) => d.code === 'N627' && d.span?.start === span.start);
  if (base <= largestBase || (Number.isFinite(base) && base > -lowest('float32')) || isSaid) return;
  const message = `a rotation of base ${base}: most of its pairs never turn`;
  report(cx, warning('N627', message, { span, hint: baseHint }));
}

/** A member `rope: Rotary(...)`; `path` is its place in the model. */
export function makeRotary<V>(
  site: Site<V, Invocation<V>>,
  { path }: Pick<ModuleValue<V>, 'path' | 'label' | 'span'>,
): Value<V> {
  const { cx } = site;
  const params = rotaryParameters.map((p) => ({ name: p.name, optional: p.default !== undefined }));
  const given = matchArguments(site, 'Rotary', params);
  if (!given || [...given.values()].some((a) => a.value.kind === 'poison')) return poison;
  const use: Use<V> = { site, name: 'Rotary', given, rest: [] };
  const turning = rotatedNumbers(use);
  const length = wholeArg(use, 'length', 1);
  const [base, turn] = [numberArg(use, 'base', 10_000), numberArg(use, 'turn', 1)];
  const magnitude = numberArg(use, 'magnitude', 1);
  const pairing = pairingOf(use);
  const rounded = roundedOf(use);
  if (!turning || length === undefined || base === undefined || turn === undefined) return poison;
  if (magnitude === undefined || !pairing || rounded === undefined) return poison;
  if (!(base > 0))
    return argumentSite(use, 'base').fail('N314', `\`base\` must be above 0, found ${showNumber(base)}`);
  warnOfBase(cx, argumentSite(use, 'base').node.span, base);
  const covered = cx.options.maxSeqLen ?? length;
  const freqs = frequencies(use, turning.value, { base, turn, covered });
  if (!freqs) return poison;
  return {
    kind: 'rotary',
    path,
    dim: turning,
    freqs,
    length: covered,
    magnitude,
    pairing,
    rounded,
    tables: {},
  };
}

/** How many numbers are rotated, which must be even; undefined after a report. */
function rotatedNumbers<V>(use: Use<V>): NumberValue | undefined {
  const n = wholeArg(use, 'dim', 2);
  const argument = use.given.get('dim')!;
  if (n === undefined || argument.value.kind !== 'number') return undefined;
  const limit = 2 * limits.pairs;
  if (n > limit) {
    use.site.at(argument).fail('N321', `\`Rotary\` of ${n} numbers; ${limit} is the most`, {
      hint: 'it turns one head',
    });
    return undefined;
  }
  if (n % 2 === 0) return argument.value;
  use.site.at(argument).fail('N313', `\`dim\` of \`Rotary\` must be even, found ${n}`, {
    hint: 'it turns pairs of numbers',
  });
  return undefined;
}

const pairings = ['halves', 'interleaved'] as const;

function pairingOf<V>(use: Use<V>): RotaryValue<V>['pairing'] | undefined {
  const argument = use.given.get('pairing');
  if (!argument) return 'halves';
  const { value } = argument;
  const known = value.kind === 'string' ? pairings.find((p) => p === value.value) : undefined;
  if (known) return known;
  const found = value.kind === 'string' ? `"${value.value}"` : describeKind(value);
  use.site.at(argument).fail('N314', '`pairing` must be "halves" or "interleaved"', { found });
  return undefined;
}

function roundedOf<V>(use: Use<V>): RotaryValue<V>['rounded'] | undefined {
  const argument = use.given.get('rounded');
  if (!argument || argument.value.kind === 'none') return null;
  const { value } = argument;
  if (value.kind === 'dtype' && (value.dtype === 'bfloat16' || value.dtype === 'float16')) return value.dtype;
  const found = value.kind === 'dtype' ? value.dtype : describeKind(value);
  use.site.at(argument).fail('N314', '`rounded` must be bfloat16, float16 or none', { found });
  return undefined;
}

/**
 * Radians per position of each pair: `turn * f(j)`, where `f0(j) = 1 / base ** (2 j / dim)` with every step rounded to float32
 * in the order of PyTorch's `1.0 / (base ** (torch.arange(0, dim, 2, dtype=torch.float32) / dim))`. Torch's float32 power
 * agrees with the rounded power of doubles nearly always; where it does not, the two are neighbouring float32s.
 */
function frequencies<V>(
  use: Use<V>,
  turning: number,
  { base, turn, covered }: { readonly base: number; readonly turn: number; readonly covered: number },
): readonly number[] | undefined {
  const freqs: number[] = [];
  for (let j = 0; j < turning / 2; j++) {
    const exponent = Math.fround((2 * j) / turning);
    const first = Math.fround(1 / Math.fround(Math.fround(base) ** exponent));
    const f = scaled(use, [first, j, covered]);
    if (f === undefined) return undefined;
    freqs.push(Math.fround(turn * f));
  }
  return freqs;
}

/** The user's function of a frequency (and of j, and of how many positions are covered), in double, rounded to float32. */
function scaled<V>(use: Use<V>, known: readonly [f: number, j: number, n: number]): number | undefined {
  const argument = use.given.get('scaling');
  if (!argument || argument.value.kind === 'none') return known[0];
  const { value } = argument;
  if (value.kind !== 'function' && value.kind !== 'builtin') {
    use.site
      .at(argument)
      .fail('N314', `\`scaling\` must be a function of (f, j, n), found ${describeKind(value)}`);
    return undefined;
  }
  const args: GivenArgument<V>[] = known
    .slice(0, value.kind === 'function' ? taken(value) : 1)
    .map((n, i) => ({ value: i === 0 ? { kind: 'number', value: n } : number(n), span: argument.span }));
  const by = use.site.at({ span: argument.span, args, name: argument.said ?? 'scaling' });
  const result = by.cx.call(by, value);
  if (result.kind === 'number' && Number.isFinite(result.value)) return Math.fround(result.value);
  if (result.kind !== 'poison') {
    const found = result.kind === 'number' ? String(result.value) : describeKind(result);
    use.site.at(argument).fail('N314', '`scaling` must give a finite number', { found });
  }
  return undefined;
}

/** Three of `fn slowed(f, j, n)`; in `fn slowed(f, factor = 4)` the second is an option of its own. */
function taken<V>({ decl }: FunctionValue<V>): number {
  const { inputs } = decl.signature;
  const its = (at: number, name: string): boolean =>
    inputs[at] !== undefined && (!inputs[at].value || inputs[at].name.text === name);
  return its(1, 'j') ? (its(2, 'n') ? 3 : 2) : 1;
}

/** `rope(x)`: x of [B, T, n, m] with the first `dim` of m turned. */
export function callRotary<V>(site: Site<V, Invocation<V>>, rotary: RotaryValue<V>): Value<V> {
  const { frame } = site;
  const { name } = site.node;
  const given = matchArguments(site, name, [{ name: 'x' }]);
  if (!given || given.get('x')!.value.kind === 'poison') return poison;
  const use: Use<V> = { site, name, given, rest: [] };
  if (frame.pairs) return site.fail('N310', 'pairs of tokens do not turn', { hint: 'rotate q and k' });
  if (frame.stepping) return ofOneToken(site, 'a rotation');
  const x = floatArg(use, 'x');
  if (!x || !canBeRotated(use, x, rotary)) return poison;
  const [cos, sin] = tablesOf(site, rotary);
  return emit(site, 'rotary', [x, cos, sin], { pairing: rotary.pairing }, x.type);
}

function canBeRotated<V>(use: Use<V>, { type }: TensorValue<V>, rotary: RotaryValue<V>): boolean {
  const { site } = use;
  const found = showTensor(site.cx, type);
  const [rows, tokens, , width] = type.shape;
  if (type.shape.length !== 4) {
    argumentSite(use, 'x').fail('N302', `\`${use.name}\` turns [B, T, n, m]`, {
      found,
      hint: 'as in x as [B, T, heads, head]',
    });
  } else if (!dim.equal(rows!, dim.atom('B')) || !dim.equal(tokens!, dim.atom('T'))) {
    argumentSite(use, 'x').fail('N301', `\`${use.name}\` turns the tokens of this call`, {
      expected: '[B, T, n, m]',
      found,
      ...(dim.mentions(tokens!, 'P') ? { hint: 'turn first, then cache: k = cache(k=rope(k))' } : {}),
    });
  } else if (!dim.provablyNonNegative(dim.sub(concrete(site.cx.sizes, width!), dim.size(rotary.dim.value)))) {
    const wanted = rotary.dim.dim ? showSize(site.cx.sizes, rotary.dim.dim) : String(rotary.dim.value);
    argumentSite(use, 'x').fail('N306', `\`${use.name}\` turns ${wanted} numbers, more than there are`, {
      found,
    });
  } else return true;
  return false;
}

/** float32 [B, T, 1, dim / 2] each; made once, and named after the member rather than after who uses it first. */
function tablesOf<V>(
  site: Site<V, Invocation<V>>,
  rotary: RotaryValue<V>,
): readonly [TensorValue<V>, TensorValue<V>] {
  const { cx } = site;
  const { freqs, magnitude, rounded, length, tables, path } = rotary;
  const positions = positionsValue(site);
  const shape = [...positions.type.shape, dim.size(1), dim.size(freqs.length)];
  const table = (part: RotaryTable['part']): TensorValue<V> => {
    const attrs: RotaryTable = { part, freqs, magnitude, rounded, length };
    const origin = { ...site.origin, scope: path, via: [] };
    const v = tables[part] ?? cx.sink.op('rotary_table', [positions.v], attrs, origin);
    tables[part] = v;
    return tensorOf({ dtype: 'float32', shape }, v);
  };
  return [table('cos'), table('sin')];
}
