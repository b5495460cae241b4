/** The standard library as text, so that `spec/` needs no file system. Written by `npm run generate`. */
export const prelude = `## The standard modules and functions, in the language itself.

fn linear(x, weight) = x @ transpose(weight)
fn square(x) = x * x
fn silu(x) = x * sigmoid(x)
fn swiglu(gate, up) = silu(gate) * up
fn softplus(x) = max(x, 0) + log(1 + exp(-abs(x)))
fn softcap(x, limit) = limit * tanh(x / limit)
fn round_up(n, multiple) = ceil(n / multiple) * multiple

block Linear(inputs, outputs, bias = false) {
  weight: [outputs, inputs]
  if bias { offset: [outputs] from "bias" }
  forward(x) = if bias then linear(x, weight) + offset else linear(x, weight)
}

## A linear layer whose weight is stored [in, out], as GPT-2 does.
block Conv1D(inputs, outputs) {
  weight: [inputs, outputs]
  bias:   [outputs]
  forward(x) = x @ weight + bias
}

block Embedding(rows, width) {
  weight: [rows, width]
  forward(ids) = take(weight, ids)
}

block RMSNorm(width, eps) {
  weight: [width]
  forward(x) = weight * rms_norm(x, eps)
}

block LayerNorm(width, eps = 1e-5, bias = true) {
  weight: [width]
  if bias { offset: [width] from "bias" }
  forward(x) = if bias then weight * layer_norm(x, eps) + offset else weight * layer_norm(x, eps)
}

## Turns per position of one rotary pair, slowed as Llama 3.1 does.
fn llama3_slowed(f, factor, low, high, original) {
  turns = original * f / (2 * pi)                           # in the context it was first trained on
  keep  = clamp((turns - low) / (high - low), 0, 1)
  return f * (keep + (1 - keep) / factor)
}

## The same for YaRN: fast pairs are kept, slow ones interpolated.
fn yarn_slowed(f, j, pairs, base, factor, original, fast = 32, slow = 1, truncate = true) {
  first = yarn_pair(fast, pairs, base, original)
  last  = yarn_pair(slow, pairs, base, original)
  first = max(if truncate then floor(first) else first, 0)
  last  = min(if truncate then ceil(last) else last, 2 * pairs - 1)
  ramp  = clamp((j - first) / max(last - first, 0.001), 0, 1)
  return f * (1 - ramp + ramp / factor)
}
fn yarn_pair(turns, pairs, base, original) = pairs * log(original / (turns * 2 * pi)) / log(base)
fn yarn_magnitude(factor, m = 1) = if factor <= 1 then 1 else 0.1 * m * log(factor) + 1
`;
