/** A checkpoint from the path to the last byte: opened, recognised, bound to its spec, streamed. */

import { readFileSync } from 'node:fs';
import { findGeneration } from '../../../compiler/checkpoint/nanochat.ts';
import { openCheckpoint } from '../../../compiler/checkpoint/open_checkpoint.ts';
import { compile } from '../../../compiler/compile.ts';
import { type Diagnostic, hasErrors, Refusal } from '../../../spec/diagnostic.ts';
import { render } from '../../../spec/render.ts';

export interface Loaded {
  /** By parameter, as float32 bytes; undefined when the checkpoint was refused. */
  readonly values?: ReadonlyMap<string, Buffer>;
  readonly diagnostics: readonly Diagnostic[];
  /** What a user reads. */
  readonly text: string;
}

const examples = new URL('../../../examples/', import.meta.url);
const source = (name: string) => ({ name, text: readFileSync(new URL(name, examples), 'utf8') });

/** Refusals become diagnostics; anything else that is thrown is a fault and goes through. */
export function loadAll(path: string, options: { readonly spec?: string } = {}): Loaded {
  const diagnostics: Diagnostic[] = [];
  try {
    const checkpoint = openCheckpoint(path);
    const found = findGeneration(checkpoint);
    const spec = options.spec ?? (found && 'spec' in found ? found.spec : 'nanochat_2025_10');
    const compiled = compile({ source: source(`${spec}.nanospec`), include: source, checkpoint });
    diagnostics.push(...compiled.diagnostics);
    if (!compiled.value || hasErrors(diagnostics)) return outcome(diagnostics);
    const { reference, weightsOf } = compiled.value;
    const weights = weightsOf(reference);
    const values = new Map<string, Buffer>();
    for (const { op, attrs } of reference.nodes) {
      if (op !== 'param') continue;
      const name = String(attrs['name']);
      values.set(name, Buffer.concat(Array.from(weights.chunks(name), (chunk) => chunk.slice())));
    }
    diagnostics.push(...weights.findings());
    return { ...outcome(diagnostics), values };
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    return outcome([...diagnostics, ...thrown.diagnostics]);
  }
}

const outcome = (diagnostics: readonly Diagnostic[]): Loaded => ({
  diagnostics,
  text: render(diagnostics, { color: false }),
});
