/** From what the user typed (a path, a shipped spec's name, or only a checkpoint) to the text of a spec. */

import { existsSync, readFileSync } from 'node:fs';
import type { Checkpoint } from '../../compiler/checkpoint/checkpoint.ts';
import { findGeneration } from '../../compiler/checkpoint/nanochat.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { nearest } from '../../spec/nearest.ts';
import type { ElaborationOptions } from '../../spec/program.ts';
import type { Source } from '../../spec/source.ts';
import { families, includeShipped, isShipped, shippedSpecs } from '../shipped.ts';
import { usage } from '../usage.ts';
import { findSpec } from './find_spec.ts';
import { includeFrom } from './include_files.ts';
import { isWeights, readSpec } from './spec_file.ts';

export interface LoadedSpec {
  readonly source: Source;
  readonly include: ElaborationOptions['include'];
  /** Why this spec, when nanoc chose it: `recognised nanochat_2026_03: smear_gate is there`. */
  readonly why?: string;
}

/** Throws a Refusal that says what was looked for. `folders` may hold what the spec includes, besides its own. */
export function loadSpec(
  argument: string | undefined,
  checkpoint: Checkpoint | undefined,
  folders: readonly string[] = [],
): LoadedSpec {
  if (argument !== undefined && looksLikePath(argument)) return fromFile(argument, folders);
  const name = argument?.replaceAll('-', '_');
  if (name !== undefined && !Object.hasOwn(families, name)) return shipped(name);
  if (checkpoint) return recognised(checkpoint, name);
  if (name === undefined)
    throw usage('no spec named', 'name a spec (see `nanoc specs`), or give --checkpoint');
  return { ...shipped(families[name as keyof typeof families]), why: `the newest of the ${name} family` };
}

/** Whether what was named for a spec can only be meant as a checkpoint. */
export const isCheckpointName = (argument: string): boolean => looksLikePath(argument) && isWeights(argument);

const looksLikePath = (text: string): boolean =>
  text.endsWith('.nanospec') ||
  text.includes('/') ||
  text.includes('\\') ||
  (existsSync(text) && !isShipped(text));

export function fromFile(path: string, folders: readonly string[] = []): LoadedSpec {
  return { source: { name: path, text: readSpec(path) }, include: includeFrom(path, folders) };
}

function shipped(name: string): LoadedSpec {
  const all = shippedSpecs();
  const spec = all.find((s) => s.name === name);
  if (spec) {
    const source = { name: `${name}.nanospec`, text: readFileSync(spec.path, 'utf8') };
    return { source, include: (path) => includeShipped(path) };
  }
  const names = [...Object.keys(families), ...all.map((s) => s.name)];
  const near = nearest(name, names);
  throw new Refusal([
    error('N507', `no spec named \`${name}\`, and no file of that name`, {
      hint: near ? `did you mean \`${near}\`?` : 'see `nanoc specs`, or name a .nanospec file',
    }),
  ]);
}

function recognised(checkpoint: Checkpoint, family: string | undefined): LoadedSpec {
  const found = findGeneration(checkpoint);
  if (found === undefined) {
    if (family !== undefined) throw noneOf(family, checkpoint);
    const { name, why } = findSpec(checkpoint);
    return { ...shipped(name), why: `recognised ${name}: ${why}` };
  }
  if ('spec' in found) {
    return { ...shipped(found.spec), why: `recognised ${found.spec}: ${found.why}` };
  }
  if ('ambiguous' in found) {
    const specs = found.ambiguous.map((s) => `\`${s}\``).join(' or ');
    throw new Refusal([
      error('N618', `this checkpoint fits ${specs}, and nothing in it says which`, {
        file: checkpoint.path,
        hint: `${found.why}; name the spec: nanoc compile ${found.ambiguous[0]} --checkpoint ...`,
      }),
    ]);
  }
  throw new Refusal([
    error('N619', `nanochat's ${found.refused} is not supported`, {
      file: checkpoint.path,
      hint: `${found.why}${family ? '' : '; write a spec for it and name it'}`,
    }),
  ]);
}

/** The refusal when the user named a family that does not fit, even if another would. */
function noneOf(family: string, checkpoint: Checkpoint): Refusal {
  const fitting = whatFits(checkpoint);
  return new Refusal([
    error('N507', `this is no checkpoint of ${family}`, {
      file: checkpoint.path,
      expected: `${family}'s keys, as in transformer.h.0.attn.c_q.weight`,
      found: [...checkpoint.tensors.keys()].slice(0, 3).join(', ') || 'no tensors',
      hint: fitting
        ? `${fitting} is for it: name that spec, or none`
        : 'leave the family out, or name the spec that it is for',
    }),
  ]);
}

function whatFits(checkpoint: Checkpoint): string | undefined {
  try {
    return findSpec(checkpoint).name;
  } catch (cause) {
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}
