/** The kinds of model files that nanoc writes, and what each needs to be read, run and looked into again. */

import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Backend } from '../backends/backend.ts';
import type { FileKind, OpenedModel, OpenOptions } from '../backends/opened_model.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import { compileAgain } from './compile_again.ts';
import type { ComparedWeights } from './compile_options.ts';
import { modelPlaces } from './layout_folders.ts';
import { noModel, notModel, refuseOther } from './not_a_model.ts';
import { isFile, isFolder } from './on_disk.ts';
import { openable } from './registry.ts';
import { holdsCheckpoint } from './specs/spec_file.ts';

export interface ModelFile extends OpenedModel {
  readonly path: string;
  readonly backend: Backend;
  readonly plugins: readonly Pass[];
}

/** Undefined where no model lies; a checkpoint is none. Refuses (N704) several of which none is meant. */
export function findModel(folder: string): string | undefined {
  const isModel = (path: string): boolean => existsSync(path) && kindOf(path) !== undefined;
  const { fixed, named } = places();
  const usual = fixed.map((name) => join(folder, name)).find(isModel);
  if (usual !== undefined) return usual;
  const below = named.flatMap((name) => pathsOf(folder, name.split('/')));
  const beside = entriesOf(folder).filter(endsLikeModel);
  const found = [...below, ...beside.map((entry) => join(folder, entry))].filter(isModel);
  if (found.length < 2) return found[0];
  const names = found.map((path) => relative(folder, path)).join(', ');
  const hint = `name one of them: ${found[0]}`;
  throw new Refusal([error('N704', 'several models in this folder', { file: folder, found: names, hint })]);
}

/** Places of models in layouts, and those among them that are named after the model. */
function places(): { readonly fixed: readonly string[]; readonly named: readonly string[] } {
  const all = modelPlaces();
  return {
    fixed: all.filter((place) => !place.includes('*')),
    named: all.filter((place) => place.includes('*')),
  };
}

/** What there may be under a name of several parts, of which `*` is any. */
const pathsOf = (folder: string, [part, ...rest]: readonly string[]): readonly string[] =>
  part === undefined
    ? [folder]
    : (part === '*' ? entriesOf(folder) : [part]).flatMap((entry) => pathsOf(join(folder, entry), rest));

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
  const { fixed, named } = places();
  throw noModel(folder, [...fixed, ...named.map((place) => place.replace('*', 'NAME'))].join(', '));
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
