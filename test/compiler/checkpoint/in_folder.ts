/** A folder with files for one test, gone afterwards. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Diagnostic, Refusal } from '../../../spec/diagnostic.ts';

export type Files = Readonly<Record<string, string | Uint8Array>>;

export function inFolder<R>(files: Files, use: (folder: string) => R): R {
  const folder = mkdtempSync(join(tmpdir(), 'nanoc-weights-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The diagnostics of what was refused; anything else that is thrown is a fault of ours and goes through. */
export function refusal(act: () => unknown): readonly Diagnostic[] {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.diagnostics;
    throw thrown;
  }
  throw new Error('nothing was refused');
}
