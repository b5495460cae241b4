/** Every operator that this backend writes, and the first supported LibTorch that has it. Their names are checked when code is made. */

import type { EmitOptions } from '../target_option.ts';

/** LibTorch releases that code can be written for. */
export const releases = ['1.13', '2.0'] as const;
export type Release = (typeof releases)[number];

/** The release that was asked for; the oldest where none was. */
export const releaseOf = ({ minLibtorch }: Pick<EmitOptions, string>): Release =>
  releases.find((release) => release === minLibtorch) ?? releases[0];

interface Operator {
  readonly schema: string;
  readonly since: Release;
}

const sinceFirst = (schema: string): Operator => ({ schema, since: '1.13' });

/** By their names in a compiled TorchScript graph, without `aten::`. */
export const operators = {
  /** Written `int(x)`. */
  Int: sinceFirst('(Tensor a) -> int'),
  __and__: sinceFirst('(Tensor self, Tensor other) -> Tensor'),
  __or__: sinceFirst('(Tensor self, Tensor other) -> Tensor'),
  abs: sinceFirst('(Tensor self) -> Tensor'),
  add: sinceFirst('(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor'),
  amax: sinceFirst('(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor'),
  amin: sinceFirst('(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor'),
  arange: sinceFirst('(Scalar end, *, ScalarType? dtype=None, Device? device=None) -> Tensor'),
  bitwise_not: sinceFirst('(Tensor self) -> Tensor'),
  cat: sinceFirst('(Tensor[] tensors, int dim=0) -> Tensor'),
  chunk: sinceFirst('(Tensor self, int chunks, int dim=0) -> Tensor[]'),
  clamp_max: sinceFirst('(Tensor self, Scalar max) -> Tensor'),
  clamp_min: sinceFirst('(Tensor self, Scalar min) -> Tensor'),
  clone: sinceFirst('(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor'),
  copy_: sinceFirst('(Tensor self, Tensor src, bool non_blocking=False) -> Tensor'),
  cos: sinceFirst('(Tensor self) -> Tensor'),
  cumsum: sinceFirst('(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor'),
  div: sinceFirst('(Tensor self, Tensor other, *, str? rounding_mode=None) -> Tensor'),
  embedding: sinceFirst('(Tensor weight, Tensor indices) -> Tensor'),
  eq: sinceFirst('(Tensor self, Tensor other) -> Tensor'),
  erf: sinceFirst('(Tensor self) -> Tensor'),
  exp: sinceFirst('(Tensor self) -> Tensor'),
  expand: sinceFirst('(Tensor self, int[] size, *, bool implicit=False) -> Tensor'),
  flatten: sinceFirst('(Tensor self, int start_dim=0, int end_dim=-1) -> Tensor'),
  float: sinceFirst('(Tensor self) -> Tensor'),
  floor: sinceFirst('(Tensor self) -> Tensor'),
  full: sinceFirst(
    '(int[] size, Scalar fill_value, *, ScalarType? dtype=None, Device? device=None) -> Tensor',
  ),
  gather: sinceFirst('(Tensor self, int dim, Tensor index) -> Tensor'),
  ge: sinceFirst('(Tensor self, Tensor other) -> Tensor'),
  gelu: sinceFirst('(Tensor self, *, str approximate="none") -> Tensor'),
  gt: sinceFirst('(Tensor self, Tensor other) -> Tensor'),
  index: sinceFirst('(Tensor self, Tensor?[] indices) -> Tensor'),
  index_copy_: sinceFirst('(Tensor self, int dim, Tensor index, Tensor source) -> Tensor'),
  layer_norm: sinceFirst(
    '(Tensor input, int[] normalized_shape, Tensor? weight, Tensor? bias, float eps) -> Tensor',
  ),
  le: sinceFirst('(Tensor self, Tensor other) -> Tensor'),
  linear: sinceFirst('(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor'),
  log: sinceFirst('(Tensor self) -> Tensor'),
  long: sinceFirst('(Tensor self) -> Tensor'),
  lt: sinceFirst('(Tensor self, Tensor other) -> Tensor'),
  masked_fill: sinceFirst('(Tensor self, Tensor mask, Scalar value) -> Tensor'),
  matmul: sinceFirst('(Tensor self, Tensor other) -> Tensor'),
  maximum: sinceFirst('(Tensor self, Tensor other) -> Tensor'),
  mean: sinceFirst('(Tensor self, int[1]? dim, bool keepdim=False) -> Tensor'),
  minimum: sinceFirst('(Tensor self, Tensor other) -> Tensor'),
  mul: sinceFirst('(Tensor self, Tensor other) -> Tensor'),
  ne: sinceFirst('(Tensor self, Scalar other) -> Tensor'),
  neg: sinceFirst('(Tensor self) -> Tensor'),
  nonzero: sinceFirst('(Tensor self) -> Tensor'),
  ones: sinceFirst('(int[] size, *, ScalarType? dtype=None, Device? device=None) -> Tensor'),
  permute: sinceFirst('(Tensor self, int[] dims) -> Tensor'),
  pow: sinceFirst('(Tensor self, Tensor exponent) -> Tensor'),
  relu: sinceFirst('(Tensor self) -> Tensor'),
  remainder: sinceFirst('(Tensor self, Tensor other) -> Tensor'),
  reshape: sinceFirst('(Tensor self, int[] shape) -> Tensor'),
  rsqrt: sinceFirst('(Tensor self) -> Tensor'),
  scaled_dot_product_attention: {
    schema:
      '(Tensor query, Tensor key, Tensor value, Tensor? attn_mask, float dropout_p, bool is_causal) -> Tensor',
    since: '2.0',
  },
  scatter: sinceFirst('(Tensor self, int dim, Tensor index, Scalar value) -> Tensor'),
  select: sinceFirst('(Tensor self, int dim, int index) -> Tensor'),
  sigmoid: sinceFirst('(Tensor self) -> Tensor'),
  silu: sinceFirst('(Tensor self) -> Tensor'),
  sin: sinceFirst('(Tensor self) -> Tensor'),
  size: sinceFirst('(Tensor self, int dim) -> int'),
  slice: sinceFirst('(Tensor self, int dim=0, int? start=None, int? end=None, int step=1) -> Tensor'),
  softmax: sinceFirst('(Tensor self, int dim, ScalarType? dtype=None) -> Tensor'),
  sort: sinceFirst('(Tensor self, *, bool? stable, int dim=-1, bool descending=False) -> (Tensor, Tensor)'),
  sqrt: sinceFirst('(Tensor self) -> Tensor'),
  squeeze: sinceFirst('(Tensor self, int dim) -> Tensor'),
  stack: sinceFirst('(Tensor[] tensors, int dim=0) -> Tensor'),
  sub: sinceFirst('(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor'),
  sum: sinceFirst('(Tensor self, int[1]? dim, bool keepdim=False) -> Tensor'),
  take_along_dim: sinceFirst('(Tensor self, Tensor indices, int? dim=None) -> Tensor'),
  tanh: sinceFirst('(Tensor self) -> Tensor'),
  tensor: sinceFirst('(t[] data, *, ScalarType? dtype=None, Device? device=None) -> Tensor'),
  to: sinceFirst('(Tensor self, ScalarType dtype) -> Tensor'),
  transpose: sinceFirst('(Tensor self, int dim0, int dim1) -> Tensor'),
  type_as: sinceFirst('(Tensor self, Tensor other) -> Tensor'),
  unique_dim: sinceFirst(
    '(Tensor self, int dim, bool sorted=True, bool return_inverse=False, bool return_counts=False) -> (Tensor, Tensor, Tensor)',
  ),
  unsqueeze: sinceFirst('(Tensor self, int dim) -> Tensor'),
  view: sinceFirst('(Tensor self, int[] size) -> Tensor'),
  where: sinceFirst('(Tensor condition, Tensor self, Tensor other) -> Tensor'),
  zeros: sinceFirst('(int[] size, *, ScalarType? dtype=None, Device? device=None) -> Tensor'),
  zeros_like: sinceFirst('(Tensor self, *, ScalarType? dtype=None) -> Tensor'),
} as const satisfies Readonly<Record<string, Operator>>;

export type OperatorName = keyof typeof operators;
