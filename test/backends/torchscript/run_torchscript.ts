/** Small graphs through this backend into LibTorch. */

import { torchscript } from '../../../backends/torchscript/index.ts';
import type { Graph } from '../../../compiler/ir.ts';
import type { Manifest } from '../../../compiler/manifest.ts';
import { runPasses } from '../../../compiler/pipeline.ts';
import type { Feeds } from '../../../runtime/session.ts';
import type { Tensor } from '../../../spec/tensor.ts';
import type { TorchHere } from '../../golden/torch_here.ts';
import { manifestOf, streams } from '../onnx/run_onnx.ts';
import { emitOptions } from './small_models.ts';

/** `compute` is what the graph's arithmetic is in. */
export async function runTorchscript(
  { host, file }: TorchHere,
  graph: Graph,
  feeds: Feeds,
  compute: Manifest['compute'] = 'float32',
): Promise<Readonly<Record<string, Tensor>>> {
  const manifest = { ...manifestOf(graph), compute, storage: compute };
  const options = emitOptions;
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
