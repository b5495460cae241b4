/** A session on onnxruntime-web, which the page loads as it likes and hands over. */

import type * as Ort from 'onnxruntime-common';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { Session } from '../../compiler/ports/session.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { deviceTensors } from './device_tensors.ts';
import { refuseNarrow, runOrt, type TensorMaker } from './ort_tensors.ts';

/** The part of onnxruntime-web that is used, as types of our own, so that users need not install the types of a runtime. */
export interface WebRuntime {
  readonly Tensor: unknown;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: {
        readonly executionProviders: string[];
        readonly logSeverityLevel: 3;
        readonly externalData?: { readonly path: string; readonly data: Uint8Array }[];
        readonly preferredOutputLocation?: Readonly<Record<string, 'gpu-buffer'>>;
      },
    ): Promise<unknown>;
  };
}

/** What lies beside the model, under the name that the model has for it: `model.onnx_data`. */
export interface WebData {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface WebOptions {
  /** `import * as ort from 'onnxruntime-web'`, or its build for WebGPU. */
  readonly ort: WebRuntime;
  readonly model: Uint8Array;
  readonly data?: readonly WebData[];
  readonly manifest: Manifest;
  readonly device?: 'wasm' | 'webgpu';
  /**
   * On WebGPU: what the model remembers stays on the GPU from call to call, where it is needed, and is never looked at. For texts
   * of one row: repeating rows of a memory, as samples do, or leaving some out, wants its numbers, and is refused (N705).
   */
  readonly keepOnDevice?: boolean;
}

/** Refuses (N703) a device that the browser does not have, and (N704) a model that cannot be loaded. */
export async function webSession(options: WebOptions): Promise<Session> {
  const { ort, model, data = [], device = 'wasm' } = options;
  refuseNarrow(options.manifest);
  const kept = options.keepOnDevice && device === 'webgpu' ? deviceTensors() : undefined;
  const manifest = kept ? withWholeCaches(options.manifest) : options.manifest;
  let session: Ort.InferenceSession;
  try {
    session = (await ort.InferenceSession.create(model, {
      executionProviders: [device],
      logSeverityLevel: 3, // warnings come as errors of the page
      ...(data.length > 0 ? { externalData: data.map(({ path, bytes }) => ({ path, data: bytes })) } : {}),
      ...(kept ? { preferredOutputLocation: onGpu(manifest) } : {}),
    })) as Ort.InferenceSession; // by the contract of WebRuntime
  } catch (cause) {
    const found = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!.slice(0, 300);
    throw device === 'webgpu'
      ? new Refusal([error('N703', 'WebGPU is not available here', { found, hint: 'wasm works everywhere' })])
      : new Refusal([error('N704', 'onnxruntime cannot load the model', { found })]);
  }
  return {
    label: `onnxruntime-web ${device}`,
    manifest,
    run: (feeds, fetches) => runOrt(ort.Tensor as TensorMaker, session, feeds, fetches, kept),
    async close() {
      kept?.freeAll();
      await session.release();
    },
  };
}

/** On a GPU whole caches cost nothing to take, where rows would have to be written into buffers that the processor holds. */
const withWholeCaches = (manifest: Manifest): Manifest => ({
  ...manifest,
  ports: manifest.ports.map(({ newRows: _, ...port }) => port),
});

const onGpu = ({ ports }: Manifest): Readonly<Record<string, 'gpu-buffer'>> =>
  Object.fromEntries(ports.map(({ output }) => [output, 'gpu-buffer']));
