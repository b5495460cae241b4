/** Compares a model's manifest with its graph, since runtimes rely on it and a file from elsewhere may say anything. */

import type { BoundaryTensor, Manifest, ManifestPort } from '../compiler/ports/manifest.ts';
import { limits } from '../spec/limits.ts';

export interface Boundary {
  readonly inputs: readonly BoundaryTensor[];
  readonly outputs: readonly BoundaryTensor[];
}

/** Undefined where they agree. */
export function manifestFault(manifest: Manifest, graph: Boundary): string | undefined {
  return (
    listFault('input', manifest.inputs, graph.inputs) ??
    listFault('output', manifest.outputs, graph.outputs) ??
    portsFault(manifest) ??
    numbersFault(manifest)
  );
}

const shown = ({ dtype, shape }: Omit<BoundaryTensor, 'name'>): string =>
  `${dtype} [${shape.slice(0, 8).join(', ')}]`;

function listFault(
  what: string,
  said: readonly BoundaryTensor[],
  found: readonly BoundaryTensor[],
): string | undefined {
  const known = new Map(found.map((t) => [t.name, t]));
  if (said.length !== found.length || new Set(said.map((t) => t.name)).size !== said.length)
    return `the manifest lists ${said.length} ${what}s, the graph ${found.length}`;
  for (const tensor of said) {
    const own = known.get(tensor.name);
    if (!own) return `the graph has no ${what} ${tensor.name}`;
    if (shown(own) !== shown(tensor))
      return `the ${what} ${tensor.name} is ${shown(own)} in the graph, ${shown(tensor)} in the manifest`;
  }
  return undefined;
}

function portsFault({ ports, inputs, outputs }: Manifest): string | undefined {
  const [into, out] = [inputs, outputs].map((list) => new Map(list.map((t) => [t.name, t])));
  const taken = new Set<string>();
  for (const port of ports) {
    const [input, output] = [into!.get(port.input), out!.get(port.output)];
    if (!input || !output || taken.has(port.input) || taken.has(port.output))
      return `the port ${port.name} has no input and output of its own`;
    taken.add(port.input).add(port.output);
    if (shown(input) !== shown(port))
      return `the port ${port.name} is ${shown(port)}, its input ${shown(input)}`;
    const fault = ruleFault(port, output) ?? rowsFault(port, out!, taken);
    if (fault) return `the port ${port.name} ${fault}`;
  }
  return undefined;
}

/** The size of a port's output along its axis, by its rule; undefined where it is that of its input. */
const growthByRule: Readonly<Record<ManifestPort['rule'], string | undefined>> = {
  append: 'total_sequence_length',
  replace: undefined,
  in_place: undefined,
};

function ruleFault({ rule, shape, axis }: ManifestPort, output: BoundaryTensor): string | undefined {
  if (axis !== undefined && axis >= shape.length) return `has no axis ${axis}`;
  const size = growthByRule[rule];
  const wanted = size === undefined ? shape : shape.map((n, i) => (i === axis ? size : n));
  return wanted.join() === output.shape.join()
    ? undefined
    : `has the rule ${rule}, its output the shape [${output.shape.join(', ')}]`;
}

/** An output of the call's own rows has the shape of the input, but along its axis. */
function rowsFault(
  { newRows, dtype, shape, axis }: ManifestPort,
  outputs: ReadonlyMap<string, BoundaryTensor>,
  taken: Set<string>,
): string | undefined {
  if (newRows === undefined) return undefined;
  const output = outputs.get(newRows);
  if (!output || axis === undefined || taken.has(newRows)) return 'has no output of its own for new rows';
  taken.add(newRows);
  const wanted = { dtype, shape: shape.map((n, i) => (i === axis ? 'sequence_length' : n)) };
  return shown(output) === shown(wanted)
    ? undefined
    : `is ${shown({ dtype, shape })}, the output of its new rows ${shown(output)}`;
}

function numbersFault({ cache, slots, vocab, outputs, ports }: Manifest): string | undefined {
  if ((cache === 'static') !== (slots !== undefined)) return `a ${cache} cache with ${slots ?? 'no'} slots`;
  if (slots !== undefined && slots > limits.slots)
    return `${slots} slots, of which ${limits.slots} are the most`;
  const other = ports.find(
    ({ axis, shape }) => slots !== undefined && axis !== undefined && shape[axis] !== slots,
  );
  if (other) return `${slots} slots, where the port ${other.name} has ${other.shape[other.axis ?? 0]}`;
  const width = outputs.find((o) => o.name === 'logits')?.shape.at(-1);
  return typeof width === 'number' && (vocab < 1 || vocab > width)
    ? `a vocabulary of ${vocab}, where the logits have ${width}`
    : undefined;
}
