/** A compiled model that can be run: named tensors in, named tensors out. */

import type { Tensor } from '../../spec/tensor.ts';
import type { Manifest } from './manifest.ts';

/** Where a model can be asked to run. */
export const devices = ['cpu', 'webgpu', 'cuda'] as const;
export type Device = (typeof devices)[number];

export type Feeds = Readonly<Record<string, Tensor>>;

export interface Session {
  /** `reference`, `onnxruntime-node cpu`, ... for tables. */
  readonly label: string;
  readonly manifest: Manifest;
  /** Inputs that a call may leave out, since the model has defaults for them. */
  readonly optional?: readonly string[];
  run(feeds: Feeds, fetches?: readonly string[]): Promise<Readonly<Record<string, Tensor>>>;
  close(): Promise<void>;
}
