/**
 * The reference interpreter: what a graph means, one node after the other, in plain arrays.
 *
 * Primitives are computed as `spec/primitives` says, in double and rounded once to their dtype; a composite is what its
 * `decompose` says. A value is dropped after its last use; weights are read when the first node asks for them.
 */

import { Bug } from '../../spec/diagnostic.ts';
import { type Env, size } from '../../spec/dim.ts';
import type { Emit, Primitive, PrimitiveAttrs } from '../../spec/op.ts';
import { isComposite, opOf } from '../../spec/ops/index.ts';
import { evaluatePrimitive, isPrimitive } from '../../spec/primitives/index.ts';
import { numbers } from '../../spec/primitives/row.ts';
import { roundTo } from '../../spec/round.ts';
import { empty, product, type Tensor } from '../../spec/tensor.ts';
import { type Graph, isUnplaced, type Node, type NodeId } from '../graph/ir.ts';
import { scanOf } from '../graph/scan_body.ts';
import { commonScope } from '../graph/scope.ts';
import { tableAttrs } from '../graph/table_attrs.ts';
import type { WeightSource } from '../weights/source.ts';
import { tableRows } from '../weights/table_rows.ts';
import { evaluateLinear } from './evaluate_linear.ts';
import { evaluateScan } from './evaluate_scan.ts';
import { type Feeds, sizesOf } from './run_sizes.ts';
import { type TableRows, tableLookup } from './table_lookup.ts';

export interface RunOptions {
  /** Sees every value as it is computed. */
  readonly tap?: (node: Node, value: Tensor) => void;
  /** Gives values to the nodes for memory and positions, in a graph whose ports are not placed. */
  readonly unplaced?: UnplacedValues;
}

/** What a call starts from in a graph whose ports are not placed, where no inputs say it. */
export interface UnplacedValues {
  /** Sizes that no feed determines. */
  readonly sizes: Env;
  /** The value of an `ambient`, `cache`, `delay` or `state` node. */
  value(node: Node, inputs: readonly Tensor[], env: Env): Tensor;
  /** Told the last states of the scan whose first states are the nodes `starts`. */
  carried(starts: readonly Node[], last: readonly Tensor[]): void;
}

export interface Evaluator {
  /** All outputs by name. Throws a `TypeError` for feeds that do not fit, a `RangeError` for an index out of range. */
  run(feeds: Feeds, options?: RunOptions): Readonly<Record<string, Tensor>>;
}

/** What all calls of one graph share. */
interface Machine {
  readonly graph: Graph;
  readonly weight: (name: string) => Float32Array;
  /** Lookups of `table` nodes, by node. */
  readonly tables: Map<NodeId, TableRows>;
  /** How often each node is read, by nodes and by outputs. */
  readonly uses: readonly number[];
  /** Evaluators of the steps of scans, by node. */
  readonly steps: Map<NodeId, Evaluator>;
}

export function evaluator(graph: Graph, weights: Pick<WeightSource, 'values'>): Evaluator {
  const uses = graph.nodes.map(() => 0);
  for (const { inputs } of graph.nodes) for (const id of inputs) uses[id]! += 1;
  for (const { node } of graph.outputs) uses[node]! += 1;
  const machine: Machine = {
    graph,
    weight: cachedWeights(weights),
    tables: new Map(),
    uses,
    steps: new Map(),
  };
  return { run: (feeds, options = {}) => runOnce(machine, feeds, options) };
}

/** Weights up to this many bytes stay in memory between calls; what does not fit is read anew in each. */
const cachedWeightBytes = 2 ** 28;

function cachedWeights(weights: Pick<WeightSource, 'values'>): (name: string) => Float32Array {
  const kept = new Map<string, Float32Array>();
  let left = cachedWeightBytes;
  return (name) => {
    const found = kept.get(name) ?? weights.values(name);
    if (!kept.has(name) && found.byteLength <= left) {
      kept.set(name, found);
      left -= found.byteLength;
    }
    return found;
  };
}

/** Weights are read when a node asks for them and not in their turn, so that few are in memory at a time. */
const isLazy = ({ op }: Node): boolean => op === 'param' || op === 'table';

/** State of one call. */
interface Call {
  readonly feeds: Feeds;
  readonly env: Env;
  readonly unplaced: UnplacedValues | undefined;
  get(id: NodeId): Tensor;
  readonly scanResults: Map<NodeId, readonly Tensor[]>;
}

