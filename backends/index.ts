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
  const near = nearest(name, names);
  throw new Refusal([
    error('N501', `unknown target \`${name}\``, {
      hint: near === undefined ? `targets: ${names.join(', ')}` : `did you mean \`${near}\`?`,
    }),
  ]);
}
