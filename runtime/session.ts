/** A compiled model that can be run: named tensors in, named tensors out. */

import type { Manifest } from '../compiler/manifest.ts';
import type { Tensor } from '../spec/tensor.ts';

export type Feeds = Readonly<Record<string, Tensor>>;

export interface Session {
  /** `reference`, `onnxruntime-node cpu`, ... for tables. */
  readonly label: string;
  readonly manifest: Manifest;
  run(feeds: Feeds, fetches?: readonly string[]): Promise<Readonly<Record<string, Tensor>>>;
  close(): Promise<void>;
}
