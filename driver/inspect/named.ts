/** Tells whether a name given to `nanoc inspect` stands for a model, a checkpoint or a spec. */

import { readdirSync } from 'node:fs';
import { findModel, isModelFile } from '../model_kinds.ts';
import { isFolder } from '../on_disk.ts';

export interface Named {
  readonly kind: 'model' | 'checkpoint' | 'spec';
  readonly path: string;
}

/** A folder with weights is a checkpoint, whatever else lies in it; what is neither a model nor a checkpoint is meant for a spec. */
export function whatIs(name: string): Named {
  const path = (isFolder(name) ? modelIn(name) : undefined) ?? name;
  if (isModelFile(path)) return { kind: 'model', path };
  const isCheckpoint = isFolder(path) || /\.(pt|pth|bin|safetensors|index\.json)$/.test(path);
  return { kind: isCheckpoint ? 'checkpoint' : 'spec', path };
}

function modelIn(folder: string): string | undefined {
  const found = findModel(folder);
  const weights = /\.(safetensors|bin|pth|index\.json)$|^model_\d+\.pt$/;
  return readdirSync(folder).some((name) => weights.test(name)) ? undefined : found;
}
