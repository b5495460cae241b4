/** A TorchScript archive as a session that gives values inside it, and what is wrong with its code. */

import { join } from 'node:path';
import type { EmitInput, EmitOptions } from '../backends/backend.ts';
import { type CodeFault, codeFault } from '../backends/torchscript/code_fault.ts';
import type { TorchscriptModel } from '../backends/torchscript/read_archive.ts';
import { tapArchive } from '../backends/torchscript/tap_archive.ts';
import { writeArtifact } from '../backends/write_artifact.ts';
import type { Compiled } from '../compiler/compile.ts';
import { specOf } from '../compiler/identity.ts';
import type { NodeId } from '../compiler/ir.ts';
import type { Manifest } from '../compiler/manifest.ts';
import type { LibtorchHost } from '../runtime/libtorch_node_session.ts';
import type { Session } from '../runtime/session.ts';
import { outputName } from '../runtime/trace.ts';
import { type Diagnostic, warning } from '../spec/diagnostic.ts';
import type { Span } from '../spec/source.ts';
import { workFolder } from './work_folder.ts';

const inputOf = ({ graph, manifest, weights, program }: Compiled, options: EmitOptions): EmitInput => ({
  ...{ graph, manifest, weights, options },
  tied: program.names.tied,
});

export interface Look {
  readonly model: TorchscriptModel;
  readonly compiled: Compiled;
  readonly options: EmitOptions;
  readonly ids: readonly NodeId[];
  readonly device: string;
}

/** The archive written once more with more outputs, in a folder that goes when the session closes. */
export async function openInsideArchive(
  host: LibtorchHost,
  { model, compiled, options, ids, device }: Look,
): Promise<Session> {
  const names = new Map(ids.map((id) => [outputName(id), id]));
  const { file, manifest } = tapArchive(model, inputOf(compiled, options), names);
  const { folder, remove: drop } = workFolder();
  try {
    await writeArtifact({ files: [file], diagnostics: [] }, folder, {
      signal: new AbortController().signal,
      onBytes: () => {},
      overwrite: false,
    });
    const session = await host.open({ model: join(folder, file.name), manifest, device });
    return {
      ...session,
      async close() {
        await session.close();
        drop();
      },
    };
  } catch (cause) {
    drop();
    throw cause;
  }
}

/** Undefined when the code of the archive is what its spec compiles to. */
export function archiveFault(
  model: TorchscriptModel,
  compiled: Compiled,
  options: EmitOptions,
): Diagnostic | undefined {
  const fault = codeFault(model, inputOf(compiled, options));
  if (!fault) return undefined;
  const { file, line, owner, expected, found } = fault;
  const span = spanOf(fault, model.manifest);
  return warning(
    'N701',
    `the code of the archive is not what its spec compiles to: line ${line} of ${file}, class ${owner}${users(fault)}`,
    { ...(span ? { span } : { file: model.path }), expected, found },
  );
}

function users({ modules }: CodeFault): string {
  const [first, ...more] = modules;
  if (first === undefined) return '';
  const others = more.length > 1 ? ` and ${more.length} more` : more.length === 1 ? ` and ${more[0]}` : '';
  return `, for ${first}${others}`;
}

/** The line of the spec without its indentation. */
function spanOf({ place }: CodeFault, manifest: Manifest): Span | undefined {
  if (!place) return undefined;
  const { source, include } = specOf(manifest);
  const found = place.spec === source.name ? source : include(place.spec, '');
  const lines = found?.text.split('\n') ?? [];
  const text = lines[place.line - 1];
  if (!found || text === undefined) return undefined;
  const before = lines.slice(0, place.line - 1).reduce((sum, l) => sum + l.length + 1, 0);
  const start = before + text.length - text.trimStart().length;
  return { source: found, start, end: before + text.trimEnd().length };
}
