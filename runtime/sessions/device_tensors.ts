/** Tensors that stay where the model runs: they go from one call into the next without their numbers. */

import type * as Ort from 'onnxruntime-common';
import { error, Refusal } from '../../spec/diagnostic.ts';
import type { Tensor } from '../../spec/tensor.ts';

export interface DeviceTensors {
  /** Stands for a tensor of the device; undefined for one whose numbers are here. */
  standIn(t: Ort.Tensor): Tensor | undefined;
  /** What a stand-in stands for. */
  behind(t: Tensor): Ort.Tensor | undefined;
  free(t: Ort.Tensor): void;
  freeAll(): void;
}

export function deviceTensors(): DeviceTensors {
  const behind = new WeakMap<Tensor, Ort.Tensor>();
  const living = new Set<Ort.Tensor>();
  const free = (t: Ort.Tensor): void => {
    if (living.delete(t)) t.dispose();
  };
  // The memory of a text that nobody goes on with.
  const dropped = new FinalizationRegistry<Ort.Tensor>(free);
  return {
    standIn(t) {
      if (t.location !== 'gpu-buffer') return undefined;
      const dtype = t.type as Tensor['dtype']; // of a port, which the manifest describes
      const made: Tensor = {
        ...{ dtype, shape: [...t.dims] },
        get data(): never {
          const hint = 'open the session without keepOnDevice for samples and for several rows';
          throw new Refusal([error('N705', 'the memory of this session stays on the GPU', { hint })]);
        },
      };
      behind.set(made, t);
      living.add(t);
      dropped.register(made, t);
      return made;
    },
    behind: (t) => behind.get(t),
    free,
    freeAll: () => living.forEach(free),
  };
}
