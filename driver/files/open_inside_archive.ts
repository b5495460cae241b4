/** Opens a TorchScript archive as a session that also returns values inside it, and reports faults of its code. */

import { emitInput } from '../../backends/emit_input.ts';
import type { EmitOptions } from '../../backends/target_option.ts';
import { codeFault, codeFaultText, codeFile } from '../../backends/torchscript/code_fault.ts';
import { planArchive } from '../../backends/torchscript/index.ts';
import type { TorchscriptModel } from '../../backends/torchscript/read_archive.ts';
import { tapArchive } from '../../backends/torchscript/tap_archive.ts';
import type { Compiled } from '../../compiler/compile.ts';
import type { NodeId } from '../../compiler/graph/ir.ts';
import type { Session } from '../../compiler/ports/session.ts';
import type { LibtorchHost } from '../../runtime/sessions/libtorch_node_session.ts';
import { outputName } from '../../runtime/verify/trace.ts';
import { type Diagnostic, warning } from '../../spec/diagnostic.ts';

export interface Look {
  readonly model: TorchscriptModel;
  readonly compiled: Compiled;
  readonly options: EmitOptions;
  readonly ids: readonly NodeId[];
  readonly device: string;
}

/** The archive written once more with more outputs. */
export const openInsideArchive = (
  host: LibtorchHost,
  { model, compiled, options, ids, device }: Look,
): Promise<Session> => {
  const names = new Map(ids.map((id) => [outputName(id), id]));
  return host.open({ ...tapArchive(model, emitInput(compiled, options), names), device });
};

/**
 * Undefined when the blocks of the archive are what its spec compiles to. Functions belong to no block, and the archive written
 * once more runs those of the file, so that the blocks that call them show what is wrong.
 */
export function archiveFault(
  model: TorchscriptModel,
  compiled: Compiled,
  options: EmitOptions,
): Diagnostic | undefined {
  const { code } = planArchive(emitInput(compiled, options));
  const fault = codeFault(code, model.code.get(codeFile) ?? '', { classesOnly: true });
  if (!fault) return undefined;
  const { message, extra } = codeFaultText(fault, model.manifest);
  return warning('N701', message, { ...('span' in extra ? {} : { file: model.path }), ...extra });
}
