/** The structure of a model file: opset, operators, boundary, metadata, and where the tensors lie. */

import type { OpenFile } from '../../compiler/weights/file.ts';
import { readTensor, type StoredTensor } from './read_tensor.ts';
import { decode, fieldId, type Message } from './schema.ts';
import { bytesOf, damaged, type Field, fields } from './wire_reader.ts';

export interface Structure {
  readonly opset: number;
  readonly irVersion: number;
  readonly producer: string;
  readonly metadata: ReadonlyMap<string, string>;
  readonly nodes: Readonly<Record<string, number>>;
  readonly initializers: readonly StoredTensor[];
  readonly inputs: readonly { readonly name: string }[];
  readonly outputs: readonly { readonly name: string }[];
}

interface Head {
  readonly irVersion?: number;
  readonly producerName?: string;
  readonly producerVersion?: string;
  readonly opsetImport: readonly { readonly domain?: string; readonly version?: number }[];
  readonly metadataProps: readonly { readonly key?: string; readonly value?: string }[];
}

const graphField = fieldId('ModelProto', 'graph');

/** Throws a Refusal (N704) for what is no model. */
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
): Pick<Structure, 'nodes' | 'initializers' | 'inputs' | 'outputs'> {
  const nodes = new Map<string, number>();
  const initializers: StoredTensor[] = [];
  const inputs: { name: string }[] = [];
  const outputs: { name: string }[] = [];
  const named = (field: Field, message: Message, key: string): string =>
    String(read(file, message, bytesOf(file, field, 'content'), field.start)[key] ?? '');
  const readers: Readonly<Record<number, (field: Field) => void>> = {
    [fieldId('GraphProto', 'node')]: (field) => {
      const op = named(field, 'NodeProto', 'opType');
      nodes.set(op, (nodes.get(op) ?? 0) + 1);
    },
    [fieldId('GraphProto', 'initializer')]: (field) => {
      const tensor = readTensor(file, field);
      if (tensor) initializers.push(tensor);
    },
    [fieldId('GraphProto', 'input')]: (field) => {
      inputs.push({ name: named(field, 'ValueInfoProto', 'name') });
    },
    [fieldId('GraphProto', 'output')]: (field) => {
      outputs.push({ name: named(field, 'ValueInfoProto', 'name') });
    },
  };
  for (const { at, length } of graphs) {
    for (const field of fields(file, at, at + length)) readers[field.id]?.(field);
  }
  return { nodes: Object.fromEntries(nodes), initializers, inputs, outputs };
}

function read(file: OpenFile, message: Message, bytes: Buffer, at: number): Record<string, unknown> {
  try {
    return decode(message, bytes);
  } catch {
    return damaged(file, `a ${message} that cannot be read`, at);
  }
}
