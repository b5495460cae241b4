/** A session on onnxruntime-node, which is loaded only here and only when asked for. */

import { availableParallelism } from 'node:os';
import type { InferenceSession } from 'onnxruntime-node';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { Device, Session } from '../../compiler/ports/session.ts';
import { type Diagnostic, error, Refusal } from '../../spec/diagnostic.ts';
import { refuseNarrow, runOrt } from './ort_tensors.ts';
import { silenceTelemetry } from './telemetry_node.ts';

type Ort = typeof import('onnxruntime-node');

export interface OnnxOptions {
  /** A path, or the bytes of a model that is one file. */
  readonly model: string | Uint8Array;
  /** Where the data beside a model given as bytes lies. */
  readonly folder?: string;
  readonly manifest: Manifest;
  readonly device?: Device;
  /** Threads that one call takes; all that the machine has when left out, as onnxruntime leaves out those that share a core. */
  readonly threads?: number;
  /** How the runtime is imported; tests pass one that fails. */
  readonly load?: () => Promise<unknown>;
}

const notInstalled = (cause: string): Diagnostic =>
  error('N702', 'onnxruntime-node is not installed', {
    found: cause,
    hint:
      'npm install onnxruntime-node --onnxruntime-node-install=skip ' +
      '(or ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node): skip leaves out the CUDA libraries only',
  });

const deviceHints: Readonly<Record<Exclude<Device, 'cpu'>, string>> = {
  webgpu:
    'WebGPU needs a Vulkan (on Linux the loader libvulkan.so.1 too), Metal or Direct3D 12 driver; a software one such as ' +
    'SwiftShader does: VK_ICD_FILENAMES=/path/to/vk_swiftshader_icd.json; --device cpu always works',
  cuda:
    'CUDA needs Linux x64, an NVIDIA driver, CUDA 12 and cuDNN 9 on the loader path, and their libraries beside ' +
    'onnxruntime-node: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node; --device cpu always works',
};

/** The key of onnxruntime's session options for the folder of external data. */
const folderKey = 'model_external_initializers_file_folder_path';

/**
 * How long a thread looks for work before it sleeps. Without a bound, threads that wait take the time of other processes that
 * compute; no wait at all costs a tenth of the speed, since a call shares out some hundred small pieces.
 */
const spinMicroseconds = '50';

/** The first line of a message, without the place in onnxruntime's sources that it begins with. */
const firstLine = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause))
    .trim()
    .split('\n')[0]!
    .replace(/^\/onnxruntime_src\/.* was false\. /, '')
    .slice(0, 300);

async function importRuntime(load: () => Promise<unknown>): Promise<Ort> {
  silenceTelemetry();
  try {
    const loaded = (await load()) as Ort & { readonly default?: Ort }; // a CommonJS module: named or default exports
    const ort = loaded.default ?? loaded;
    // What goes wrong is thrown as well; by default the log comes out beside it.
    if (ort.env.logLevel === 'warning') ort.env.logLevel = 'fatal';
    return ort;
  } catch (cause) {
    throw new Refusal([notInstalled(firstLine(cause))]);
  }
}

/**
 * A provider that cannot start throws just as a bad model does: what the CPU loads is not a bad model.
 * The model is never run on the CPU instead.
 */
async function create(ort: Ort, options: OnnxOptions): Promise<InferenceSession> {
  const { model, folder, device = 'cpu', threads = availableParallelism() } = options;
  const open = (provider: Device): Promise<InferenceSession> => {
    const settings: InferenceSession.SessionOptions = {
      executionProviders: [provider],
      logSeverityLevel: 4,
      extra: {
        session: {
          intra_op: { spin_duration_us: spinMicroseconds },
          ...(folder === undefined ? {} : { [folderKey]: folder }),
        },
      },
      intraOpNumThreads: threads,
    };
    return typeof model === 'string'
      ? ort.InferenceSession.create(model, settings)
      : ort.InferenceSession.create(model, settings);
  };
  const where = typeof model === 'string' ? { file: model } : {};
  const unloadable = (cause: unknown): Refusal =>
    new Refusal([error('N704', 'onnxruntime cannot load the model', { ...where, found: firstLine(cause) })]);
  try {
    return await open(device);
  } catch (cause) {
    if (device === 'cpu') throw unloadable(cause);
    const onCpu = await open('cpu').catch((other: unknown) => unloadable(other));
    if (onCpu instanceof Refusal) throw onCpu;
    await onCpu.release();
    const extra = { found: firstLine(cause), hint: deviceHints[device] };
    throw new Refusal([error('N703', `device ${device} is not available here`, extra)]);
  }
}

export async function onnxSession(options: OnnxOptions): Promise<Session> {
  const { manifest, device = 'cpu' } = options;
  const ort = await importRuntime(options.load ?? (() => import('onnxruntime-node')));
  refuseNarrow(manifest);
  const session = await create(ort, options);
  return {
    label: `onnxruntime-node ${device}`,
    manifest,
    run: (feeds, fetches) => runOrt(ort.Tensor, session, feeds, fetches),
    close: () => session.release(),
  };
}
