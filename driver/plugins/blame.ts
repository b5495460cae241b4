/** Attributes errors in a user's own code to that code, with its file and line, instead of reporting a fault of nanoc. */

import { basename } from 'node:path';
import { artifactFault, described, filesFault, isObject } from '../../backends/artifact_fault.ts';
import type { ArtifactFile, Backend } from '../../backends/backend.ts';
import type { Layout } from '../../backends/layout/layout.ts';
import type { FileKind } from '../../backends/opened_model.ts';
import { checkGraph } from '../../compiler/check/ir_check.ts';
import type { Pass } from '../../compiler/passes/pass.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { limits } from '../../spec/limits.ts';
import type { Op } from '../../spec/op.ts';
import { NotUniform } from '../../spec/sink.ts';
import { showType } from '../../spec/type.ts';
import { pluginSeconds, pluginWatch } from './plugin_watch.ts';

/** Wraps a pass so that what it throws, and an invalid graph that it returns, is refused (N512). */
export const blamedPass = (path: string, pass: Pass): Pass => ({
  ...pass,
  run: (graph, context) =>
    blaming(path, `the pass ${pass.name}`, () => {
      const next = pass.run(graph, context);
      if (!isGraph(next)) throw new TypeError(`it gives ${described(next)}, not a graph`);
      checkGraph(next);
      return next;
    }),
});

export const blamedOp = (path: string, op: Op): Op => ({
  ...op,
  infer: (types, attrs) =>
    blaming(path, `infer of the op ${op.name}`, () => {
      const result: unknown = op.infer(types, attrs);
      if (typeof result === 'string' || isType(result)) return result;
      throw new TypeError('it must give a type { dtype, shape }, or text that says why there is none');
    }),
  decompose: (emit, inputs, attrs) =>
    blaming(path, `decompose of the op ${op.name}`, () => {
      const result = op.decompose(emit, inputs, attrs);
      if (result === undefined) throw new TypeError('it gives nothing');
      const promised = op.infer(
        inputs.map((x) => emit.typeOf(x)),
        attrs,
      );
      const [wanted, found] = [promised, emit.typeOf(result)].map((t) =>
        typeof t === 'string' ? t : showType(t),
      );
      if (wanted !== found) throw new TypeError(`it gives ${found} where infer says ${wanted}`);
      return result;
    }),
});

export const blamedBackend = (path: string, backend: Backend): Backend => ({
  ...backend,
  ...(backend.file ? { file: blamedFileKind(path, backend.name, backend.file) } : {}),
  needs: (...given) =>
    blaming(path, `needs of the backend ${backend.name}`, () => {
      const needs: unknown = backend.needs(...given);
      if (typeof needs !== 'string') throw new TypeError(`it gives ${described(needs)}, not text`);
      return needs;
    }),
  passes: (...given) =>
    blaming(path, `passes of the backend ${backend.name}`, () =>
      passesOf(backend.passes(...given)).map((pass) => blamedPass(path, pass)),
    ),
  emit: (...given) =>
    blaming(path, `emit of the backend ${backend.name}`, () => {
      const artifact = backend.emit(...given);
      const fault = artifactFault(artifact);
      if (fault) throw new TypeError(fault);
      return {
        ...artifact,
        files: artifact.files.map((file) => blamedFile(path, `the backend ${backend.name}`, file)),
      };
    }),
});

export const blamedLayout = (path: string, layout: Layout): Layout => ({
  ...layout,
  around: (input) =>
    blaming(path, `around of the layout ${layout.name}`, () => {
      const files: unknown = layout.around(input);
      if (!Array.isArray(files)) throw new TypeError(`it gives ${described(files)}, not a list of files`);
      const fault = filesFault(files);
      if (fault) throw new TypeError(fault);
      const seen: readonly ArtifactFile[] = files;
      return seen.map((file) => blamedFile(path, `the layout ${layout.name}`, file));
    }),
});

