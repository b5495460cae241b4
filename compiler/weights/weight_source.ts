/** Bytes of everything that a graph keeps by name: parameters out of a checkpoint, or random, and tables. */

import { Bug } from '../../spec/diagnostic.ts';
import { constant } from '../../spec/dim.ts';
import { product } from '../../spec/tensor.ts';
import { bytesPerElement, type GraphDType } from '../../spec/type.ts';
import type { LazyTensor, StoredDType } from '../checkpoint/checkpoint.ts';
import { refuse } from '../checkpoint/refuse.ts';
import { headsOf } from '../graph/heads.ts';
import type { Graph, Node } from '../graph/ir.ts';
import { tableAttrs } from '../graph/table_attrs.ts';
import { applySteps, encoded } from './apply_steps.ts';
import type { Binding } from './bind.ts';
import { type Converter, converter, isFloat } from './convert.ts';
import { WeightFindings } from './findings.ts';
import { mergedAxes } from './merged_axes.ts';
import { randomValues } from './random_values.ts';
import { chunkBytes } from './scratch.ts';
import type { WeightInfo, WeightSource } from './source.ts';
import { type StoredBytes, storedBytes } from './stored.ts';
import type { VerifiedStorages } from './stream.ts';
import { tableRows } from './table_rows.ts';
import { partsOf, type View, viewOf } from './view.ts';
import { elements, viewBytes } from './view_stream.ts';

export type WeightRequest = {
  readonly graph: Graph;
  /** dtype that the target stores. A float parameter of another dtype in the graph is rounded to this one first. */
  readonly storage: GraphDType;
} & ({ readonly binding: Binding } | { readonly seed: number });

/** One initialiser. */
interface Entry {
  readonly info: WeightInfo;
  readonly chunks: () => Iterable<Uint8Array>;
  readonly stored: () => StoredBytes | string;
}

export function weightSource(request: WeightRequest): WeightSource {
  const checked: VerifiedStorages = new Set();
  const findings = new WeightFindings(() => headsOf(request.graph));
  const entries = new Map<string, Entry>();
  for (const node of request.graph.nodes) {
    if (node.op !== 'param' && node.op !== 'table') continue;
    const info = infoOf(node);
    const chunks =
      node.op === 'table'
        ? tableChunks(node, info)
        : oneByOne(partsOf(node).map((part) => paramChunks(part, request, checked, findings)));
    entries.set(String(node.attrs['name']), { info, chunks, stored: () => storedOf(node, request) });
  }
  const entry = (name: string): Entry => {
    const found = entries.get(name);
    if (!found) throw new Bug(`no weight named ${name} in this graph`);
    return found;
  };
  return {
    info: (name) => entry(name).info,
    chunks: (name) => entry(name).chunks(),
    stored: (name) => entry(name).stored(),
    values: (name) => valuesOf(entry(name)),
    findings: () => findings.list(),
  };
}

const oneByOne = (all: readonly (() => Iterable<Uint8Array>)[]): (() => Iterable<Uint8Array>) =>
  all.length === 1
    ? all[0]!
    : function* () {
        for (const chunks of all) for (const bytes of chunks()) yield bytes;
      };

function infoOf({ attrs, type: { shape, dtype } }: Node): WeightInfo {
  const sizes = shape.map((d) => constant(d) ?? -1);
  if (sizes.includes(-1)) throw new Bug(`${String(attrs['name'])} has a size known only when running`);
  return { shape: sizes, dtype, bytes: product(sizes) * bytesPerElement[dtype] };
}

function valuesOf({ info, chunks }: Entry): Float32Array {
  const values = new Float32Array(product(info.shape));
  const { run } = converter(info.dtype, isFloat(info.dtype) ? ['float32'] : []);
  let at = 0;
  for (const chunk of chunks()) {
    const { buffer, byteOffset, byteLength } = run(chunk);
    const part =
      info.dtype === 'bool'
        ? new Uint8Array(buffer, byteOffset, byteLength)
        : info.dtype === 'int64'
          ? Array.from(new BigInt64Array(buffer, byteOffset, byteLength / 8), Number)
          : new Float32Array(buffer, byteOffset, byteLength / 4);
    values.set(part, at);
    at += part.length;
  }
  return values;
}

