/** The globals of a pickled state dict, each mapped to a function that makes inert data. */

import type { StoredDType } from './checkpoint.ts';
import { isDict, isGlobal, isMade, isTuple } from './pickle_opcodes.ts';
import {
  type Behaviour,
  type Dict,
  type Global,
  type Pickled,
  PickleProblem,
  type Policy,
} from './pickled.ts';
import { refuse } from './refuse.ts';

/** `('storage', torch.FloatStorage, '0', 'cuda:0', 256)`; where it lives in the file the container knows. */
export interface StorageRef {
  readonly what: 'storage';
  /** As torch says it when we have no reader for it: `ComplexFloat`. */
  readonly dtype: StoredDType | { readonly unsupported: string };
  readonly key: string;
  /** In elements. */
  readonly length: number;
  /** First element inside the record, for the views of the format before 1.6. */
  readonly start: number;
}

/** Arguments of `_rebuild_tensor_v2` as they stand, not yet held against the storage. */
export interface TensorRef {
  readonly what: 'tensor';
  readonly storage: StorageRef;
  readonly start: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

export type TorchValue = StorageRef | TensorRef;
type Value = Pickled<TorchValue>;
type Act = Behaviour<TorchValue>;

const storages: Readonly<Record<string, StoredDType>> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
};
const unsupportedStorages = [
  ...['ComplexFloat', 'ComplexDouble', 'ComplexHalf', 'Float8_e4m3fn', 'Float8_e5m2'],
  ...['UInt16', 'UInt32', 'UInt64', 'QInt8', 'QUInt8', 'QInt32'],
];
const dtypeNames =
  'float16 bfloat16 float32 float64 half float double int8 int16 int32 int64 uint8 bool'.split(' ');

const emptyDict = (self: Global<TorchValue>, items: Value): Value => {
  const pairs = Array.isArray(items) ? items : [];
  const entries = new Map<Value, Value>();
  for (const pair of pairs) {
    if (!isTuple(pair) || pair.items.length !== 2)
      throw new PickleProblem('an OrderedDict of something else than pairs');
    entries.set(pair.items[0] as Value, pair.items[1] as Value); // two items
  }
  return { kind: 'dict', entries, maker: self };
};

const orderedDict: Act = {
  call: (args, self) => emptyDict(self, args[0] ?? null),
  create: (_args, self) => emptyDict(self, null),
  build: () => {}, // `_metadata`, versions of modules
};

/** (storage, offset, size, stride, requires_grad, hooks) and, since 2.0, a dict of conj and neg bits. */
const rebuildTensor: Act = {
  call: (args, self) => {
    const [storage, start, shape, strides, , , bits] = args;
    if (!isMade(storage) || storage.value.what !== 'storage')
      throw new PickleProblem('a tensor without a storage');
    if (isDict(bits) && bits.entries.size > 0)
      throw new PickleProblem('a tensor with conjugate or negative bits');
    const value: TensorRef = {
      what: 'tensor',
      storage: storage.value,
      start: count(start, 'storage offset'),
      shape: counts(shape, 'size'),
      strides: counts(strides, 'stride'),
    };
    if (value.shape.length !== value.strides.length)
      throw new PickleProblem('a tensor with more sizes than strides');
    return { kind: 'made', maker: self, value };
  },
  build: () => {},
};

/** (tensor, requires_grad, hooks) */
const rebuildParameter: Act = {
  call: ([tensor]) => {
    if (!isMade(tensor) || tensor.value.what !== 'tensor')
      throw new PickleProblem('a parameter without a tensor');
    return tensor;
  },
};

const texts: Act = { call: (args) => (typeof args[0] === 'string' ? args[0] : null) };
const sizes: Act = { call: ([items]) => items ?? null };
const set: Act = { call: ([items]) => (Array.isArray(items) ? items : []) };

const globals: ReadonlyMap<string, Act> = new Map<string, Act>([
  ['collections OrderedDict', orderedDict],
  ['torch._utils _rebuild_tensor_v2', rebuildTensor],
  ['torch._utils _rebuild_parameter', rebuildParameter],
  ['torch Size', sizes],
  ['torch device', texts],
  ['builtins set', set],
  ['__builtin__ set', set],
  ...Object.keys(storages).map((name): [string, Act] => [`torch ${name}`, {}]),
  ...unsupportedStorages.map((name): [string, Act] => [`torch ${name}Storage`, {}]),
  ...dtypeNames.map((name): [string, Act] => [`torch ${name}`, {}]),
]);

/** For one file; remembers the storages it met. */
export function torchPolicy(file: string, met: (storage: StorageRef) => void = () => {}): Policy<TorchValue> {
  const maker: Global<TorchValue> = { kind: 'global', name: 'storage', behaviour: {} };
  return {
    globals,
    persistent: (id) => {
      const value = storageRef(id);
      met(value);
      return { kind: 'made', maker, value };
    },
    unknown: (module, name, bytes) => {
      const inside = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (!inside.includes('torch.nn.modules.')) return;
      refuse(
        'N622',
        `a whole module was pickled: the file wants ${module}.${name}, which is code; nothing was executed`,
        {
          file,
          hint: 'save model.state_dict() instead of the model',
        },
      );
    },
  };
}

/** ('storage', class, key, location, elements) and, before 1.6, None or (view key, offset, elements). */
function storageRef(id: Value): StorageRef {
  const [tag, type, key, , length, view] = isTuple(id) ? id.items : [];
  if (tag !== 'storage' || !isGlobal(type) || typeof key !== 'string')
    throw new PickleProblem('a storage of unknown form');
  const name = type.name.replace(/^torch /, '');
  if (!name.endsWith('Storage')) throw new PickleProblem(`a storage of type ${name}`);
  const dtype = storages[name] ?? { unsupported: name.replace(/Storage$/, '') };
  const whole: StorageRef = {
    what: 'storage',
    dtype,
    key,
    length: count(length, 'storage length'),
    start: 0,
  };
  if (!isTuple(view)) return whole;
  return {
    ...whole,
    start: count(view.items[1], 'view offset'),
    length: count(view.items[2], 'view length'),
  };
}

function count(value: Value | undefined, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  const shown = typeof value === 'number' || typeof value === 'bigint' ? String(value) : 'not a number';
  throw new PickleProblem(`the ${what} of a tensor is ${shown}`);
}

function counts(value: Value | undefined, what: string): readonly number[] {
  if (!isTuple(value) || value.items.length > 64)
    throw new PickleProblem(`the ${what} of a tensor is not a tuple`);
  return value.items.map((item) => count(item, what));
}

export const isTensor = (value: Value | undefined): boolean => isMade(value) && value.value.what === 'tensor';

export type TorchDict = Dict<TorchValue>;
