/** Reads the text of a spec, or refuses a file that is something else with what it is and what to type instead. */

import { existsSync, type Stats, statSync } from 'node:fs';
import { openCheckpoint } from '../../compiler/checkpoint/open_checkpoint.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { limits } from '../../spec/limits.ts';
import { asCheckpoint, insteadOfSpec, kindOf, nameSpec, startOf } from '../file_kind.ts';

/** Refuses (N507) what is not there, cannot be read, or is no text of a spec's length. */
export function readSpec(path: string): string {
  const seen = lookAt(path);
  if (!seen) throw notSpec(`spec ${path}`, 'does not exist', undefined, path);
  if (seen.isDirectory()) throw notSpec(`spec ${path}`, 'is a folder', folderHint(path), path);
  // `nanoc check <(generate)` hands over a pipe, which has a writer; any other may wait for one for ever.
  if (!seen.isFile() && !/^\/(?:dev|proc\/self)\/fd\/|^\/dev\/stdin$/.test(path))
    throw notSpec(path, `is ${seen.isFIFO() ? 'a pipe' : 'no regular file'}`, 'name a .nanospec file');
  const bytes = readStart(path);
  const kind = kindOf(path, bytes);
  if (kind) throw notSpec(path, `is ${kind.what}, not a spec`, insteadOfSpec(kind, path));
  if (bytes.length > mostSpecBytes) {
    const hint = 'a spec says how a model is built; its weights are named with --checkpoint';
    throw notSpec(path, `has more than ${mostSpecBytes} bytes`, hint);
  }
  return bytes.toString('utf8');
}

/** Whether a name that was given for a spec can only be meant as a checkpoint: weights, or a folder with some. */
export function isWeights(path: string): boolean {
  const seen = lookAt(path);
  if (seen?.isDirectory()) return holdsCheckpoint(path);
  return seen?.isFile() === true && kindOf(path, readStart(path, 4096))?.weights === true;
}

const notSpec = (what: string, problem: string, hint?: string, file = what): Refusal =>
  new Refusal([error('N507', `${what} ${problem}`, { file, ...(hint === undefined ? {} : { hint }) })]);

/** Bytes that the longest spec may have, at three for each character. */
const mostSpecBytes = 3 * limits.specLength;

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): Refusal {
  const why = cause instanceof Error ? cause.message.replace(/, \w+( '.*)?$/, '') : String(cause);
  return notSpec(`spec ${path}`, `cannot be read: ${why}`, undefined, path);
}

/** Reads one byte more than a spec may have, which shows that a file is too long. */
function readStart(path: string, limit = mostSpecBytes + 1): Buffer {
  try {
    return startOf(path, limit);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Whether a file is a checkpoint, or a folder holds one. */
export function holdsCheckpoint(path: string): boolean {
  try {
    return openCheckpoint(path).tensors.size > 0;
  } catch (cause) {
    if (cause instanceof Refusal) return false;
    throw cause;
  }
}

const folderHint = (folder: string): string =>
  existsSync(`${folder}/config.json`) || holdsCheckpoint(folder) ? asCheckpoint(folder) : nameSpec;
