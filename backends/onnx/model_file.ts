/** A written graph as the chunks of a model file, and of a data file beside it where the weights go there. */

import { utf8 } from '../../compiler/bytes/little_endian.ts';
import type { Graph } from '../../compiler/graph/ir.ts';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import type { Artifact, ArtifactFile } from '../backend.ts';
import type { EmitOptions, OptionValue } from '../target_option.ts';
import { marked, markKey } from './data_mark.ts';
import { graphHashOf } from './graph_hash.ts';
import type { Initializer } from './graph_writer.ts';
import { readsOf } from './inner_graph.ts';
import { linkedData } from './linked_data.ts';
import { hashes, metadata, modelDoc } from './metadata.ts';
import { options as declared, opsetOf } from './options.ts';
import { dataTypes, dimension, encode, type TensorProto, type ValueInfoProto } from './schema.ts';
import { irVersion } from './versions.ts';
import { type Chunk, framed, held, joined, totalSize } from './wire.ts';
import type { WrittenGraph } from './write_graph.ts';

/** With `--external auto`, weights of more bytes than this go into a file beside the model, which runtimes map instead of copying it. */
const mostInlineBytes = 16e6;
/** Protobuf readers refuse messages of 2 GiB. */
const largestMessage = 2 ** 31 - 1;
/** Smaller tensors stay in the model, where clients without the data file can read them. */
const smallestExternalTensor = 1024;
const alignment = 64;

/** The files of a model: data first, the model last. */
export function modelFiles(
  graph: Graph,
  written: WrittenGraph,
  manifest: Manifest,
  options: EmitOptions,
): Artifact {
  const tensors = [...written.writer.initializers].sort((a, b) => naturalOrder(a.name, b.name));
  const used = new Set(written.nodes.flatMap(readsOf));
  const needed = tensors.filter((t) => used.has(t.name));
  const outside = goesOutside(options, totalSize(needed.map((t) => t.data)))
    ? needed.filter((t) => !t.keepInline && t.data.size >= smallestExternalTensor)
    : [];
  const linked = options['external'] === 'link' ? linkedData(outside, `${options.fileName}_data`) : undefined;
  const dataFiles = dataFilesOf(linked?.rest ?? outside, options);
  const places = new Map([...(linked?.places ?? []), ...dataFiles.flatMap(({ places }) => [...places])]);
  const { model, graphHash } = modelChunk(graph, written, manifest, options, {
    tensors: needed,
    marks: [
      ...dataFiles.map(({ name, mark }) => [name, mark] as const),
      ...(linked?.marks ?? []).map(([name, text]) => [name, held(utf8(text))] as const),
    ],
    externalPlace: (t) => places.get(t.name),
  });
  if (model.size > largestMessage) throw tooLarge(model.size, options['external']);
  const file = (name: string, content: Chunk): ArtifactFile => ({
    name,
    size: content.size,
    chunks: () => content.bytes(),
  });
  const modelFile = file(options.fileName, model);
  const files = [...dataFiles.map(({ name, chunk }) => file(name, chunk)), modelFile];
  return {
    files,
    diagnostics: linked?.diagnostics ?? [],
    ...(linked ? { links: linked.links } : {}),
    ...(options['metadata'] === 'hash' ? { graphHash } : {}),
  };
}

const goesOutside = ({ external = declared.external.default }: EmitOptions, bytes: number): boolean =>
  external === 'always' || external === 'link' || (external === 'auto' && bytes > mostInlineBytes);

/** What `--external` has to be for weights of so many bytes to lie where they do. */
export function externalOf(isOutside: boolean, bytes: number): (typeof declared.external.choices)[number] {
  const usual = declared.external.default;
  if (goesOutside({ external: usual, fileName: '' }, bytes) === isOutside) return usual;
  return isOutside ? 'always' : 'never';
}

const tooLarge = (size: number, external: OptionValue | undefined): Refusal =>
  new Refusal([
    error('N506', 'the model does not fit into one file', {
      expected: `at most ${largestMessage} bytes, the limit of the protobuf format`,
      found: `${size} bytes`,
      hint: external === 'never' ? 'leave out --external never' : 'its operators alone are too many',
    }),
  ]);

/** Sorts names with numbers as people do: `h.2` before `h.10`. */
export function naturalOrder(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/(\d+)/));
  for (const [i, part] of left!.entries()) {
    const other = right![i];
    if (other === undefined) return 1;
    if (part === other) continue;
    const difference = i % 2 === 1 ? Number(part) - Number(other) : 0;
    return difference || (part < other ? -1 : 1);
  }
  return left!.length - right!.length;
}

interface DataFile {
  readonly name: string;
  readonly chunk: Chunk;
  readonly mark: Chunk;
  /** Of the tensors in it, by their names. */
  readonly places: ReadonlyMap<string, ExternalPlace>;
}

