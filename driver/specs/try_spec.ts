/** Whether a spec takes a checkpoint: what `compile` would refuse, found without compiling. */

import type { Checkpoint, Json, JsonObject } from '../../compiler/checkpoint/checkpoint.ts';
import { isObject } from '../../compiler/checkpoint/safetensors.ts';
import { bind } from '../../compiler/weights/bind.ts';
import type { File } from '../../spec/ast.ts';
import { check } from '../../spec/check.ts';
import { type Diagnostic, hasErrors } from '../../spec/diagnostic.ts';
import { parse } from '../../spec/parse.ts';
import type { ElaborationOptions, Program } from '../../spec/program.ts';
import type { Source } from '../../spec/source.ts';

export interface Trial {
  /** Errors of the text and the config. */
  readonly config: readonly Diagnostic[];
  /** Errors of the tensors; absent where the config leaves open which parameters the spec has. */
  readonly tensors?: readonly Diagnostic[];
  readonly program?: Program;
}

export function trySpec(
  source: Source,
  include: ElaborationOptions['include'],
  checkpoint: Checkpoint,
): Trial {
  const { value, diagnostics } = parse(source);
  return value && !hasErrors(diagnostics)
    ? tryFile(value, include, checkpoint)
    : { config: diagnostics.filter(isError) };
}

export function tryFile(file: File, include: ElaborationOptions['include'], checkpoint: Checkpoint): Trial {
  const { config = null, configFile, path } = checkpoint;
  const named = configFile === undefined ? {} : { configFile };
  const told = (of: JsonObject | null) => check(file, { include, config: of, ...named });
  const first = told(config);
  const errors = first.diagnostics.filter(isError);
  // A value that the spec does not honour is no size: the tensors can be told all the same.
  const unhonoured = errors.length > 0 && errors.every(({ code }) => code === 'N612');
  const { program } = unhonoured && config ? told(withoutExpected(config, file)) : first;
  if (!program) return { config: errors };
  const bound = bind(program, checkpoint, { ignoreExtra: [], file: path });
  return { config: errors, tensors: bound.diagnostics.filter(isError), program };
}

function withoutExpected(config: JsonObject, { declarations }: File): JsonObject {
  const copy = structuredClone(config);
  const parts = declarations.flatMap((item) => (item.kind === 'Model' ? item.body : []));
  for (const part of parts.flatMap((item) => (item.kind === 'Config' ? [item] : [])))
    for (const entry of part.entries) {
      if (entry.kind !== 'Expect') continue;
      for (const { value } of entry.keys)
        for (const key of [value, ...(part.from ? [`${part.from.value}.${value}`] : [])]) leaveOut(copy, key);
    }
  return copy;
}

function leaveOut(config: { [key: string]: Json }, key: string): void {
  const [first = '', ...rest] = key.split('.');
  const inner = config[first];
  if (rest.length === 0) delete config[first];
  else if (isObject(inner)) leaveOut(inner, rest.join('.'));
}

export const refusals = ({ config, tensors = [] }: Trial): readonly Diagnostic[] => [...config, ...tensors];

/** `N612: this spec is written for ...`; a requirement's own words do not say what was found. */
export const reasonOf = ({ code, message, found }: Diagnostic): string =>
  `${code}: ${message}${code === 'N317' && found !== undefined ? ` (${found})` : ''}`;

const isError = ({ severity }: Diagnostic): boolean => severity === 'error';