const blamedFileKind = (path: string, name: string, kind: FileKind): FileKind => ({
  ...kind,
  ...(kind.recognises
    ? {
        recognises: (file: string) =>
          blaming(path, `recognises of the backend ${name}`, () => kind.recognises!(file)),
      }
    : {}),
  read: (...given) =>
    blaming(path, `read of the backend ${name}`, () => {
      const model = kind.read(...given);
      if (!has(model, { tensors: 'function', open: 'function' }) || !isObject(model.manifest))
        throw new TypeError(`it gives ${described(model)}, not { manifest, emit, tensors, open }`);
      return model;
    }),
});

function passesOf(given: unknown): readonly Pass[] {
  if (!Array.isArray(given) || !given.every(isPass))
    throw new TypeError(`it gives ${described(given)}, not a list of passes`);
  return given;
}

/** Wraps a file too, because its chunks are made while they are written, long after `emit` has returned. */
const blamedFile = (path: string, maker: string, file: ArtifactFile): ArtifactFile => ({
  ...file,
  *chunks() {
    const what = `the file ${file.name} of ${maker}`;
    const chunks = blaming(path, what, () => file.chunks()[Symbol.iterator]());
    let written = 0;
    for (;;) {
      const { done, value } = blaming(path, what, () => chunks.next());
      if (!done && !(value instanceof Uint8Array))
        wrongFile(path, what, `a chunk is ${described(value)}, not bytes`);
      written += done ? 0 : value.length;
      if (written > file.size || (done && written < file.size))
        wrongFile(
          path,
          what,
          `${done ? written : `${written} or more`} bytes, where its size says ${file.size}`,
        );
      if (done) return;
      yield value;
    }
  },
});

function wrongFile(file: string, what: string, found: string): never {
  throw new Refusal([error('N512', `${what} failed`, { file, found })]);
}

type Shape = Readonly<Record<string, 'string' | 'function' | 'boolean' | 'object'>>;

export const has = (value: unknown, shape: Shape): boolean =>
  isObject(value) && Object.entries(shape).every(([key, type]) => typeof value[key] === type);

export const isPass = (value: unknown): value is Pass =>
  has(value, { name: 'string', doc: 'string', keepsScopes: 'boolean', run: 'function' });

const isGraph = (value: unknown): boolean =>
  isObject(value) &&
  ['nodes', 'inputs', 'outputs', 'origins', 'ports'].every((key) => Array.isArray(value[key])) &&
  value['caches'] instanceof Map;

type OpType = Exclude<ReturnType<Op['infer']>, string>;

const isType = (value: unknown): value is OpType =>
  isObject(value) && 'dtype' in value && Array.isArray(value['shape']);

/** A pass of a plugin may use its ops, and its call is timed as one. */
let isTimed = false;

/** Tells the supervising process about a call, so that it can end one that never returns. */
function inTime<T>(plugin: string, run: () => T): T {
  if (isTimed) return run();
  isTimed = true;
  pluginWatch().running(plugin, pluginSeconds(limits.pluginCall));
  try {
    return run();
  } finally {
    isTimed = false;
    pluginWatch().finished();
  }
}

export function blaming<T>(path: string, what: string, run: () => T): T {
  try {
    return inTime(path, run);
  } catch (cause) {
    // What builds the steps of an op may not take one, which is no fault of the op.
    if (cause instanceof Refusal || cause instanceof NotUniform) throw cause;
    throw new Refusal([error('N512', `${what} failed`, { file: path, found: reasonOf(path, cause) })]);
  }
}

/** `TypeError: e.nope is not a function, at my_op.mjs:8:14`. */
function reasonOf(path: string, cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const name = basename(path);
  const places = (cause.stack ?? '')
    .split('\n')
    .map((line) => /([^/\\]+?)(?:\?[^:]*)?(:\d+:\d+)\)?$/.exec(line));
  const at = places.find((place) => place?.[1] === name)?.[2];
  const first = `${cause.name}: ${cause.message.split('\n')[0]}`;
  return at ? `${first}, at ${name}${at}` : first;
}
