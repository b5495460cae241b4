/** The part of the published ONNX protobuf format that nanoc writes and reads, with its field numbers. */

import protobuf from 'protobufjs/light.js';
import { boundarySize } from '../../compiler/ports/boundary.ts';
import type { Dim } from '../../spec/dim.ts';
import type { GraphDType } from '../../spec/type.ts';

/** Fields of a message as `[number, type, name]`; a name ending in `*` repeats, in `#` repeats packed. */
type Fields = readonly (readonly [id: number, type: string, name: string])[];

const entry: Fields = [
  [1, 'string', 'key'],
  [2, 'string', 'value'],
];

const messages = {
  ModelProto: [
    [1, 'int64', 'irVersion'],
    [2, 'string', 'producerName'],
    [3, 'string', 'producerVersion'],
    [6, 'string', 'docString'],
    [7, 'GraphProto', 'graph'],
    [8, 'OperatorSetIdProto', 'opsetImport*'],
    [14, 'StringStringEntryProto', 'metadataProps*'],
  ],
  OperatorSetIdProto: [
    [1, 'string', 'domain'],
    [2, 'int64', 'version'],
  ],
  StringStringEntryProto: entry,
  GraphProto: [
    [1, 'NodeProto', 'node*'],
    [2, 'string', 'name'],
    [5, 'TensorProto', 'initializer*'],
    [10, 'string', 'docString'],
    [11, 'ValueInfoProto', 'input*'],
    [12, 'ValueInfoProto', 'output*'],
    [13, 'ValueInfoProto', 'valueInfo*'],
  ],
  NodeProto: [
    [1, 'string', 'input*'],
    [2, 'string', 'output*'],
    [3, 'string', 'name'],
    [4, 'string', 'opType'],
    [5, 'AttributeProto', 'attribute*'],
    [6, 'string', 'docString'],
    [7, 'string', 'domain'],
    [9, 'StringStringEntryProto', 'metadataProps*'],
  ],
  AttributeProto: [
    [1, 'string', 'name'],
    [2, 'float', 'f'],
    [3, 'int64', 'i'],
    [4, 'bytes', 's'],
    [5, 'TensorProto', 't'],
    [6, 'GraphProto', 'g'],
    [7, 'float', 'floats*'],
    [8, 'int64', 'ints*'],
    [9, 'bytes', 'strings*'],
    [20, 'int32', 'type'],
  ],
  ValueInfoProto: [
    [1, 'string', 'name'],
    [2, 'TypeProto', 'type'],
  ],
  TypeProto: [[1, 'TensorTypeProto', 'tensorType']],
  TensorTypeProto: [
    [1, 'int32', 'elemType'],
    [2, 'TensorShapeProto', 'shape'],
  ],
  TensorShapeProto: [[1, 'DimensionProto', 'dim*']],
  DimensionProto: [
    [1, 'int64', 'dimValue'],
    [2, 'string', 'dimParam'],
  ],
  TensorProto: [
    [1, 'int64', 'dims*'],
    [2, 'int32', 'dataType'],
    [4, 'float', 'floatData#'],
    [5, 'int32', 'int32Data#'],
    [7, 'int64', 'int64Data#'],
    [8, 'string', 'name'],
    [9, 'bytes', 'rawData'],
    [10, 'double', 'doubleData#'],
    [13, 'StringStringEntryProto', 'externalData*'],
    [14, 'int32', 'dataLocation'],
  ],
} as const satisfies Record<string, Fields>;

export type Message = keyof typeof messages;

export interface Entry {
  readonly key: string;
  readonly value: string;
}
export interface AttributeProto {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  /** A number and never a BigInt, which protobufjs silently writes as 0. */
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly ints?: readonly number[];
  readonly g?: GraphProto;
}
/** Inside a node; names of the graph around it may be read in it. */
export interface GraphProto {
  readonly name: string;
  readonly node: readonly NodeProto[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
}
export interface NodeProto {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string;
  readonly opType: string;
  readonly attribute: readonly AttributeProto[];
  readonly docString?: string;
  readonly domain?: string;
  readonly metadataProps?: readonly Entry[];
}
export interface Dimension {
  readonly dimValue?: number;
  readonly dimParam?: string;
}
/** A number, or the name of a size. */
export function dimension(dim: Dim): Dimension {
  const size = boundarySize(dim);
  return typeof size === 'number' ? { dimValue: size } : { dimParam: size };
}

export interface ValueInfoProto {
  readonly name: string;
  readonly type: {
    readonly tensorType: {
      readonly elemType: number;
      readonly shape?: { readonly dim: readonly Dimension[] };
    };
  };
}
export interface TensorProto {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly externalData?: readonly Entry[];
  readonly dataLocation?: number;
}

function field(id: number, type: string, name: string): protobuf.IField {
  const repeated = /[*#]$/.test(name);
  return { id, type, ...(repeated ? { rule: 'repeated', options: { packed: name.endsWith('#') } } : {}) };
}

const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries(
    Object.entries(messages).map(([message, fields]) => [
      message,
      {
        fields: Object.fromEntries(
          fields.map(([id, type, name]) => [name.replace(/[*#]$/, ''), field(id, type, name)]),
        ),
      },
    ]),
  ),
});

export const encode = (message: Message, value: object): Uint8Array =>
  root.lookupType(message).encode(value).finish();

/** As a plain object: whole numbers for int64, lists always there, fields that were absent left out. Throws on malformed bytes. */
export function decode(message: Message, bytes: Uint8Array): Record<string, unknown> {
  const type = root.lookupType(message);
  return type.toObject(type.decode(bytes), { longs: Number, arrays: true });
}

/** Field number of a name, for code that walks the wire format itself. */
export function fieldId(message: Message, name: string): number {
  const found = (messages[message] as Fields).find(([, , n]) => n.replace(/[*#]$/, '') === name);
  if (!found) throw new RangeError(`${message} has no field ${name}`);
  return found[0];
}

/** `TensorProto.DataType` of each dtype of a graph. */
export const dataTypes: Readonly<Record<GraphDType, number>> = {
  float32: 1,
  float16: 10,
  bfloat16: 16,
  int64: 7,
  bool: 9,
};

/** Every other name of `TensorProto.DataType`, for reading models that nanoc did not write. */
export const dataTypeNames: Readonly<Record<number, string>> = {
  ...{ 2: 'uint8', 3: 'int8', 4: 'uint16', 5: 'int16', 6: 'int32', 8: 'string', 11: 'float64', 12: 'uint32' },
  ...{ 13: 'uint64', 14: 'complex64', 15: 'complex128', 17: 'float8e4m3fn', 18: 'float8e4m3fnuz' },
  ...{ 19: 'float8e5m2', 20: 'float8e5m2fnuz', 21: 'uint4', 22: 'int4', 23: 'float4e2m1', 24: 'float8e8m0' },
  ...Object.fromEntries(Object.entries(dataTypes).map(([name, id]) => [id, name])),
};

export const attributeTypes = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const;