/** As few files as the limit allows, under the names that browser clients look for beside `model.onnx`. */
function dataFilesOf(
  tensors: readonly Initializer[],
  { fileName, dataLimit }: EmitOptions,
): readonly DataFile[] {
  const limit = dataLimit === undefined ? Number.POSITIVE_INFINITY : Number(dataLimit) * 1e6;
  const groups: Initializer[][] = [];
  let filled = limit;
  for (const tensor of tensors) {
    const size = alignment * Math.ceil(tensor.data.size / alignment);
    if (groups.length === 0 || filled + size > limit) {
      groups.push([]);
      filled = 0;
    }
    groups.at(-1)!.push(tensor);
    filled += size;
  }
  return groups.map((group, i) => dataFile(`${fileName}_data${i === 0 ? '' : `_${i}`}`, group));
}

/** Tensors one after the other, each at a multiple of the alignment. */
function dataFile(file: string, tensors: readonly Initializer[]): DataFile {
  const places = new Map<string, ExternalPlace>();
  const chunks: Chunk[] = [];
  let at = 0;
  for (const { name, data } of tensors) {
    const gap = (alignment - (at % alignment)) % alignment;
    if (gap > 0) chunks.push(held(new Uint8Array(gap)));
    places.set(name, { file, offset: at + gap, length: data.size });
    chunks.push(data);
    at += gap + data.size;
  }
  return { name: file, ...marked(joined(chunks)), places };
}

interface ExternalPlace {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

interface Stored {
  readonly tensors: readonly Initializer[];
  /** Of the data files, by their names. */
  readonly marks: readonly (readonly [dataFile: string, mark: Chunk])[];
  readonly externalPlace: (t: Initializer) => ExternalPlace | undefined;
}

function modelChunk(
  graph: Graph,
  { nodes, names }: WrittenGraph,
  manifest: Manifest,
  given: EmitOptions,
  { tensors, marks, externalPlace }: Stored,
): { readonly model: Chunk; readonly graphHash: string } {
  const boundary = new Set([...graph.inputs, ...graph.outputs].map((x) => x.name));
  const inner = new Map<string, ValueInfoProto>();
  for (const [id, name] of names) {
    if (!boundary.has(name)) inner.set(name, valueInfo(name, graph.nodes[id]!.type));
  }
  const operators = encode('GraphProto', { node: nodes, name: graph.name });
  const values = encode('GraphProto', {
    input: graph.inputs.map(({ name, type }) => valueInfo(name, type)),
    output: graph.outputs.map(({ name, node }) => valueInfo(name, graph.nodes[node]!.type)),
    valueInfo: [...inner.values()],
  });
  const content = [
    held(operators),
    ...tensors.flatMap((t) => framed('GraphProto', 'initializer', tensorChunks(t, externalPlace(t)))),
    held(values),
  ];
  const opset = opsetOf(given);
  const [doc, entries] =
    given['metadata'] !== 'hash' ? [modelDoc(manifest), metadata(manifest)] : ['', hashes(manifest)];
  const head = { irVersion: irVersion(opset), ...producer(manifest.producer), docString: doc };
  const tail = { opsetImport: [{ domain: '', version: opset }], metadataProps: entries };
  const model = joined([
    held(encode('ModelProto', head)),
    ...framed('ModelProto', 'graph', content),
    held(encode('ModelProto', tail)),
    ...marks.flatMap(([name, mark]) =>
      framed('ModelProto', 'metadataProps', entryChunks(markKey(name), mark)),
    ),
  ]);
  const weights = tensors.map(({ name, dtype, dims }) => ({ name, dtype, shape: dims }));
  return { model, graphHash: graphHashOf([operators, values], weights) };
}

const entryChunks = (key: string, value: Chunk): readonly Chunk[] => [
  held(encode('StringStringEntryProto', { key })),
  ...framed('StringStringEntryProto', 'value', [value]),
];

function producer(text: string): { readonly producerName: string; readonly producerVersion: string } {
  const [producerName = '', producerVersion = ''] = text.split(' ');
  return { producerName, producerVersion };
}

function tensorChunks({ name, dims, dtype, data }: Initializer, place: ExternalPlace | undefined): Chunk[] {
  const described: TensorProto = {
    name,
    dims,
    dataType: dataTypes[dtype],
    ...(place
      ? {
          dataLocation: 1,
          externalData: [
            { key: 'location', value: place.file },
            { key: 'offset', value: String(place.offset) },
            { key: 'length', value: String(place.length) },
          ],
        }
      : {}),
  };
  const head = held(encode('TensorProto', described));
  return place ? [head] : [head, ...framed('TensorProto', 'rawData', [data])];
}

function valueInfo(name: string, { dtype, shape }: TensorType<GraphDType>): ValueInfoProto {
  return { name, type: { tensorType: { elemType: dataTypes[dtype], shape: { dim: shape.map(dimension) } } } };
}
