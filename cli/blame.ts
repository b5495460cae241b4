/** Code of the user's own that fails while it runs: said as such, with the file and its line, and not as a fault of nanoc. */

import { basename } from 'node:path';
import type { Backend } from '../backends/backend.ts';
import { checkGraph } from '../compiler/ir_check.ts';
import type { Pass } from '../compiler/pass.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import type { Op } from '../spec/op.ts';
import { showType } from '../spec/type.ts';

/** The same pass; what it throws and what it leaves broken is refused (N512). */
export const blamedPass = (path: string, pass: Pass): Pass => ({
  ...pass,
  run: (graph, context) =>
    blaming(path, `the pass ${pass.name}`, () => {
      const next = pass.run(graph, context);
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
  needs: (...given) => blaming(path, `needs of the backend ${backend.name}`, () => backend.needs(...given)),
  passes: (...given) =>
    blaming(path, `passes of the backend ${backend.name}`, () =>
      backend.passes(...given).map((pass) => blamedPass(path, pass)),
    ),
  emit: (...given) => blaming(path, `emit of the backend ${backend.name}`, () => backend.emit(...given)),
});

type OpType = Exclude<ReturnType<Op['infer']>, string>;

const isType = (value: unknown): value is OpType =>
  typeof value === 'object' &&
  value !== null &&
  'dtype' in value &&
  'shape' in value &&
  Array.isArray(value.shape);

function blaming<T>(path: string, what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
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
