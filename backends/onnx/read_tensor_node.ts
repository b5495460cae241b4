/** Reads one initialiser of a model file: its name, type and shape, and where its bytes lie. */

import { statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { type StoredDType, storedDtypes } from '../../compiler/checkpoint/checkpoint.ts';
import type { OpenFile, Stamp } from '../../compiler/checkpoint/open_file.ts';
import { refuse } from '../../compiler/checkpoint/refuse.ts';
import { product } from '../../spec/tensor.ts';
import { dataTypeNames, decode, fieldId } from './schema.ts';
import { bytesOf, damaged, type Field, fields } from './wire_reader.ts';

export interface StoredTensor {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  /** The model's own file or the data file beside it. */
  readonly file: string;
  readonly stamp: Stamp;
  readonly offset: number;
  readonly bytes: number;
}

const raw = fieldId('TensorProto', 'rawData');
/** Fields that hold values of one type each; nanoc never writes them, and they are not read. */
const typedDataFields: ReadonlySet<number> = new Set(
  ['floatData', 'int32Data', 'int64Data', 'doubleData'].map((name) => fieldId('TensorProto', name)),
);

interface Described {
  readonly name?: string;
  readonly dims: readonly number[];
  readonly dataType?: number;
  readonly dataLocation?: number;
  readonly externalData: readonly { readonly key?: string; readonly value?: string }[];
}

/** Undefined for a tensor whose values are not plain bytes of a dtype that nanoc knows. */
export function readTensor(file: OpenFile, field: Field): StoredTensor | undefined {
  const parts: Buffer[] = [];
  let inside: Field | undefined;
  for (const part of fields(file, field.at, field.at + field.length)) {
    if (part.id === raw) inside = part;
    else if (!typedDataFields.has(part.id)) parts.push(bytesOf(file, part, 'whole'));
  }
  const described = describe(file, field, Buffer.concat(parts));
  const dtype = dataTypeNames[described.dataType ?? 0] as StoredDType; // looked up in the table just below
  if (!Object.hasOwn(storedDtypes, dtype)) return undefined;
  const { name = '', dims: shape } = described;
  const place =
    described.dataLocation === 1
      ? externalPlace(file, name, described)
      : inside && { file: file.path, stamp: file.stamp, offset: inside.at, bytes: inside.length };
  if (!place) return undefined;
  const bytes = product(shape) * storedDtypes[dtype];
  if (bytes !== place.bytes) {
    damaged(file, `${name} has ${place.bytes} bytes for a ${dtype} [${shape.join(', ')}]`, field.start);
  }
  return { name, dtype, shape, ...place };
}

function describe(file: OpenFile, field: Field, bytes: Buffer): Described {
  try {
    // The schema gives these fields, and lists are always there.
    return decode('TensorProto', bytes) as unknown as Described;
  } catch {
    return damaged(file, 'a tensor that cannot be read', field.start);
  }
}

type Placed = Pick<StoredTensor, 'file' | 'stamp' | 'offset' | 'bytes'>;

/** Bytes beside the model; a location that leads out of its folder is refused. */
function externalPlace(model: OpenFile, name: string, { externalData }: Described): Placed {
  const said = new Map(externalData.map(({ key, value }) => [key, value]));
  const location = said.get('location') ?? '';
  const path = normalize(location);
  if (location === '' || isAbsolute(path) || path.split(sep)[0] === '..') {
    damaged(model, `${name} lies at ${JSON.stringify(location)}`, 0);
  }
  const file = join(dirname(model.path), path);
  const there = statSync(file, { throwIfNoEntry: false });
  const hint = `${basename(model.path)} and ${location} belong together: copy both`;
  if (!there?.isFile()) {
    refuse('N704', `${location}, the data of ${basename(model.path)}, is missing`, { file, hint });
  }
  const offset = Number(said.get('offset') ?? 0);
  const bytes = Number(said.get('length') ?? there.size - offset);
  if (![offset, bytes].every((n) => Number.isSafeInteger(n) && n >= 0)) {
    damaged(model, `${name} lies at ${said.get('offset')}, of length ${said.get('length')}`, 0);
  }
  if (offset + bytes > there.size) {
    refuse('N704', `${location}, the data of ${basename(model.path)}, is too short`, {
      file,
      expected: `at least ${offset + bytes} bytes, for ${name}`,
      found: `${there.size} bytes`,
      hint,
    });
  }
  return { file, stamp: { size: there.size, modified: there.mtimeMs }, offset, bytes };
}
