/**
 * What the ports of a model hold between calls. Where a model has outputs of a call's new rows alone, those are taken and all rows
 * are kept here, in buffers with room for more: what a host fetches it pays for, and whole caches grow with the text.
 */

import type { Manifest, ManifestPort } from '../compiler/ports/manifest.ts';
import type { Feeds } from '../compiler/ports/session.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import { limits } from '../spec/limits.ts';
import { empty, product, type Tensor } from '../spec/tensor.ts';

export interface MemoryOptions {
  /** Overwrites what a port, or the room in a buffer, holds before tokens take it. */
  readonly refill?: (port: ManifestPort, start: Tensor) => void;
  /** By how many slots buffers grow. */
  readonly slotsAtOnce?: number;
}

export interface PortMemory {
  /** Outputs that `take` wants. */
  readonly wanted: readonly string[];
  /** Columns of the past that the next call is given, those that hold no token among them; undefined where the past shows it. */
  columns(): number | undefined;
  /** The inputs of the ports, for a call of so many rows. */
  feeds(batch: number): Feeds;
  /** Keeps what a call gave, whose first token was the column `at` of the text. */
  take(outputs: Feeds, at: number): void;
  /** Repeats every row `times` times. */
  repeat(times: number): void;
  /** Keeps these rows alone, given in ascending order. */
  keep(rows: readonly number[]): void;
  /** By the names of the ports' outputs, without the slots that hold no token yet; empty before the first call. */
  held(): ReadonlyMap<string, Tensor>;
}

/** Memory of long texts is copied once for so many tokens. */
const usualSlotsAtOnce = 256;

function startShape(port: ManifestPort, batch: number, manifest: Manifest): readonly number[] {
  return port.shape.map((size) => {
    if (typeof size === 'number') return size;
    if (size === 'batch_size') return batch;
    return manifest.cache === 'static' && size === 'total_sequence_length' ? (manifest.slots ?? 0) : 0;
  });
}

/** Refuses a cache that is too large before it is allocated, since the system kills a process that allocates too much. */
function refuseTooLarge(manifest: Manifest, batch: number): void {
  const numbers = manifest.ports.reduce((sum, p) => sum + product(startShape(p, batch, manifest)), 0);
  if (numbers <= limits.portNumbers) return;
  const found = `${numbers} numbers in ${manifest.ports.length} ports, for ${batch} rows`;
  const hint = 'compile it with fewer slots (--cache static:N), or run fewer rows at once';
  throw new Refusal([error('N704', 'the cache of this model is too large', { found, hint })]);
}

function freshTensor(port: ManifestPort, shape: readonly number[], refill: MemoryOptions['refill']): Tensor {
  const made = empty(port.dtype, shape);
  if (port.fill !== 0) made.data.fill(port.fill);
  refill?.(port, made);
  return made;
}

export function portMemory(
  manifest: Manifest,
  { refill, slotsAtOnce = usualSlotsAtOnce }: MemoryOptions = {},
): PortMemory {
  const { ports, cache } = manifest;
  const grows = ({ newRows }: ManifestPort): boolean => newRows !== undefined && cache === 'dynamic';
  const growing = ports.find(grows);
  let state: ReadonlyMap<string, Tensor> = new Map();
  let length = 0;

  const fresh = (port: ManifestPort, shape: readonly number[]): Tensor => freshTensor(port, shape, refill);
  const each = (change: (t: Tensor) => Tensor): void => {
    state = new Map([...state].map(([name, t]) => [name, change(t)]));
  };
  const heldBy = (port: ManifestPort): Tensor => state.get(port.input)!;
  /** The buffer, or a larger one that begins as it does. */
  const withRoom = (port: ManifestPort, axis: number, wanted: number): Tensor => {
    const buffer = heldBy(port);
    if (cache === 'static' || buffer.shape[axis]! >= wanted) return buffer;
    const slots = slotsAtOnce * Math.ceil(wanted / slotsAtOnce);
    const larger = fresh(port, buffer.shape.with(axis, slots));
    return writeRows(larger, buffer, axis, 0);
  };
  const next = (port: ManifestPort, outputs: Feeds, at: number): Tensor => {
    const { newRows, axis } = port;
    if (newRows === undefined || axis === undefined) return outputs[port.output]!;
    const rows = outputs[newRows]!;
    return writeRows(withRoom(port, axis, at + rows.shape[axis]!), rows, axis, at);
  };
  return {
    wanted: ports.map((port) => port.newRows ?? port.output),
    columns: () => (growing && state.size > 0 ? heldBy(growing).shape[growing.axis!] : undefined),
    feeds(batch) {
      if (state.size === 0) {
        refuseTooLarge(manifest, batch);
        state = new Map(ports.map((port) => [port.input, fresh(port, startShape(port, batch, manifest))]));
      }
      return Object.fromEntries(state);
    },
    take(outputs, at) {
      state = new Map(ports.map((port) => [port.input, next(port, outputs, at)]));
      const rows = growing && outputs[growing.newRows!];
      if (rows) length = at + rows.shape[growing.axis!]!;
    },
    repeat: (times) => each((t) => repeatRows(t, times)),
    keep: (rows) => each((t) => keepRows(t, rows)),
    held: () =>
      new Map(
        state.size === 0
          ? []
          : ports.map((port) => [
              port.output,
              grows(port) ? sliceOf(heldBy(port), port.axis!, 0, length) : heldBy(port),
            ]),
      ),
  };
}

/** Copies `rows` into `buffer` from slot `at` of `axis` on; both keep their other sizes. */
export function writeRows(buffer: Tensor, rows: Tensor, axis: number, at: number): Tensor {
  const inner = product(buffer.shape.slice(axis + 1));
  const outer = product(buffer.shape.slice(0, axis));
  const [slots, added] = [buffer.shape[axis]!, rows.shape[axis]!];
  for (let o = 0; o < outer; o++) {
    const piece = rows.data.subarray(o * added * inner, (o + 1) * added * inner);
    buffer.data.set(piece, (o * slots + at) * inner);
  }
  return buffer;
}

/** Places from `start` up to `stop` of an axis, as a tensor of their own. */
export function sliceOf(t: Tensor, axis: number, start: number, stop: number): Tensor {
  const [length, inner] = [t.shape[axis]!, product(t.shape.slice(axis + 1))];
  const outer = product(t.shape.slice(0, axis));
  const picked = empty(t.dtype, t.shape.with(axis, stop - start));
  for (let o = 0; o < outer; o++) {
    const piece = t.data.subarray((o * length + start) * inner, (o * length + stop) * inner);
    picked.data.set(piece, o * (stop - start) * inner);
  }
  return picked;
}

/** These rows of [B, ...], in ascending order, at the front of the same memory: a copy of all takes as long as some steps. */
function keepRows({ dtype, shape, data }: Tensor, rows: readonly number[]): Tensor {
  const [, ...rest] = shape;
  const inner = product(rest);
  for (const [to, from] of rows.entries()) data.copyWithin(to * inner, from * inner, (from + 1) * inner);
  return { dtype, shape: [rows.length, ...rest], data: data.subarray(0, rows.length * inner) };
}

/** Repeats every row of [B, ...] `times` times: [B * times, ...]. */
export function repeatRows(t: Tensor, times: number): Tensor {
  const [batch = 1, ...rest] = t.shape;
  const inner = product(rest);
  const all = empty(t.dtype, [batch * times, ...rest]);
  for (let b = 0; b < batch; b++) {
    const row = t.data.subarray(b * inner, (b + 1) * inner);
    for (let i = 0; i < times; i++) all.data.set(row, (b * times + i) * inner);
  }
  return all;
}
