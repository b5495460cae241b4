/** Decides whether norms without a bias are RMS or layer norms: by an entry, or by the family, or by a guess. */

import type { KnownFamily } from './families.ts';
import { type Sizes, sizeKeys } from './sizes.ts';

export interface NormKind {
  readonly fn: 'rms_norm' | 'layer_norm';
  /** How it is known. */
  readonly from: 'entry' | 'epsilon' | 'family' | 'nothing';
}

const byText = (value: string): NormKind['fn'] | undefined =>
  /rms/i.test(value)
    ? 'rms_norm'
    : /layer_?norm|^(low_precision_)?ln$|^default$/i.test(value)
      ? 'layer_norm'
      : undefined;

const isNormKey = (key: string): boolean =>
  /norm/i.test(key) && !/eps|qk|quer|post|pre|init|bias|affine|order|position/i.test(key);

/** `use_rms_norm`, and not `rms_norm_plus_one`, which says more than the kind. */
const isRmsFlag = (key: string): boolean => /^(use_|is_|apply_)?rms_?(layer_?)?norms?$/i.test(key);

export function normKindOf(sizes: Sizes, family: KnownFamily): NormKind {
  for (const [key, value] of Object.entries(sizes.config)) {
    const fn = !isNormKey(key)
      ? undefined
      : typeof value === 'string'
        ? byText(value)
        : typeof value === 'boolean' && isRmsFlag(key)
          ? value
            ? 'rms_norm'
            : 'layer_norm'
          : undefined;
    if (fn !== undefined) {
      sizes.rely([key]);
      return { fn, from: 'entry' };
    }
  }
  if (family.plain) return { fn: family.plain, from: 'family' };
  const eps = sizes.look(sizeKeys.eps)?.key ?? '';
  if (/^rms/.test(eps)) return { fn: 'rms_norm', from: 'epsilon' };
  if (/^layer_?norm/.test(eps)) return { fn: 'layer_norm', from: 'epsilon' };
  return { fn: 'rms_norm', from: family.sure ? 'family' : 'nothing' };
}
