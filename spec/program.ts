/** What checking a spec yields besides the graph: the model's interface to checkpoints and callers. */

import type { Diagnostic } from './diagnostic.ts';
import type { ParamDecl, PortDecl } from './sink.ts';
import type { Source, Span } from './source.ts';
import type { GraphDType, TensorType } from './type.ts';

/** A compile-time value of a config entry. */
export type ConfigValue = null | boolean | number | string | readonly ConfigValue[];

export interface ConfigEntry {
  readonly name: string;
  readonly value: ConfigValue;
  /** `example` (no checkpoint), `checkpoint` with its key, `else`, or `set` on the command line. */
  readonly from: 'example' | 'checkpoint' | 'else' | 'set';
  readonly key?: string;
}

/** Rules of the `checkpoint` block. */
export interface NameRules {
  readonly prefixes: readonly { readonly from: string; readonly to: string }[];
  readonly ignore: readonly string[];
  /** `param` is the path in the spec. */
  readonly tied: readonly { readonly key: string; readonly param: string; readonly span: Span }[];
}

export interface Program {
  readonly model: string;
  readonly config: readonly ConfigEntry[];
  readonly params: readonly ParamDecl[];
  readonly ports: readonly PortDecl[];
  readonly inputs: readonly { readonly name: string; readonly type: TensorType<GraphDType> }[];
  readonly outputs: readonly { readonly name: string; readonly type: TensorType<GraphDType> }[];
  readonly names: NameRules;
  /** Config keys of the checkpoint that the spec neither reads nor expects. */
  readonly unread: readonly string[];
}

/** Where values come from when a model is elaborated. */
export interface ElaborationOptions {
  /** The checkpoint's config, parsed JSON; null where it has none. Without a checkpoint, the spec's example sizes count. */
  readonly config?: { readonly [key: string]: unknown } | null;
  /** Its name in messages: `meta_000000.json`. */
  readonly configFile?: string;
  /** `--set name=value`, already parsed. */
  readonly set?: ReadonlyMap<string, ConfigValue>;
  /** What `float` means; default float32. */
  readonly compute?: GraphDType;
  /** Positions that rotary tables cover instead of what the spec declares. */
  readonly maxSeqLen?: number;
  /** An included file, relative to the including one; undefined when there is none. */
  readonly include: (path: string, from: string) => Source | IncludeRefused | undefined;
}

/** Why a file is not included, though there may be one: `lies outside the folder of the spec`. */
export interface IncludeRefused {
  readonly refused: string;
  readonly hint?: string;
}

export interface Checked {
  readonly program?: Program;
  readonly diagnostics: readonly Diagnostic[];
}