const tableChunks = (node: Node, { shape, dtype }: WeightInfo) =>
  function* (): Generator<Uint8Array> {
    const [rows = 0, width = 1] = shape;
    const convert = converter('float32', [dtype]);
    const step = Math.max(1, Math.floor(chunkBytes / (4 * width)));
    for (let row = 0; row < rows; row += step)
      yield convert.run(bytesOf(tableRows(tableAttrs(node), row, Math.min(rows, row + step))));
  };

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function paramChunks(
  node: Node,
  request: WeightRequest,
  checked: VerifiedStorages,
  findings: WeightFindings,
): () => Iterable<Uint8Array> {
  const view = viewOf(node);
  if (!view) throw new Bug(`${String(node.attrs['name'])} has a size known only when running`);
  const target = targetOf(node, request);
  // A source of random numbers begins with a hash of its name, which waits until they are wanted.
  return function* () {
    const { tensor, value } = sourceOf(view, request);
    if (!tensor) {
      yield* convertedChunks(madeChunks(view, value), 'float32', view, target);
      return;
    }
    const found = findings.of(view.of, tensor);
    for (const bytes of convertedChunks(
      observedChunks(viewBytes(tensor, view, checked), found),
      tensor.dtype,
      view,
      target,
    ))
      yield bytes;
    found.done();
  };
}

/** Arithmetic on a weight is done in full before it is stored. */
const targetOf = ({ type: { dtype } }: Node, { storage }: WeightRequest): readonly GraphDType[] =>
  isFloat(dtype) && isFloat(storage) ? [storage, dtype] : [dtype];

function storedOf(node: Node, request: WeightRequest): StoredBytes | string {
  if (node.op === 'table') return 'computed when compiling';
  const parts = partsOf(node);
  if (parts.length > 1) return `stacked of ${parts.length} tensors`;
  const view = viewOf(node);
  const { tensor } = view ? sourceOf(view, request) : {};
  return view && tensor ? storedBytes(tensor, view, targetOf(node, request)) : 'in no checkpoint';
}

interface Source {
  readonly tensor?: LazyTensor;
  /** Value of an element of the parameter, used where there is no tensor. */
  readonly value: (index: number) => number;
}

/** Where the numbers of a parameter come from. */
export function sourceOf({ of, whole }: Pick<View, 'of' | 'whole'>, request: WeightRequest): Source {
  if ('seed' in request) return { value: randomValues(of, whole, request.seed) };
  const bound = request.binding.entries.get(of);
  if (!bound) throw new Bug(`${of} is bound to nothing`);
  const { tensor, decl } = bound;
  return { value: () => decl.default ?? 0, ...(tensor && { tensor }) };
}

interface ChunkObserver {
  see(chunk: Uint8Array): void;
}

function* observedChunks(chunks: Iterable<Uint8Array>, { see }: ChunkObserver): Generator<Uint8Array> {
  for (const chunk of chunks) {
    see(chunk);
    yield chunk;
  }
}

/** float32 values that are computed: random ones, or the default of a declaration. */
function* madeChunks(view: View, value: (index: number) => number): Generator<Uint8Array> {
  const total = product(view.shape);
  const isContiguous = mergedAxes(view).every(({ stride }, i) => i === 0 && stride === 1);
  const room = new Float32Array(Math.min(total, chunkBytes / 4));
  if (isContiguous) {
    for (let done = 0; done < total; done += room.length) {
      const n = Math.min(room.length, total - done);
      for (let i = 0; i < n; i++) room[i] = value(view.start + done + i);
      yield bytesOf(room.subarray(0, n));
    }
    return;
  }
  let at = 0;
  for (const element of elements(view.shape, view.strides, view.start)) {
    room[at++] = value(element);
    if (at < room.length) continue;
    yield bytesOf(room);
    at = 0;
  }
  if (at > 0) yield bytesOf(room.subarray(0, at));
}

/** Applies the arithmetic of the view, then converts to the dtype of the target. */
function* convertedChunks(
  chunks: Iterable<Uint8Array>,
  from: StoredDType,
  view: View,
  target: readonly GraphDType[],
): Generator<Uint8Array> {
  const plain = view.apply.length === 0;
  const whole = target.at(-1)!;
  const before = converter(from, plain ? target : [view.dtype]);
  const after = converter(plain ? whole : 'float32', plain ? [] : target);
  for (const chunk of chunks) {
    const bytes = before.run(chunk);
    yield plain ? bytes : after.run(encoded(applySteps(view, bytes)));
  }
  refuseOverflow(before, view, target);
  refuseOverflow(after, view, target);
}

function refuseOverflow({ overflows }: Converter, { of, shape }: View, target: readonly GraphDType[]): void {
  const count = overflows();
  if (count === 0) return;
  const narrow = target.includes('float16') ? 'float16' : target[0];
  refuse('N509', `${count} of the ${product(shape)} numbers of ${of} are too large for ${narrow}`, {
    hint: narrow === 'float16' ? 'bf16 has the range of f32: --dtype bf16' : 'keep them wider: --dtype f32',
  });
}
