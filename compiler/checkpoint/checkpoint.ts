/** What every checkpoint reader offers: lazy tensors by name, and the configuration that lies beside them. */

import type { Diagnostic } from '../../spec/diagnostic.ts';
import type { OpenFile, Stamp } from './open_file.ts';

/** Element types that checkpoints store. */
export const storedDtypes = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
} as const;
export type StoredDType = keyof typeof storedDtypes;

/** A range of bytes in a file; offsets are absolute. */
export interface Storage {
  readonly file: string;
  /** Checked whenever the file is opened to read. */
  readonly stamp?: Stamp;
  readonly offset: number;
  readonly bytes: number;
  /** Name in the archive, for messages: `data/5`. */
  readonly label: string;
  /** CRC-32 of the whole range as the archive records it; checked whenever the range is streamed from end to end. */
  readonly crc?: number;
  readonly bigEndian?: boolean;
  /** Gives what the bytes are read from, as it is by then. */
  open(): OpenFile;
}

/** A strided view of a storage; nothing is read until it is streamed. Strides and `start` count elements. */
export interface LazyTensor {
  /** Name in the file without the prefixes of wrappers (`_orig_mod.`, `module.`). */
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly start: number;
  readonly storage: Storage;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export interface Checkpoint {
  /** What kind of file it is, in words: `torch zip`, `torch legacy`, `safetensors`, `sharded safetensors`. */
  readonly format: string;
  /** The file or folder the user named. */
  readonly path: string;
  /** Every file it reads, for hashing and messages. */
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, LazyTensor>;
  /** nanochat's `model_config`, a Hugging Face `config.json`, a config inside the `.pt`; keys a reader adds are included. */
  readonly config?: JsonObject;
  /** Where `config` came from, for messages: `meta_000000.json`. */
  readonly configFile?: string;
  /** Warnings about how it was read, such as dropped prefixes. */
  readonly warnings?: readonly Diagnostic[];
  /** The whole meta file when there is one (nanochat's `user_config`, step, ...). */
  readonly meta?: JsonObject;
}
