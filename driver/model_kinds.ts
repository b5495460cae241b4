/** The kinds of model files that nanoc writes, and what each needs to be read, run and looked into again. */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Backend, EmitOptions } from '../backends/backend.ts';
import { findBackend } from '../backends/index.ts';
import { openOnnxWeights, readModel } from '../backends/onnx/read_model.ts';
import { checkArchive } from '../backends/torchscript/check_archive.ts';
import { emittedAs, isArchive, readArchive } from '../backends/torchscript/read_archive.ts';
import type { LazyTensor } from '../compiler/checkpoint/checkpoint.ts';
import type { Compiled } from '../compiler/compile.ts';
import type { NodeId } from '../compiler/graph/ir.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import type { Manifest } from '../compiler/ports/manifest.ts';
import type { Session } from '../compiler/ports/session.ts';
import { type LibtorchHost, startLibtorch } from '../runtime/sessions/libtorch_node_session.ts';
import { type Device, onnxSession } from '../runtime/sessions/onnx_node_session.ts';
import { type Diagnostic, error, Refusal } from '../spec/diagnostic.ts';
import { openInside } from './files/open_inside.ts';
import { archiveFault, openInsideArchive } from './files/open_inside_archive.ts';
import { noModel, refuseOther } from './not_a_model.ts';
import { holdsCheckpoint } from './specs/spec_file.ts';

export interface ModelFile {
  readonly path: string;
  readonly manifest: Manifest;
  readonly backend: Backend;
  /** The options that it was written with, as far as the file shows them. */
  readonly emit: EmitOptions;
  readonly plugins: readonly Pass[];
  /** By the names of its parameters. */
  readonly tensors: () => ReadonlyMap<string, LazyTensor>;
  /** A session that also returns the values of `ids`, under `outputName`. */
  readonly inside: (compiled: Compiled, ids: readonly NodeId[], device: Device) => Promise<Session>;
  /** How the file differs from what its spec compiles to, where that can be seen without running it. */
  readonly fault: (compiled: Compiled) => Diagnostic | undefined;
  /** Ends what `inside` runs in when it is closed. */
  open(device: Device): Promise<Session>;
}

export interface OpenOptions {
  /** An archive whose code is not what its spec compiles to is run all the same. */
  readonly trustCode?: boolean;
  /** Passes of plugins that the model was compiled with. */
  readonly plugins?: readonly Pass[];
  /** Aborted, it ends what a model runs in. */
  readonly signal?: AbortSignal;
  /** Seconds that one call of a model in a process of its own may take. */
  readonly deadline?: number;
}

function onnxFile(path: string, { plugins = [] }: OpenOptions): ModelFile {
  const model = readModel(path);
  const { manifest, opset } = model;
  return {
    ...{ path, manifest, plugins, backend: findBackend('onnx') },
    emit: { opset, fileName: 'model.onnx' },
    tensors: () => openOnnxWeights(path).tensors,
    inside: (compiled, ids, device) => openInside(model, compiled, ids, device),
    fault: () => undefined,
    open: (device) => onnxSession({ model: path, manifest, device }),
  };
}

function torchscriptFile(path: string, options: OpenOptions): ModelFile {
  const { plugins = [], signal, deadline } = options;
  const model = readArchive(path);
  const { manifest } = model;
  const emit = emittedAs(model);
  // One process for the model and for looking into it: torch takes seconds to start.
  let host: LibtorchHost | undefined;
  const started = async (): Promise<LibtorchHost> => {
    host ??= await startLibtorch({
      ...(signal ? { signal } : {}),
      ...(deadline === undefined ? {} : { callSeconds: deadline }),
    });
    return host;
  };
  return {
    ...{ path, manifest, plugins, backend: findBackend('torchscript'), emit },
    tensors: () => model.tensors,
    inside: async (compiled, ids, device) =>
      openInsideArchive(await started(), { model, compiled, options: emit, ids, device }),
    fault: (compiled) => archiveFault(model, compiled, emit),
    async open(device) {
      const loaded = options.trustCode ? { model: path, manifest } : checkArchive(model, { plugins });
      const running = await started();
      try {
        const session = await running.open({ ...loaded, device });
        return { ...session, close: () => running.close() };
      } catch (cause) {
        await running.close();
        throw cause;
      }
    },
  };
}

/** Where the model lies in a folder that nanoc wrote, that of Triton one folder further down. */
const inFolder = ['model.onnx', 'onnx/model.onnx', 'onnx/model_fp16.onnx', 'model.pt'];
const inVersion = ['1/model.onnx', '1/model.pt'];

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** Undefined where no model lies; a checkpoint is none. Refuses (N704) several of which none is meant. */
export function findModel(folder: string): string | undefined {
  const isModel = (path: string): boolean => existsSync(path) && (!path.endsWith('.pt') || isArchive(path));
  const [usual] = inFolder.map((name) => join(folder, name)).filter(isModel);
  if (usual !== undefined) return usual;
  const entries = entriesOf(folder);
  const further = entries.flatMap((entry) => inVersion.map((name) => join(folder, entry, name)));
  const own = entries.filter((entry) => /\.(onnx|pt)$/.test(entry)).map((entry) => join(folder, entry));
  const found = [...further, ...own].filter(isModel);
  if (found.length < 2) return found[0];
  const names = found.map((path) => relative(folder, path)).join(', ');
  const hint = `name one of them: ${found[0]}`;
  throw new Refusal([error('N704', 'several models in this folder', { file: folder, found: names, hint })]);
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // whoever reads more of it says why it cannot be read
  }
}

function modelIn(folder: string): string {
  const found = findModel(folder);
  if (found !== undefined) return found;
  const expected = [...inFolder, ...inVersion.map((name) => `NAME/${name}`)].join(', ');
  throw noModel(folder, expected);
}

/** Whether a name is that of a model, or of a folder with one. Whatever ends like a model is meant to be one, unless it is a checkpoint. */
export function namesModel(name: string): boolean {
  if (isFolder(name)) return findModel(name) !== undefined;
  return name.endsWith('.onnx') || (name.endsWith('.pt') && !isCheckpointFile(name));
}

const isCheckpointFile = (path: string): boolean =>
  existsSync(path) && !isArchive(path) && holdsCheckpoint(path);

/** A file, or a folder with one. Refuses (N704) what no backend of ours wrote. */
export function openModel(name: string, options: OpenOptions = {}): ModelFile {
  const path = isFolder(name) ? modelIn(name) : name;
  refuseOther(path);
  return path.endsWith('.onnx') ? onnxFile(path, options) : torchscriptFile(path, options);
}
