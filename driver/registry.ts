/** The targets that are known while a command runs: ours, and those that plugins have brought. */

import type { Backend } from '../backends/backend.ts';
import { backends, findBackend } from '../backends/index.ts';
import type { FileKind } from '../backends/opened_model.ts';
import { own } from '../spec/own.ts';
import { onnxFile } from './files/onnx_file.ts';
import { torchscriptFile } from './files/torchscript_file.ts';

/** How files of our own targets are opened again: in a runtime, which a backend does not know. */
const files: Readonly<Record<string, FileKind>> = { onnx: onnxFile, torchscript: torchscriptFile };

const targets: Backend[] = backends.map((backend) => {
  const file = own(files, backend.name);
  return file ? { ...backend, file } : backend;
});

/** One of the same name takes its place. */
export function addTarget(backend: Backend): void {
  const at = targets.findIndex(({ name }) => name === backend.name);
  targets.splice(at < 0 ? targets.length : at, 1, backend);
}

/** Refuses (N501) a name that no target has. */
export const findTarget = (name: string): Backend => findBackend(name, targets);

/** Those whose files can be opened again. */
export const openable = (): readonly (Backend & Required<Pick<Backend, 'file'>>)[] =>
  targets.flatMap((target) => (target.file ? [{ ...target, file: target.file }] : []));

/** `.onnx or .pt` */
export const extensionsText = (): string =>
  openable()
    .map(({ extension }) => extension)
    .join(' or ');
