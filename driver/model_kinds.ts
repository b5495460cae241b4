/** The kinds of model files that nanoc writes, and what each needs to be read, run and looked into again. */

import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Backend } from '../backends/backend.ts';
import type { FileKind, OpenedModel, OpenOptions } from '../backends/opened_model.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import { compileAgain } from './compile_again.ts';
import type { ComparedWeights } from './compile_options.ts';
import { noModel, notModel, refuseOther } from './not_a_model.ts';
import { isFile, isFolder } from './on_disk.ts';
import { openable } from './registry.ts';
import { holdsCheckpoint } from './specs/spec_file.ts';

export interface ModelFile extends OpenedModel {
  readonly path: string;
  readonly backend: Backend;
  readonly plugins: readonly Pass[];
}

/** Where the model lies in a folder that nanoc wrote, that of Triton one folder further down. */
const inFolder = (): readonly string[] => openable().flatMap(({ file }) => file.inFolder ?? []);
const inVersion = (): readonly string[] => openable().map(({ extension }) => `1/model${extension}`);

/** Undefined where no model lies; a checkpoint is none. Refuses (N704) several of which none is meant. */
export function findModel(folder: string): string | undefined {
  const isModel = (path: string): boolean => existsSync(path) && kindOf(path) !== undefined;
  const [usual] = inFolder()
    .map((name) => join(folder, name))
    .filter(isModel);
  if (usual !== undefined) return usual;
  const entries = entriesOf(folder);
  const further = entries.flatMap((entry) => inVersion().map((name) => join(folder, entry, name)));
  const own = entries.filter((entry) => endsLikeModel(entry)).map((entry) => join(folder, entry));
  const found = [...further, ...own].filter(isModel);
  if (found.length < 2) return found[0];
  const names = found.map((path) => relative(folder, path)).join(', ');
  const hint = `name one of them: ${found[0]}`;
  throw new Refusal([error('N704', 'several models in this folder', { file: folder, found: names, hint })]);
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // whoever reads more of it says why it cannot be read
  }
}

function modelIn(folder: string): string {
  const found = findModel(folder);
  if (found !== undefined) return found;
  const expected = [...inFolder(), ...inVersion().map((name) => `NAME/${name}`)].join(', ');
  throw noModel(folder, expected);
}

/** Whether a name ends as those of models do; some checkpoints end so, too. */
export const endsLikeModel = (name: string): boolean =>
  openable().some(({ extension }) => name.endsWith(extension));

/** The target that a file is of, by its name and where that does not tell by what it holds. */
const kindOf = (path: string) =>
  endsLikeModel(path)
    ? openable().find(
        ({ extension, file }) => path.endsWith(extension) && (!file.sharesExtension || holds(file, path)),
      )
    : openable().find(({ file }) => holds(file, path));

const holds = ({ recognises }: FileKind, path: string): boolean =>
  isFile(path) && recognises?.(path) === true;

/** Whether a name is that of a model, or of a folder with one. Whatever ends like a model is meant to be one, unless it is a checkpoint. */
export function namesModel(name: string): boolean {
  if (isFolder(name)) return findModel(name) !== undefined;
  return endsLikeModel(name) ? !isCheckpointFile(name) : isModelFile(name);
}

const isCheckpointFile = (path: string): boolean =>
  existsSync(path) && kindOf(path) === undefined && holdsCheckpoint(path);

/** Whether there is a model under this name, for those who take other files too. */
export const isModelFile = (path: string): boolean => kindOf(path) !== undefined;

export interface OpenModelOptions extends OpenOptions {
  /** Where the weights of the model are, for messages. */
  readonly compared?: ComparedWeights;
}

/** A file, or a folder with one. Refuses (N704) what no target wrote. */
export function openModel(name: string, options: OpenModelOptions = {}): ModelFile {
  const path = isFolder(name) ? modelIn(name) : name;
  const known = kindOf(path);
  if (!known?.file.recognises || !holds(known.file, path)) refuseOther(path);
  // Of a damaged file the reader of its extension says more.
  const found = known ?? openable().find(({ extension }) => path.endsWith(extension));
  if (!found) throw notModel(path, 'is no model');
  const { file, ...backend } = found;
  const again: OpenOptions['again'] = (read) => compileAgain({ ...read, path, backend }, options.compared);
  return { ...file.read(path, { again, ...options }), path, backend, plugins: options.plugins ?? [] };
}
