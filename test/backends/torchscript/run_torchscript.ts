/** Small graphs through this backend into LibTorch. */

import { torchscript } from '../../../backends/torchscript/index.ts';
import type { Release } from '../../../backends/torchscript/operators.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { runPasses } from '../../../compiler/pipeline.ts';
import type { Manifest } from '../../../compiler/ports/manifest.ts';
import type { Feeds } from '../../../compiler/ports/session.ts';
import type { Tensor } from '../../../spec/tensor.ts';
import type { TorchHere } from '../../golden/torch_here.ts';
import { manifestOf, streams } from '../onnx/run_onnx.ts';
import { emitOptions } from './small_models.ts';

interface Wanted {
  readonly minLibtorch?: Release;
  /** What the graph's arithmetic is in. */
  readonly compute?: Manifest['compute'];
}

export async function runTorchscript(
  { host, file }: TorchHere,
  graph: Graph,
  feeds: Feeds,
  { compute = 'float32', minLibtorch }: Wanted = {},
): Promise<Readonly<Record<string, Tensor>>> {
  const manifest = { ...manifestOf(graph), compute, storage: compute };
  const options = { ...emitOptions, ...(minLibtorch ? { minLibtorch } : {}) };
  const legal = runPasses(graph, torchscript.passes(options));
  const { files } = torchscript.emit({ graph: legal, manifest, weights: streams(legal), options });
  const model = file('op.pt', Buffer.concat([...files[0]!.chunks()]));
  const session = await host.open({ model, manifest });
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}
