/** The registry of targets: one line each. */

import { error, Refusal } from '../spec/diagnostic.ts';
import { nearest } from '../spec/nearest.ts';
import type { Backend } from './backend.ts';
import { onnx } from './onnx/index.ts';
import { torchscript } from './torchscript/index.ts';

export const backends: readonly Backend[] = [onnx, torchscript];

/** Refuses (N501) a name that none of them has. */
export function findBackend(name: string, among: readonly Backend[] = backends): Backend {
  const found = among.find((b) => b.name === name);
  if (found) return found;
  const names = among.map((b) => b.name);
  const word = name.toLowerCase();
  const meant = among.find((b) => b.otherNames?.includes(word))?.name ?? nearest(word, names);
  const allowed = `allowed: ${names.join(', ')}`;
  throw new Refusal([
    error('N501', `unknown target \`${name}\``, {
      hint: meant === undefined ? allowed : `did you mean ${meant}? ${allowed}`,
    }),
  ]);
}