function runOnce(machine: Machine, feeds: Feeds, { tap, unplaced }: RunOptions): Record<string, Tensor> {
  const { nodes, inputs, outputs } = machine.graph;
  const env = new Map([...(unplaced?.sizes ?? []), ...sizesOf(inputs, feeds)]);
  const values = new Map<NodeId, Tensor>();
  const left = [...machine.uses];
  const compute = (node: Node): Tensor => {
    const value = placed(machine, node, () => evaluateNode(machine, node, call));
    values.set(node.id, value);
    tap?.(node, value);
    return value;
  };
  const get = (id: NodeId): Tensor => values.get(id) ?? compute(nodes[id]!);
  const call: Call = { feeds, env, unplaced, get, scanResults: new Map() };
  for (const node of nodes) {
    if (isLazy(node) || left[node.id] === 0) continue;
    compute(node);
    for (const id of node.inputs) {
      left[id]! -= 1;
      if (left[id] === 0) values.delete(id);
    }
  }
  return Object.fromEntries(outputs.map(({ name, node }) => [name, get(node)]));
}

/** An index that a feed brought out of range is said with the place in the model. */
function placed(machine: Machine, node: Node, compute: () => Tensor): Tensor {
  try {
    return compute();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const scope = commonScope(machine.graph.origins[node.id] ?? []);
    throw new RangeError(`${node.op} in ${scope || 'the model'}: ${cause.message}`, { cause });
  }
}

function evaluateNode(machine: Machine, node: Node, call: Call): Tensor {
  const { feeds, env, unplaced, get, scanResults: several } = call;
  const { op, attrs, type } = node;
  const first = machine.graph.nodes[node.inputs[0] ?? -1];
  if (op === 'gather' && first?.op === 'table') {
    const rows = machine.tables.get(first.id) ?? tableLookup(tableAttrs(first));
    machine.tables.set(first.id, rows);
    return rows(get(node.inputs[1]!));
  }
  // The builder inferred the node's type from these attributes, so they are the op's own.
  if (isPrimitive(op)) return evaluatePrimitive(op, node.inputs.map(get), attrs as never, env);
  if (op === 'linear') return evaluateLinear(get(node.inputs[0]!), get(node.inputs[1]!));
  if (isComposite(op)) return opOf(op).decompose(onTensors(env), node.inputs.map(get), attrs);
  if (op === 'scan') {
    const { steps, weight } = machine;
    const step = steps.get(node.id) ?? evaluator(scanOf(node).body.graph, { values: weight });
    steps.set(node.id, step);
    const results = evaluateScan(scanOf(node), node.inputs.map(get), step.run);
    several.set(node.id, results);
    const starts = node.inputs.slice(0, scanOf(node).states).map((id) => machine.graph.nodes[id]!);
    unplaced?.carried(starts, results.slice(results.length - starts.length));
    return results[0]!;
  }
  if (op === 'result') return several.get(node.inputs[0]!)![Number(attrs['index'])]!;
  if (op === 'input') return feeds[String(attrs['name'])]!;
  if (op === 'param') return paramOf(String(attrs['name']), type.dtype, numbers(type.shape, env), machine);
  if (op === 'table') {
    const { length, freqs } = tableAttrs(node);
    return { dtype: 'float32', shape: [length, freqs.length], data: tableRows(tableAttrs(node), 0, length) };
  }
  if (unplaced && isUnplaced(node)) return unplaced.value(node, node.inputs.map(get), env);
  throw new Bug(`%${node.id} (${op}) has no value: place the ports first`);
}

function paramOf(name: string, dtype: Tensor['dtype'], shape: readonly number[], machine: Machine): Tensor {
  const found = machine.weight(name);
  if (found.length !== product(shape)) {
    throw new Bug(`the weight ${name} has ${found.length} numbers, the graph wants [${shape.join(', ')}]`);
  }
  if (dtype === 'float32') return { dtype, shape, data: found };
  const value = empty(dtype, shape);
  for (let i = 0; i < found.length; i++) value.data[i] = roundTo(dtype, found[i]!);
  return value;
}

/** Primitives on tensors, whose sizes are all numbers. */
const onTensors = (env: Env): Emit<Tensor> => ({
  make: <P extends Primitive>(op: P, inputs: readonly Tensor[], attrs: PrimitiveAttrs[P]) =>
    evaluatePrimitive(op, inputs, attrs, env),
  typeOf: ({ dtype, shape }) => ({ dtype, shape: shape.map(size) }),
});
