/** A compiled model run and compared: with the interpreter, with itself, with another target and with someone else's numbers. */

import { readFileSync } from 'node:fs';
import { againHint, isOlder } from '../../backends/another_version.ts';
import { manifestVersion } from '../../compiler/ports/manifest.ts';
import type { Device, Session } from '../../compiler/ports/session.ts';
import { readGolden } from '../../runtime/verify/golden.ts';
import { type VerifyReport, type VerifyRow, verify } from '../../runtime/verify/verify.ts';
import { wholeTextSession } from '../../runtime/verify/whole_text.ts';
import { windowsOf } from '../../runtime/verify/windows.ts';
import { type Diagnostic, error, Refusal, warning } from '../../spec/diagnostic.ts';
import { compileAgain } from '../compile_again.ts';
import type { ComparedWeights } from '../compile_options.ts';
import type { ModelFile } from '../model_kinds.ts';
import { type Caller, silent } from '../reporter.ts';
import { recompileModel } from './recompile_model.ts';

export interface VerifyModelOptions extends ComparedWeights {
  /** A safetensors file with `tokens` and the `logits` that someone else computed. */
  readonly golden?: string;
  readonly device?: Device;
  /** After a failure, look for the first value that differs; it is looked for when left out. */
  readonly bisect?: boolean;
  /** Largest difference of two logits, in place of the table of tolerances. */
  readonly atol?: number;
  /** Long texts through the interpreter too. */
  readonly full?: boolean;
  /** The same model compiled to another target, running. */
  readonly peer?: Session;
  readonly onRow?: (row: VerifyRow) => void;
  /** Called with the whole report, before a failure is explained. */
  readonly onReport?: (report: VerifyReport) => void;
}

/** `session` is the model, running; failures and their causes are reported to `io`. */
export async function verifyModel(
  model: ModelFile,
  session: Session,
  options: VerifyModelOptions = {},
  { io }: Caller = { io: silent },
): Promise<VerifyReport> {
  const { manifest } = model;
  if (isOlder(manifest)) io.report([olderModel(model, options)]);
  const again = recompileModel(model, options, io);
  const { believed, reference } = again.compiled;
  const { golden, atol, peer, full = false, device = 'cpu' } = options;
  const report = await verify({
    session,
    ...(peer ? { peer } : {}),
    reference: wholeTextSession(believed, manifest, again.plainWeights),
    windows: windowsOf(reference),
    full,
    ...(golden === undefined ? {} : { golden: readGolden(readFile(golden), golden, manifest.vocab) }),
    ...(atol === undefined ? {} : { atol }),
    onRow: (row) => options.onRow?.(row),
    onEstimate: ({ what, seconds }) => io.note(`${what}: about ${seconds.toFixed(0)} s`),
  });
  options.onReport?.(report);
  if (report.pass) return report;
  io.report(report.diagnostics);
  if (options.bisect !== false && report.failing) {
    const { explainFailure } = await import('./explain_failure.ts');
    await explainFailure(model, again, report.failing, device, io);
  }
  return report;
}

const olderModel = (model: ModelFile, options: ComparedWeights): Diagnostic =>
  warning('N710', `the manifest of the model is of version ${model.manifest.version}`, {
    ...{ file: model.path, expected: `version ${manifestVersion}, which this nanoc writes` },
    hint: againHint(model.manifest, compileAgain(model, options)),
  });

function readFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal([error('N707', `golden file ${path} cannot be read`, { file: path, found })]);
  }
}
