/** Functions that are written into archives: what models call by name and LibTorch 1.13 has no single operator for. */

import type { Attention } from '../../spec/ops/attention.ts';
import { statement } from './line_breaks.ts';
import type { Release } from './operators.ts';

export interface FunctionText {
  readonly name: string;
  readonly text: string;
}

const functionText = (name: string, signature: string, ...lines: readonly string[]): FunctionText => ({
  name,
  text: [
    ...statement(`def ${name}(${signature}) -> Tensor:`, '', undefined),
    ...lines.map((l) => `  ${l}`),
  ].join('\n'),
});

export const rmsNorm = functionText(
  'rms_norm',
  'x: Tensor, eps: float',
  'wide = x.float()',
  'power = torch.mean(wide * wide, [-1], True)',
  'return (wide * torch.rsqrt(power + eps)).type_as(x)',
);

export const layerNorm = functionText(
  'layer_norm',
  'x: Tensor, eps: float',
  'return torch.layer_norm(x.float(), [x.size(-1)], None, None, eps).type_as(x)',
);

export const softmax = functionText('softmax', 'x: Tensor', 'return torch.softmax(x.float(), -1).type_as(x)');

/**
 * Pairs as halves of the width, or side by side; where the tables turn only a part, the rest follows as it is. Nothing is
 * joined by `cat`, which the CPU fuser of LibTorch 2.6 works on without end.
 */
export function rotary(pairing: 'halves' | 'interleaved', partial: boolean): FunctionText {
  const halves = pairing === 'halves';
  const name = ['rotary', ...(halves ? [] : ['interleaved']), ...(partial ? ['partial'] : [])];
  const turning = partial ? 'wide[..., :width]' : 'wide';
  return functionText(
    name.join('_'),
    'x: Tensor, cos: Tensor, sin: Tensor',
    'wide = x.float()',
    ...(partial ? ['width = 2 * cos.size(-1)'] : []),
    halves ? `a, b = torch.chunk(${turning}, 2, -1)` : `a, b = ${turning}[..., ::2], ${turning}[..., 1::2]`,
    `y = torch.stack([a * cos - b * sin, b * cos + a * sin], ${halves ? -2 : -1}).flatten(-2).type_as(x)`,
    ...(partial ? ['turned = x.clone()', 'turned[..., :width] = y', 'return turned'] : ['return y']),
  );
}

/** Each expert that was chosen at all multiplies the rows that chose it. */
export function expertMatmul(whole: boolean, transposed: boolean): FunctionText {
  const matrix = 'weights[int(used[turn])]';
  return functionText(
    ['expert_matmul', ...(whole ? ['of_stack'] : []), ...(transposed ? ['transposed'] : [])].join('_'),
    `x: Tensor, choice: Tensor, weights: ${whole ? 'Tensor' : 'List[Tensor]'}`,
    'B, T, K = choice.size()',
    'rows = x.expand(B, T, K, x.size(3)).reshape(B * T * K, x.size(3))',
    'chosen = choice.flatten()',
    'used = torch.unique_dim(chosen, 0)[0]',
    `y = torch.zeros([B * T * K, weights[0].size(${transposed ? 0 : 1})], dtype=x.dtype, device=x.device)`,
    'for turn in range(used.size(0)):',
    '  at = torch.squeeze(torch.nonzero(chosen == used[turn]), 1)',
    `  matrix = ${matrix}.type_as(x)`,
    `  y.index_copy_(0, at, torch.matmul(rows[at], matrix${transposed ? '.transpose(0, 1)' : ''}))`,
    'return y.reshape(B, T, K, y.size(1))',
  );
}

/** Attention over q [B, H, T, D], k [B, K, S, D], v [B, K, S, E]; a row that sees no key gives numbers that nobody reads. */
export function attention(
  attrs: Attention,
  grouped: boolean,
  { release, half }: { readonly release: Release; readonly half: boolean },
): FunctionText {
  return release === '2.0' && attrs.softcap === null && !attrs.sinks && !attrs.bias
    ? fusedAttention(attrs, grouped)
    : plainAttention(attrs, grouped, half);
}

/** Computes float16 scores scaled down by a power of two, so that scores beyond 65504 stay finite. */
const scaledDownScores = 'scores = torch.matmul(q * (scale / 64.0), k.transpose(2, 3)).float() * 64.0';

const lowestMasked = '-3.4028234663852886e+38';

const parameters = (attrs: Attention): string =>
  [
    'q: Tensor',
    'k: Tensor',
    'v: Tensor',
    ...(attrs.mask ? ['mask: Tensor'] : []),
    ...(attrs.bias ? ['bias: Tensor'] : []),
    ...(attrs.sinks ? ['sinks: Tensor'] : []),
    'scale: float',
    ...(attrs.softcap === null ? [] : ['softcap: float']),
  ].join(', ');

