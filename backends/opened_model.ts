/** How files of a target are known and opened again: what `run`, `verify` and `inspect` need besides the manifest. */

import type { LazyTensor } from '../compiler/checkpoint/checkpoint.ts';
import type { Compiled } from '../compiler/compile.ts';
import type { NodeId } from '../compiler/graph/ir.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import type { Manifest } from '../compiler/ports/manifest.ts';
import type { Device, Session } from '../compiler/ports/session.ts';
import type { Diagnostic } from '../spec/diagnostic.ts';
import type { EmitOptions } from './target_option.ts';

export interface OpenOptions {
  /** Code in a file that is not what its spec compiles to is run all the same. */
  readonly trustCode?: boolean;
  /** Passes of plugins that the model was compiled with. */
  readonly plugins?: readonly Pass[];
  /** Aborted, it ends what a model runs in. */
  readonly signal?: AbortSignal;
  /** Seconds that one call of a model in a process of its own may take. */
  readonly deadline?: number;
  /** Threads that one call takes; all that the machine has when left out. */
  readonly threads?: number;
  /** The command line that compiles such a model again, for messages. */
  readonly again?: (model: Pick<OpenedModel, 'manifest' | 'emit'>) => string;
}

/** What `nanoc inspect` tells of a file besides its manifest. */
export interface FileFacts {
  /** `opset 21, IR 10` */
  readonly head: string;
  readonly lines: readonly string[];
  /** The same for machines. */
  readonly json: Readonly<Record<string, unknown>>;
}

export interface OpenedModel {
  readonly manifest: Manifest;
  /** The options that it was written with, as far as the file shows them. */
  readonly emit: EmitOptions;
  /** By the names of its parameters. */
  tensors(): ReadonlyMap<string, LazyTensor>;
  /** Runs it; ends what `inside` runs in, too, when it is closed. */
  open(device: Device): Promise<Session>;
  /** A session that also returns the values of `ids`, under `outputName`; a target without it finds no first difference. */
  inside?(compiled: Compiled, ids: readonly NodeId[], device: Device): Promise<Session>;
  /** How the file differs from what its spec compiles to, where that can be seen without running it. */
  fault?(compiled: Compiled): Diagnostic | undefined;
  facts?(): FileFacts;
}

export interface FileKind {
  /** Whether a file is one by what it holds; files of any name are asked, and without it the extension alone tells. */
  recognises?(path: string): boolean;
  /** Other kinds of files have the extension too, so that only `recognises` tells. */
  readonly sharesExtension?: true;
  /** A file is a program, whose code has to be trusted and can take for ever. */
  readonly isProgram?: true;
  /** The files beside a model that hold its weights. Refuses as `read` does. */
  beside?(path: string): readonly string[];
  /** Refuses (N704) what is damaged, and what nanoc did not write. */
  read(path: string, options: OpenOptions): OpenedModel;
}
