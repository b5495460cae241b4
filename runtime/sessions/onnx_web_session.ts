/** A session on onnxruntime-web, which the page loads as it likes and hands over. */

import type * as Ort from 'onnxruntime-common';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { Session } from '../../compiler/ports/session.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
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
      },
    ): Promise<unknown>;
  };
}

export interface WebOptions {
  /** `import * as ort from 'onnxruntime-web'`, or its build for WebGPU. */
  readonly ort: WebRuntime;
  readonly model: Uint8Array;
  /** What lies beside the model, under the name that the model has for it: `model.onnx_data`. */
  readonly data?: { readonly path: string; readonly bytes: Uint8Array };
  readonly manifest: Manifest;
  readonly device?: 'wasm' | 'webgpu';
}

/** Refuses (N703) a device that the browser does not have, and (N704) a model that cannot be loaded. */
export async function webSession(options: WebOptions): Promise<Session> {
  const { ort, model, data, manifest, device = 'wasm' } = options;
  refuseNarrow(manifest);
  let session: Ort.InferenceSession;
  try {
    session = (await ort.InferenceSession.create(model, {
      executionProviders: [device],
      logSeverityLevel: 3, // warnings come as errors of the page
      ...(data ? { externalData: [{ path: data.path, data: data.bytes }] } : {}),
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
    run: (feeds, fetches) => runOrt(ort.Tensor as TensorMaker, session, feeds, fetches),
    close: () => session.release(),
  };
}
