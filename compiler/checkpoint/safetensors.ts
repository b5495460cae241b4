/** Reads a safetensors file: a length, a JSON header, and tensors that fill the rest without gap or overlap. */

import { product } from '../../spec/tensor.ts';
import { fileName } from '../bytes/paths.ts';
import { type Json, type LazyTensor, type StoredDType, storedDtypes } from './checkpoint.ts';
import { type OpenFile, readAt, refuseMany } from './open_file.ts';
import { contiguousStrides, placeTensor } from './place_tensor.ts';
import { refuse } from './refuse.ts';
import { parseJson } from './strict_json.ts';
import type { FileTensors } from './torch_zip.ts';

const dtypes: ReadonlyMap<string, StoredDType> = new Map<string, StoredDType>([
  ['F64', 'float64'],
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I64', 'int64'],
  ['I32', 'int32'],
  ['I16', 'int16'],
  ['I8', 'int8'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
]);

/** Largest header in bytes that the safetensors format allows. */
const headerLimit = 100_000_000;

export function readSafetensors(file: OpenFile): FileTensors {
  const { header, data } = readHeader(file);
  refuseMany(file, Object.keys(header).length);
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => readEntry(file, name, value, file.size - data));
  checkCover(file, entries, file.size - data);
  const tensors = new Map<string, LazyTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const storage = {
      file: file.path,
      stamp: file.stamp,
      offset: data + begin,
      bytes: end - begin,
      label: name,
      open: file.reopen,
    };
    tensors.set(
      name,
      placeTensor({ name, dtype, shape, strides: contiguousStrides(shape), start: 0, storage }),
    );
  }
  if (tensors.size === 0) refuse('N602', `${fileName(file.path)} holds no tensors`, { file: file.path });
  return { format: 'safetensors', tensors };
}

function readHeader(file: OpenFile): {
  readonly header: { readonly [key: string]: Json };
  readonly data: number;
} {
  if (file.size < 8) bad(file, `the file ends before the length of its header`);
  const length = readAt(file, 0, 8).readBigUInt64LE();
  if (length > BigInt(file.size - 8)) bad(file, `header of ${length} bytes in a file of ${file.size}`);
  if (length > BigInt(headerLimit)) bad(file, `header of ${length} bytes; ${headerLimit} is the limit`);
  const text = readAt(file, 8, Number(length)).toString('utf8');
  const parsed = parseJson(text);
  if ('problem' in parsed) bad(file, `header is not valid JSON: ${parsed.problem}`);
  if (!isObject(parsed.value)) bad(file, 'header is not a JSON object');
  return { header: parsed.value, data: 8 + Number(length) };
}

interface Entry {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readEntry(file: OpenFile, name: string, value: Json, available: number): Entry {
  const said = isObject(value) ? value : bad(file, `header entry ${JSON.stringify(name)} is not an object`);
  const dtype = dtypes.get(String(said['dtype']));
  if (!dtype) {
    const shown = JSON.stringify(said['dtype'] ?? null);
    refuse('N615', `${name} is stored as ${shown}, which nanoc does not read`, { file: file.path });
  }
  const shape = said['shape'];
  if (!isCounts(shape) || shape.length > 64)
    bad(file, `header gives ${name} a shape that is not a list of sizes`);
  const offsets = said['data_offsets'];
  if (!isCounts(offsets) || offsets.length !== 2)
    bad(file, `header gives ${name} data_offsets that are not two numbers`);
  const [begin = 0, end = 0] = offsets;
  if (begin > end || end > available) {
    bad(file, `header puts ${name} at bytes ${begin} to ${end} of ${available}`);
  }
  const bytes = product(shape) * storedDtypes[dtype];
  if (bytes !== end - begin)
    bad(file, `header gives ${name} ${end - begin} bytes; its shape and type need ${bytes}`);
  return { name, dtype, shape, begin, end };
}

function checkCover(file: OpenFile, entries: readonly Entry[], available: number): void {
  let at = 0;
  let before = '';
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < at) bad(file, `header lets ${name} and ${before} overlap`);
    if (begin > at) bad(file, `header leaves ${begin - at} bytes before ${name} to no tensor`);
    at = end;
    before = name;
  }
  if (at !== available) bad(file, `header leaves the last ${available - at} bytes to no tensor`);
}

export const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCounts = (value: Json | undefined): value is readonly number[] =>
  Array.isArray(value) && value.every((v) => typeof v === 'number' && Number.isSafeInteger(v) && v >= 0);

function bad(file: OpenFile, why: string): never {
  refuse('N614', `${fileName(file.path)}: ${why}`, {
    file: file.path,
    hint: 'copy or download the file again',
  });
}
