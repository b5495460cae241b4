/** Opens a model file as a session that also returns values inside it; the file itself gets more outputs, nothing is compiled anew. */

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { valueNames } from '../../backends/onnx/index.ts';
import type { OnnxModel } from '../../backends/onnx/read_model.ts';
import { tapModel } from '../../backends/onnx/tap_model.ts';
import type { Compiled } from '../../compiler/compile.ts';
import type { NodeId } from '../../compiler/graph/ir.ts';
import type { Device, Session } from '../../compiler/ports/session.ts';
import { onnxSession } from '../../runtime/sessions/onnx_node_session.ts';
import { outputName } from '../../runtime/verify/trace.ts';

/** Returns the values of `ids` under `outputName`; values without a name in the file are left out. */
export async function openInside(
  { path, opset }: OnnxModel,
  { graph, manifest, weights }: Compiled,
  ids: readonly NodeId[],
  device: Device,
): Promise<Session> {
  const names = valueNames({ graph, weights, options: { opset, fileName: 'model.onnx' } });
  const byOutput = new Map(ids.flatMap((id) => (names.has(id) ? [[outputName(id), names.get(id)!]] : [])));
  const there = new Set(graph.outputs.map((o) => o.name));
  const added = new Set([...byOutput.values()].filter((name) => !there.has(name)));
  const session = await onnxSession({
    model: tapModel(readFileSync(path), [...added]),
    folder: dirname(resolve(path)),
    manifest,
    device,
  });
  return {
    ...session,
    async run(feeds, fetches = []) {
      const wanted = new Set(fetches.map((name) => byOutput.get(name) ?? name));
      const outputs = await session.run(feeds, [...wanted]);
      const inside = [...byOutput].flatMap(([as, name]) => {
        const value = outputs[name];
        return value && fetches.includes(as) ? [[as, value] as const] : [];
      });
      return { ...outputs, ...Object.fromEntries(inside) };
    },
  };
}
