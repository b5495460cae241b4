/** Collects the nodes and initialisers of one ONNX graph: unique readable names, equal nodes once. */

import { utf8 } from '../../compiler/bytes/little_endian.ts';
import type { StoredBytes } from '../../compiler/weights/stored.ts';
import { type Tensor, tensor } from '../../spec/tensor.ts';
import type { GraphDType } from '../../spec/type.ts';
import { type InnerValue, innerGraph } from './inner_graph.ts';
import {
  type AttributeProto,
  attributeTypes,
  type Entry,
  type GraphProto,
  type NodeProto,
} from './schema.ts';
import { tensorBytes } from './tensor_bytes.ts';
import { type Chunk, held } from './wire.ts';

export interface Initializer {
  readonly name: string;
  readonly dtype: GraphDType;
  readonly dims: readonly number[];
  /** Shapes and axes stay in the model file, since clients read them before external data is there. */
  readonly keepInline: boolean;
  readonly data: Chunk;
  /** Where the bytes lie in a checkpoint as they are, or why they do so nowhere; absent where they never can. */
  readonly stored?: () => StoredBytes | string;
}

export type AttributeValue =
  | { readonly i: number }
  | { readonly f: number }
  | { readonly s: string }
  | { readonly ints: readonly number[] }
  | { readonly g: GraphProto };
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Where the nodes being written come from. */
export interface Provenance {
  /** Path of the block: `transformer.h.3.attn`. */
  readonly scope: string;
  /** `nanochat.nanospec:31`. */
  readonly source?: string;
}

function attribute(name: string, value: AttributeValue): AttributeProto {
  if ('i' in value) return { name, type: attributeTypes.int, i: value.i };
  if ('f' in value) return { name, type: attributeTypes.float, f: value.f };
  if ('s' in value) return { name, type: attributeTypes.string, s: utf8(value.s) };
  if ('g' in value) return { name, type: attributeTypes.graph, g: value.g };
  return { name, type: attributeTypes.ints, ints: value.ints };
}

/** A graph being written: its nodes, and their outputs by what they compute, so that equal nodes are written once. */
interface OpenGraph {
  readonly nodes: NodeProto[];
  readonly equal: Map<string, readonly string[]>;
}

const openGraph = (): OpenGraph => ({ nodes: [], equal: new Map() });

export class GraphWriter {
  readonly opset: number;
  readonly initializers: Initializer[] = [];
  #place: Provenance = { scope: '' };
  readonly #sourceAsMetadata: boolean;
  readonly #taken: Set<string>;
  readonly #counts = new Map<string, number>();
  /** The graph and, while graphs inside nodes are written, those too, innermost last. */
  readonly #layers: OpenGraph[] = [openGraph()];
  readonly #constants = new Map<string, string>();

  /** `reserved` are the names at the boundary and of parameters, which no inner value may take. */
  constructor(opset: number, o: { readonly sourceAsMetadata: boolean; readonly reserved: Iterable<string> }) {
    this.opset = opset;
    this.#sourceAsMetadata = o.sourceAsMetadata;
    this.#taken = new Set(o.reserved);
  }

  get nodes(): readonly NodeProto[] {
    return this.#layers[0]!.nodes;
  }

  /** Nodes written inside `body` carry this place. */
  at<T>(place: Provenance, body: () => T): T {
    const before = this.#place;
    this.#place = place;
    try {
      return body();
    } finally {
      this.#place = before;
    }
  }

  /** Writes a node with one output, or finds the equal one. An empty string among `inputs` leaves that input out. */
  node(opType: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.nodeOf(opType, inputs, attributes, 1)[0]!;
  }

  nodeOf(
    opType: string,
    inputs: readonly string[],
    attributes: Attributes,
    outputs: number,
  ): readonly string[] {
    const key = JSON.stringify([opType, inputs, attributes, outputs]);
    const known = this.#layers.find((layer) => layer.equal.has(key))?.equal.get(key);
    if (known) return known;
    const layer = this.#layers.at(-1)!;
    const name = this.#unique(`${this.#place.scope ? `${this.#place.scope}/` : ''}${opType}`);
    const output = Array.from({ length: outputs }, (_, i) => (i === 0 ? name : this.#unique(`${name}:${i}`)));
    layer.nodes.push({
      input: inputs,
      output,
      name,
      opType,
      attribute: Object.entries(attributes).map(([n, v]) => attribute(n, v)),
      ...this.#sourceOf(this.#place),
    });
    layer.equal.set(key, output);
    return output;
  }

  /** A graph for an attribute: `body` gets the names of its inputs, writes its nodes and returns its outputs. */
  graph(inputs: readonly InnerValue[], body: (...names: string[]) => readonly InnerValue[]): AttributeValue {
    const named = inputs.map((x) => ({ ...x, name: this.#unique(`${this.#place.scope}/${x.name}`) }));
    const layer = openGraph();
    this.#layers.push(layer);
    try {
      const given = new Set<string>();
      const outputs = body(...named.map((x) => x.name)).map((x) => {
        // Each output must be the result of a node inside, and a different one.
        let { name } = x;
        if (!layer.nodes.some((n) => n.output.includes(name))) name = this.node('Identity', [name]);
        while (given.has(name)) name = this.node('Identity', [name]);
        given.add(name);
        return { ...x, name };
      });
      return { g: innerGraph(this.#place.scope || 'graph', layer.nodes, named, outputs) };
    } finally {
      this.#layers.pop();
    }
  }

  /** int64 [n], kept in the model file. */
  ints(values: readonly number[]): string {
    return this.shared(`int64[${values}]`, () => tensor('int64', [values.length], values));
  }

  /** A constant of rank 0. */
  scalar(value: number, dtype: GraphDType): string {
    return this.shared(`${dtype}(${Object.is(value, -0) ? '-0' : value})`, () => tensor(dtype, [], [value]));
  }

  /** A tensor under a name of the present place. */
  constant(value: Tensor): string {
    const name = this.#unique(`${this.#place.scope ? `${this.#place.scope}/` : ''}constant`);
    this.#add(name, value);
    return name;
  }

  /** A tensor under its own name, whose bytes are streamed later. */
  initializer(value: Initializer): void {
    this.#taken.add(value.name);
    this.initializers.push(value);
  }

  /** A constant that many nodes use, under a name that says what it is. */
  shared(text: string, make: () => Tensor): string {
    const known = this.#constants.get(text);
    if (known) return known;
    const name = this.#unique(text);
    this.#add(name, make());
    this.#constants.set(text, name);
    return name;
  }

  #add(name: string, value: Tensor): void {
    const data = held(tensorBytes(value));
    const keepInline = value.dtype === 'int64';
    this.initializers.push({ name, dtype: value.dtype, dims: value.shape, keepInline, data });
  }

  #unique(wanted: string): string {
    let name = wanted;
    while (this.#taken.has(name)) {
      const n = (this.#counts.get(wanted) ?? 0) + 1;
      this.#counts.set(wanted, n);
      name = `${wanted}_${n}`;
    }
    this.#taken.add(name);
    return name;
  }

  #sourceOf({ source }: Provenance): { docString?: string; metadataProps?: readonly Entry[] } {
    if (source === undefined) return {};
    return this.#sourceAsMetadata
      ? { metadataProps: [{ key: 'nanoc.source', value: source }] }
      : { docString: source };
  }
}
