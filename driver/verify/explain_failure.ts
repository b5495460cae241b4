/** Explains a failed verification: the first value that differs, its block and its line in the spec, and whether a pass or the backend is to blame. */

import type { Device, Session } from '../../compiler/ports/session.ts';
import { bisect, explain } from '../../runtime/verify/bisect.ts';
import { sensitivity } from '../../runtime/verify/sensitivity.ts';
import type { Failing } from '../../runtime/verify/verify.ts';
import { type Diagnostic, warning } from '../../spec/diagnostic.ts';
import type { ModelFile } from '../model_kinds.ts';
import type { Reporter } from '../reporter.ts';
import type { Recompiled } from './recompile_model.ts';

export async function explainFailure(
  model: ModelFile,
  { compiled, stages, weightsOf }: Recompiled,
  { row, calls, tolerance }: Failing,
  device: Device,
  io: Reporter,
): Promise<void> {
  const fault = model.fault?.(compiled);
  if (fault) return io.finding([fault]);
  const { inside } = model;
  if (!inside) {
    const found = `files of ${model.backend.name} cannot be looked into`;
    return io.finding([warning('N701', 'which value differs first is not known', { found })]);
  }
  io.note('looking for the first value that differs');
  const { graph, reference, manifest } = compiled;
  const believed = { graph: reference, weights: weightsOf(reference) };
  const result = await bisect({
    reference: believed,
    target: { graph, weights: weightsOf(graph) },
    manifest,
    recompile: (outputs): Promise<Session> => inside.call(model, compiled, outputs, device),
    calls,
    tolerance,
    stages: stages.map((stage) => ({ ...stage, weights: weightsOf(stage.graph) })),
  });
  if (result.blame === 'overflow') return io.finding([explain(result)]);
  const moved = await sensitivity(believed, manifest, calls);
  io.finding([
    explain(result),
    ...(moved * mostRoundings >= row.max_abs ? [unsteady(moved, row.max_abs)] : []),
  ]);
  if (result.blame === 'none' && row.check !== 'golden') {
    io.finding([warning('N701', `what differs shows only in ${row.check}: ${row.what}`)]);
  }
}

/** A difference of up to this many roundings may come from the model's own sensitivity; a larger one has another cause. */
const mostRoundings = 8;

const unsteady = (moved: number, found: number): Diagnostic =>
  warning(
    'N701',
    `the model itself is this unsteady: its logits move by ${moved.toExponential(1)} when each value is off by one rounding`,
    {
      found: `${found.toExponential(1)}, which need be nobody's fault`,
      hint: 'another runtime, PyTorch in float32 included, may differ as much; --atol allows it',
    },
  );
