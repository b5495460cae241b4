/** The targets and layouts that are known while a command runs: ours, and those that plugins have brought. */

import type { Backend, ClientFacts } from '../backends/backend.ts';
import { backends, findBackend } from '../backends/index.ts';
import { layouts as ownLayouts } from '../backends/layout/index.ts';
import type { Layout } from '../backends/layout/layout.ts';
import { onnx } from '../backends/onnx/index.ts';
import type { FileKind } from '../backends/opened_model.ts';
import { torchscript } from '../backends/torchscript/index.ts';
import { own } from '../spec/own.ts';
import { onnxFile } from './files/onnx_file.ts';
import { torchscriptFile } from './files/torchscript_file.ts';

/** How files of our own targets are opened again: in a runtime, which a backend does not know. */
const files: Readonly<Record<string, FileKind>> = {
  [onnx.name]: onnxFile,
  [torchscript.name]: torchscriptFile,
};

const known: Backend[] = backends.map((backend) => {
  const file = own(files, backend.name);
  return file ? { ...backend, file } : backend;
});

const knownLayouts: Layout[] = [...ownLayouts];

/** One of the same name takes its place. */
export const addTarget = (backend: Backend): void => addNamed(known, backend);
export const addLayout = (layout: Layout): void => addNamed(knownLayouts, layout);

function addNamed<T extends { readonly name: string }>(list: T[], added: T): void {
  const at = list.findIndex(({ name }) => name === added.name);
  list.splice(at < 0 ? list.length : at, 1, added);
}

export const targets = (): readonly Backend[] => known;
export const layouts = (): readonly Layout[] => knownLayouts;

/** What the client of a layout has to be told to open files of a target; undefined where it cannot. */
export const clientOf = (layout: Layout, backend: Backend): ClientFacts | undefined =>
  own(backend.layouts ?? {}, layout.name) ?? own(layout.targets ?? {}, backend.name);

/** The one that is meant when none is named. */
export const usualTarget = (): Backend => known[0]!; // ours are never taken away

/** Refuses (N501) a name that no target has. */
export const findTarget = (name: string): Backend => findBackend(name, known);

/** Those whose files can be opened again. */
export const openable = (): readonly (Backend & Required<Pick<Backend, 'file'>>)[] =>
  known.flatMap((target) => (target.file ? [{ ...target, file: target.file }] : []));

/** `.onnx or .pt` */
export const extensionsText = (among: readonly Pick<Backend, 'extension'>[] = openable()): string =>
  among.map(({ extension }) => extension).join(' or ');
