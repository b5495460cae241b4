/** The structure of a model file: opset, operators, boundary, metadata, and where the tensors lie. */

import type { OpenFile } from '../../compiler/checkpoint/open_file.ts';
import type { BoundaryTensor } from '../../compiler/ports/manifest.ts';
import type { GraphDType } from '../../spec/type.ts';
import { graphHashOf } from './graph_hash.ts';
import { readTensor, type StoredTensor } from './read_tensor_node.ts';
import { dataTypes, decode, fieldId, type Message, type ValueInfoProto } from './schema.ts';
import { bytesOf, damaged, type Field, fields } from './wire_reader.ts';

export interface Structure {
  readonly opset: number;
  readonly irVersion: number;
  readonly producer: string;
  readonly metadata: ReadonlyMap<string, string>;
  readonly nodes: Readonly<Record<string, number>>;
  readonly initializers: readonly StoredTensor[];
  readonly inputs: readonly BoundaryTensor[];
  readonly outputs: readonly BoundaryTensor[];
  /** See `graphHashOf`. */
  readonly graphHash: () => string;
}

interface Head {
  readonly irVersion?: number;
  readonly producerName?: string;
  readonly producerVersion?: string;
  readonly opsetImport: readonly { readonly domain?: string; readonly version?: number }[];
  readonly metadataProps: readonly { readonly key?: string; readonly value?: string }[];
}

const graphField = fieldId('ModelProto', 'graph');
const initializerField = fieldId('GraphProto', 'initializer');

/** Throws a Refusal (N704) for a file that is not a model. */
export function readStructure(file: OpenFile): Structure {
  if (file.size === 0) damaged(file, 'nothing', 0);
  const parts: Buffer[] = [];
  const graphs: Field[] = [];
  for (const field of fields(file, 0, file.size)) {
    if (field.id === graphField) graphs.push(field);
    else parts.push(bytesOf(file, field, 'whole'));
  }
  // The schema gives these fields, and lists are always there.
  const head = read(file, 'ModelProto', Buffer.concat(parts), 0) as unknown as Head;
  const opset = head.opsetImport.find((o) => (o.domain ?? '') === '')?.version;
  if (head.irVersion === undefined || opset === undefined || graphs.length === 0) {
    damaged(file, 'no graph, IR version or opset', 0);
  }
  return {
    opset,
    irVersion: head.irVersion,
    producer: [head.producerName, head.producerVersion].filter(Boolean).join(' '),
    metadata: new Map(head.metadataProps.map(({ key = '', value = '' }) => [key, value])),
    ...readGraphs(file, graphs),
  };
}

function readGraphs(
  file: OpenFile,
  graphs: readonly Field[],
): Pick<Structure, 'nodes' | 'initializers' | 'inputs' | 'outputs' | 'graphHash'> {
  const nodes = new Map<string, number>();
  const initializers: StoredTensor[] = [];
  const inputs: BoundaryTensor[] = [];
  const outputs: BoundaryTensor[] = [];
  /** All fields but the initialisers above, which are hashed by their names, types and shapes. */
  const hashed: Field[] = [];
  const named = (field: Field, message: Message, key: string): string =>
    String(read(file, message, bytesOf(file, field, 'content'), field.start)[key] ?? '');
  const readers: Readonly<Record<number, (field: Field) => void>> = {
    [fieldId('GraphProto', 'node')]: (field) => {
      const op = named(field, 'NodeProto', 'opType');
      nodes.set(op, (nodes.get(op) ?? 0) + 1);
    },
    [initializerField]: (field) => {
      const tensor = readTensor(file, field);
      if (tensor) initializers.push(tensor);
      else hashed.push(field);
    },
    [fieldId('GraphProto', 'input')]: (field) => {
      inputs.push(readBoundary(file, field));
    },
    [fieldId('GraphProto', 'output')]: (field) => {
      outputs.push(readBoundary(file, field));
    },
  };
  for (const { at, length } of graphs) {
    for (const field of fields(file, at, at + length)) {
      readers[field.id]?.(field);
      if (field.id !== initializerField) hashed.push(field);
    }
  }
  const graphHash = () => graphHashOf(wholeFields(file, hashed), initializers);
  return { nodes: Object.fromEntries(nodes), initializers, inputs, outputs, graphHash };
}

function* wholeFields(file: OpenFile, list: readonly Field[]): Generator<Uint8Array> {
  for (const field of list) yield bytesOf(file, field, 'whole');
}

function readBoundary(file: OpenFile, field: Field): BoundaryTensor {
  const bytes = bytesOf(file, field, 'content');
  const { name = '', type } = read(file, 'ValueInfoProto', bytes, field.start) as Partial<ValueInfoProto>; // by the schema
  const dtype = graphDtypes.find((known) => dataTypes[known] === type?.tensorType?.elemType);
  if (!dtype) return damaged(file, `an input or output ${name} of unknown type`, field.start);
  const dims = type?.tensorType.shape?.dim ?? [];
  return { name, dtype, shape: dims.map(({ dimValue, dimParam }) => dimParam ?? Number(dimValue ?? 0)) };
}

const graphDtypes = Object.keys(dataTypes) as readonly GraphDType[]; // the keys of the table

function read(file: OpenFile, message: Message, bytes: Buffer, at: number): Record<string, unknown> {
  try {
    return decode(message, bytes);
  } catch {
    return damaged(file, `a ${message} that cannot be read`, at);
  }
}