const nameOf = (attrs: Attention, grouped: boolean): string =>
  [
    ...(grouped ? ['grouped'] : []),
    ...(attrs.softcap === null ? [] : ['capped']),
    ...(attrs.bias ? ['biased'] : []),
    ...(attrs.mask ? [] : ['open']),
    'attention',
    ...(attrs.sinks ? ['with_sinks'] : []),
  ].join('_');

const sizes = [
  'B, H, T, D = q.size()',
  'K, S, E = k.size(1), k.size(2), v.size(3)',
  'rows = H // K * T  # the heads that share keys stand below each other',
];

function plainAttention(attrs: Attention, grouped: boolean, half: boolean): FunctionText {
  const sinks = [
    'column = sinks.float().reshape(1, -1, 1, 1).expand(scores.size(0), -1, scores.size(2), 1)',
    'weights = torch.softmax(torch.cat([scores, column], 3), 3)[..., :-1].type_as(v)',
  ];
  return functionText(
    nameOf(attrs, grouped),
    parameters(attrs),
    ...(grouped ? [...sizes, 'q = q.reshape(B, K, rows, D)'] : []),
    half ? scaledDownScores : 'scores = torch.matmul(q * scale, k.transpose(2, 3)).float()',
    ...(grouped ? ['scores = scores.reshape(B, H, T, S)'] : []),
    ...(attrs.softcap === null ? [] : ['scores = softcap * torch.tanh(scores / softcap)']),
    ...(attrs.bias ? ['scores = scores + bias.float()'] : []),
    ...(attrs.mask ? [`scores = torch.where(mask, scores, ${lowestMasked})`] : []),
    ...(attrs.sinks ? sinks : ['weights = torch.softmax(scores, -1).type_as(v)']),
    ...(grouped
      ? ['y = torch.matmul(weights.reshape(B, K, rows, S), v)', 'return y.reshape(B, H, T, E)']
      : ['return torch.matmul(weights, v)']),
  );
}

/** The mask is added, as numbers: a row without a visible key stays finite. The operator scales by 1 / sqrt(D) itself. */
function fusedAttention(attrs: Attention, grouped: boolean): FunctionText {
  const mask = [
    'low = -65504.0 if q.dtype == 5 else -3.3895313892515355e+38',
    'seen = torch.zeros_like(mask, dtype=q.dtype).masked_fill(~mask, low)',
  ];
  const folded = [
    'q = q.reshape(B, K, rows, D)',
    ...(attrs.mask ? ['seen = seen.expand(B, H, T, S)[:, :H // K].reshape(B, 1, rows, S)'] : []),
  ];
  const scaled = 'q * (scale * q.size(3) ** 0.5)';
  const seen = attrs.mask ? 'seen' : 'None';
  const call = `torch.scaled_dot_product_attention(${scaled}, k, v, ${seen}, 0.0, False)`;
  return functionText(
    nameOf(attrs, grouped),
    parameters(attrs),
    ...(attrs.mask ? mask : []),
    ...(grouped ? [...sizes, ...folded] : []),
    grouped ? `return ${call}.reshape(B, H, T, E)` : `return ${call}`,
  );
}

/** The mask of a call, or all ones when the caller leaves it out. */
export const maskOr = functionText(
  'mask_or_ones',
  'mask: Optional[Tensor], tokens: Tensor, columns: int',
  'if mask is None:',
  '  real = torch.ones([tokens.size(0), columns], dtype=4, device=tokens.device)',
  'else:',
  '  real = mask',
  'return real',
);

/** Positions of the last T columns: real tokens counted from the first. */
export const positionsOr = functionText(
  'positions_or_count',
  'positions: Optional[Tensor], mask: Tensor, T: int',
  'if positions is None:',
  '  count = torch.cumsum((mask != 0).long(), 1) - 1',
  '  order = torch.clamp_min(count[:, mask.size(1) - T:], 0)',
  'else:',
  '  order = positions',
  'return order',
);

/** The same for a static cache, in which the slots from `past` on belong to the call. */
export const positionsInSlots = functionText(
  'positions_in_slots',
  'positions: Optional[Tensor], mask: Tensor, past: Tensor, T: int',
  'if positions is None:',
  '  count = torch.cumsum((mask != 0).long(), 1) - 1',
  '  own = past + torch.arange(T, dtype=4, device=mask.device)',
  '  order = torch.clamp_min(count[:, own], 0)',
  'else:',
  '  order = positions',
  'return order',
);
