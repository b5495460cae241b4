/** Every operator that this backend writes, and the first supported LibTorch that has it. Their names are checked when code is made. */

/** LibTorch releases for which code can be asked. */
export const releases = ['1.13', '2.0'] as const;
export type Release = (typeof releases)[number];

interface Operator {
  readonly schema: string;
  readonly since: Release;
}

const old = (schema: string): Operator => ({ schema, since: '1.13' });

/** Under the names that a compiled graph gives them, without `aten::`. */
export const operators = {
  /** Written `int(x)`. */
  Int: old('(Tensor a) -> int'),
  __and__: old('(Tensor self, Tensor other) -> Tensor'),
  __or__: old('(Tensor self, Tensor other) -> Tensor'),
  abs: old('(Tensor self) -> Tensor'),
  add: old('(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor'),
  amax: old('(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor'),
  amin: old('(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor'),
  arange: old('(Scalar end, *, ScalarType? dtype=None, Device? device=None) -> Tensor'),
  bitwise_not: old('(Tensor self) -> Tensor'),
  cat: old('(Tensor[] tensors, int dim=0) -> Tensor'),
  chunk: old('(Tensor self, int chunks, int dim=0) -> Tensor[]'),
  clamp_max: old('(Tensor self, Scalar max) -> Tensor'),
  clamp_min: old('(Tensor self, Scalar min) -> Tensor'),
  clone: old('(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor'),
  copy_: old('(Tensor self, Tensor src, bool non_blocking=False) -> Tensor'),
  cos: old('(Tensor self) -> Tensor'),
  cumsum: old('(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor'),
  div: old('(Tensor self, Tensor other, *, str? rounding_mode=None) -> Tensor'),
  embedding: old('(Tensor weight, Tensor indices) -> Tensor'),
  eq: old('(Tensor self, Tensor other) -> Tensor'),
  erf: old('(Tensor self) -> Tensor'),
  exp: old('(Tensor self) -> Tensor'),
  expand: old('(Tensor self, int[] size, *, bool implicit=False) -> Tensor'),
  flatten: old('(Tensor self, int start_dim=0, int end_dim=-1) -> Tensor'),
  float: old('(Tensor self) -> Tensor'),
  floor: old('(Tensor self) -> Tensor'),
  full: old('(int[] size, Scalar fill_value, *, ScalarType? dtype=None, Device? device=None) -> Tensor'),
  gather: old('(Tensor self, int dim, Tensor index) -> Tensor'),
  ge: old('(Tensor self, Tensor other) -> Tensor'),
  gelu: old('(Tensor self, *, str approximate="none") -> Tensor'),
  gt: old('(Tensor self, Tensor other) -> Tensor'),
  index: old('(Tensor self, Tensor?[] indices) -> Tensor'),
  index_copy_: old('(Tensor self, int dim, Tensor index, Tensor source) -> Tensor'),
  layer_norm: old(
    '(Tensor input, int[] normalized_shape, Tensor? weight, Tensor? bias, float eps) -> Tensor',
  ),
  le: old('(Tensor self, Tensor other) -> Tensor'),
  linear: old('(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor'),
  log: old('(Tensor self) -> Tensor'),
  long: old('(Tensor self) -> Tensor'),
  lt: old('(Tensor self, Tensor other) -> Tensor'),
  masked_fill: old('(Tensor self, Tensor mask, Scalar value) -> Tensor'),
  matmul: old('(Tensor self, Tensor other) -> Tensor'),
  maximum: old('(Tensor self, Tensor other) -> Tensor'),
  mean: old('(Tensor self, int[1]? dim, bool keepdim=False) -> Tensor'),
  minimum: old('(Tensor self, Tensor other) -> Tensor'),
  mul: old('(Tensor self, Tensor other) -> Tensor'),
  ne: old('(Tensor self, Scalar other) -> Tensor'),
  neg: old('(Tensor self) -> Tensor'),
  nonzero: old('(Tensor self) -> Tensor'),
  ones: old('(int[] size, *, ScalarType? dtype=None, Device? device=None) -> Tensor'),
  permute: old('(Tensor self, int[] dims) -> Tensor'),
  pow: old('(Tensor self, Tensor exponent) -> Tensor'),
  relu: old('(Tensor self) -> Tensor'),
  remainder: old('(Tensor self, Tensor other) -> Tensor'),
  reshape: old('(Tensor self, int[] shape) -> Tensor'),
  rsqrt: old('(Tensor self) -> Tensor'),
  scaled_dot_product_attention: {
    schema:
      '(Tensor query, Tensor key, Tensor value, Tensor? attn_mask, float dropout_p, bool is_causal) -> Tensor',
    since: '2.0',
  },
  scatter: old('(Tensor self, int dim, Tensor index, Scalar value) -> Tensor'),
  select: old('(Tensor self, int dim, int index) -> Tensor'),
  sigmoid: old('(Tensor self) -> Tensor'),
  silu: old('(Tensor self) -> Tensor'),
  sin: old('(Tensor self) -> Tensor'),
  size: old('(Tensor self, int dim) -> int'),
  slice: old('(Tensor self, int dim=0, int? start=None, int? end=None, int step=1) -> Tensor'),
  softmax: old('(Tensor self, int dim, ScalarType? dtype=None) -> Tensor'),
  sort: old('(Tensor self, *, bool? stable, int dim=-1, bool descending=False) -> (Tensor, Tensor)'),
  sqrt: old('(Tensor self) -> Tensor'),
  squeeze: old('(Tensor self, int dim) -> Tensor'),
  stack: old('(Tensor[] tensors, int dim=0) -> Tensor'),
  sub: old('(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor'),
  sum: old('(Tensor self, int[1]? dim, bool keepdim=False) -> Tensor'),
  take_along_dim: old('(Tensor self, Tensor indices, int? dim=None) -> Tensor'),
  tanh: old('(Tensor self) -> Tensor'),
  tensor: old('(t[] data, *, ScalarType? dtype=None, Device? device=None) -> Tensor'),
  to: old('(Tensor self, ScalarType dtype) -> Tensor'),
  transpose: old('(Tensor self, int dim0, int dim1) -> Tensor'),
  type_as: old('(Tensor self, Tensor other) -> Tensor'),
  unique_dim: old(
    '(Tensor self, int dim, bool sorted=True, bool return_inverse=False, bool return_counts=False) -> (Tensor, Tensor, Tensor)',
  ),
  unsqueeze: old('(Tensor self, int dim) -> Tensor'),
  view: old('(Tensor self, int[] size) -> Tensor'),
  where: old('(Tensor condition, Tensor self, Tensor other) -> Tensor'),
  zeros: old('(int[] size, *, ScalarType? dtype=None, Device? device=None) -> Tensor'),
  zeros_like: old('(Tensor self, *, ScalarType? dtype=None) -> Tensor'),
} as const satisfies Readonly<Record<string, Operator>>;

export type OperatorName = keyof typeof operators;
