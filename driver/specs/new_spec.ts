/** A spec to start from: where it goes, what its model is called, and the template that it may begin with. */

import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Checkpoint } from '../../compiler/checkpoint/checkpoint.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { template } from '../../spec/generated/template.ts';
import { isReservedWord } from '../../spec/tokens.ts';
import { shippedSpecs } from '../shipped.ts';
import { usage } from '../usage.ts';
import { loadSpec } from './load_spec.ts';
import { reasonOf, refusals, trySpec } from './try_spec.ts';

const extension = '.nanospec';

export interface NewSpec {
  /** Name of the model, as an identifier of the language. */
  readonly name: string;
  readonly path: string;
}

/** `named` is a name, or a path with one. Refuses what is no name (N510), a file that exists (N504) and a folder that does not (N505). */
export function newSpec(named: string): NewSpec {
  const path = named.endsWith(extension) ? named : `${named}${extension}`;
  const name = basename(path, extension);
  if (!/^[A-Za-z_]\w*$/.test(name) || isReservedWord(name)) {
    throw usage(
      `a model cannot be called ${JSON.stringify(name)}`,
      `letters, digits and _, not a digit first, and no word of the language: ${plainName(name)}`,
    );
  }
  if (existsSync(path)) {
    throw new Refusal([
      error('N504', `${path} exists`, { file: path, hint: 'nothing was written; take another name' }),
    ]);
  }
  if (!existsSync(dirname(path))) {
    throw new Refusal([
      error('N505', `there is no folder ${dirname(path)}`, { file: path, hint: 'make it first' }),
    ]);
  }
  return { name, path };
}

/** `SmolLM2-135M` -> `smollm2_135m`. */
function plainName(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/\W+/g, '_')
    .replace(/^_+|_+$/g, '');
  if (plain === '') return 'my_model';
  return /^\d/.test(plain) || isReservedWord(plain) ? `model_${plain}` : plain;
}

/** The architecture's name where the config has one, else the file's; `my_` sets it apart from a spec that ships. */
export function nameFor({ config, path }: Checkpoint): string {
  const type = config?.['model_type'];
  const name = plainName(typeof type === 'string' ? type : basename(path).replace(/\.\w+$/, ''));
  return shippedSpecs().some((s) => s.name === name) ? `my_${name}` : name;
}

/** Writes the file, unless one has been made there meanwhile. */
export function putSpec({ path }: NewSpec, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal([error('N505', `${path} cannot be written: ${why}`, { file: path })]);
  }
}

/** A small GPT under the name of a model. */
export const templateFor = (name: string): string =>
  template.replace('## template:', `## ${name}:`).replace('model template {', `model ${name} {`);

export interface ShippedFit {
  readonly spec: string;
  /** Why the spec does not fit this checkpoint. */
  readonly reason?: string;
}

/** The spec that ships for a checkpoint, if there is one. */
export function shippedFor(checkpoint: Checkpoint): ShippedFit | undefined {
  try {
    const { source, include } = loadSpec(undefined, checkpoint);
    const [first] = refusals(trySpec(source, include, checkpoint));
    const spec = source.name.replace(extension, '');
    return first ? { spec, reason: reasonOf(first) } : { spec };
  } catch (cause) {
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}
