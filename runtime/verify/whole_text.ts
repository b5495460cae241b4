/**
 * A session on a graph as it was built, before any pass: what the spec says of whole texts without padding. No pass that
 * places ports has touched it, so it is held against those too; what ports should keep is read off the values themselves.
 */

import type { UnplacedValues } from '../../compiler/evaluate/evaluate.ts';
import type { Graph, Node } from '../../compiler/graph/ir.ts';
import type { Manifest, ManifestPort } from '../../compiler/ports/manifest.ts';
import type { Feeds, Session } from '../../compiler/ports/session.ts';
import type { WeightSource } from '../../compiler/weights/source.ts';
import { evaluate } from '../../spec/dim.ts';
import type { Ambient, PortDecl } from '../../spec/sink.ts';
import { empty, product, type Tensor, tensor } from '../../spec/tensor.ts';
import { columnsOf } from '../cache.ts';
import { writeRows } from '../port_memory.ts';
import { evaluator } from '../sessions/reference_session.ts';
import { joinColumns } from './verify_run.ts';

/** A session for first calls of a text; `manifest` is that of the target, whose outputs it returns, but those of new rows. */
export function wholeTextSession(
  built: Graph,
  manifest: Manifest,
  weights: Pick<WeightSource, 'values'>,
): Session {
  const machine = evaluator(built, weights);
  return {
    label: 'reference',
    manifest: { ...manifest, ports: manifest.ports.map(({ newRows: _, ...port }) => port) },
    run: async (feeds) => {
      const tokens = feeds['input_ids']!;
      refuseMore(feeds, tokens);
      const kept = new Map<string, Tensor>();
      const named = built.inputs.map(({ name }) => [
        name,
        name === 'positions' ? counted(tokens) : (feeds[name] ?? tokens),
      ]);
      const outputs = machine.run(Object.fromEntries(named), {
        unplaced: unplacedIn(built, tokens, kept),
      });
      const given = Object.entries(outputs).map(([name, t]) => [
        name,
        name === 'logits' && manifest.logits === 'last' ? columnsOf(t, t.shape[1]! - 1) : t,
      ]);
      const memory = manifest.ports.map((port) => [
        port.output,
        atBoundary(port, kept.get(port.name)!, manifest),
      ]);
      return Object.fromEntries([...given, ...memory]);
    },
    close: async () => {},
  };
}

/** Refuses inputs that a first call cannot have. */
function refuseMore({ attention_mask: mask, past_length: past }: Feeds, tokens: Tensor): void {
  const own = tokens.shape[1]!;
  const columns = mask?.shape[1] ?? own;
  const padded = mask?.data.some((real, i) => real === 0 && i % columns < own) ?? false;
  const later = past ? past.data[0] !== 0 : columns > own;
  if (padded || later) throw new TypeError('the graph without ports takes whole texts without padding only');
}

/** int64 [B, T]: 0, 1, ... in each row. */
function counted({ shape }: Tensor): Tensor {
  const [rows = 0, length = 0] = shape;
  return tensor(
    'int64',
    [rows, length],
    Array.from({ length: rows * length }, (_, i) => i % length),
  );
}

function unplacedIn(built: Graph, tokens: Tensor, kept: Map<string, Tensor>): UnplacedValues {
  const batch = tokens.shape[0]!;
  const ambients: Readonly<Record<Ambient, () => Tensor>> = {
    past: () => tensor('int64', [], [0]),
    positions: () => counted(tokens),
    order: () => counted(tokens),
    key_order: () => counted(tokens),
    real: () => tensor('bool', [...tokens.shape], Array(product(tokens.shape)).fill(1)),
  };
  const declOf = ({ attrs }: Node): PortDecl => built.caches.get(String(attrs['port']))!;
  return {
    sizes: new Map([['P', 0]]),
    value(node, [x], env) {
      const { op, attrs } = node;
      if (op === 'ambient') return ambients[attrs['name'] as Ambient](); // the builder wrote one of them
      if (op === 'delay') {
        const [length, last, back] = [x!.shape[1]!, Number(attrs['last']), Number(attrs['back'])];
        return columnsOf(x!, last - back, length - back);
      }
      const decl = declOf(node);
      if (op === 'state')
        return filled(
          decl,
          batch,
          decl.type.shape.slice(1).map((d) => evaluate(d, env)),
        );
      const all = decl.last === undefined ? x! : joinColumns([startOf(decl, x!, decl.last), x!]);
      const end = all.shape[1]!;
      kept.set(decl.name, decl.last === undefined ? all : columnsOf(all, end - decl.last, end));
      return all;
    },
    carried: (starts, last) => starts.forEach((start, i) => void kept.set(declOf(start).name, last[i]!)),
  };
}

const startOf = (decl: PortDecl, { shape: [batch = 0, , ...rest] }: Tensor, last: number): Tensor =>
  filled(decl, batch, [last, ...rest]);

function filled({ type, fill }: PortDecl, batch: number, rest: readonly number[]): Tensor {
  const start = empty(type.dtype, [batch, ...rest]);
  start.data.fill(fill);
  return start;
}

/** Brings a value into the form of its port: heads before tokens, one head where there are none, slots after the text, a state in the shape of a layer. */
function atBoundary(port: ManifestPort, kept: Tensor, { slots }: Manifest): Tensor {
  const { dtype, data } = kept;
  if (port.axis === undefined) {
    return { dtype, data, shape: [kept.shape[0]!, ...port.shape.slice(1).map(Number)] };
  }
  const turned = kept.shape.length === 4 ? headsFirst(kept) : kept;
  const [batch = 0, ...rest] = turned.shape;
  const rows = turned.shape.length === 3 && port.shape.length === 4 ? [batch, 1, ...rest] : turned.shape;
  const value = { dtype, data: turned.data, shape: rows };
  if (slots === undefined) return value;
  const buffer = empty(dtype, rows.with(port.axis, slots));
  buffer.data.fill(port.fill);
  return writeRows(buffer, value, port.axis, 0);
}

/** [B, H, N, D] of [B, N, H, D]. */
function headsFirst({ dtype, shape, data }: Tensor): Tensor {
  const [rows = 0, length = 0, heads = 0, width = 0] = shape;
  const turned = empty(dtype, [rows, heads, length, width]);
  for (let b = 0; b < rows; b++)
    for (let n = 0; n < length; n++)
      for (let h = 0; h < heads; h++) {
        const from = ((b * length + n) * heads + h) * width;
        turned.data.set(data.subarray(from, from + width), ((b * heads + h) * length + n) * width);
      }
  return turned;
}
