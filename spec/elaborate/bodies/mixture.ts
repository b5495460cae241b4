/**
 * `sum([p[..., e:e+1] * f(x) for e, f in experts])`: where all experts are one program on weights of their own, its body is
 * run once and stands for all. Where that cannot be, nothing is kept of the attempt, and the terms are written out.
 */

import type * as ast from '../../ast.ts';
import * as dim from '../../dim.ts';
import { type ExpertsSink, NotUniform, nullSink, type Origin, type Sink } from '../../sink.ts';
import { isOfThisCall } from '../values/axes.ts';
import { type Context, type Frame, type Mixing, noValue, originOf } from '../values/context.ts';
import { concrete } from '../values/sizes.ts';
import { asTensor, tensorOf, usedParam } from '../values/tensors.ts';
import type { EntriesValue, ParamValue, TensorValue, TurnValue, Value } from '../values/value.ts';
import { bindingFrame, boundIn } from './turns.ts';

const turn: TurnValue = { kind: 'turn', plus: 0 };

/** Undefined when the terms have to be written out. */
export function mixture<V>(cx: Context<V>, frame: Frame<V>, call: ast.Call): Value<V> | undefined {
  const [argument, ...more] = call.args;
  const body = argument?.value;
  if (body?.kind !== 'Comprehension' || more.length > 0 || argument?.name || body.when || cx.mixing)
    return undefined;
  const count = attempt(cx, () => expertsIn(cx, frame, body));
  if (count === undefined) return undefined;
  const shares = attempt(cx, () => sharesOf(cx, frame, body, count));
  if (!shares) return undefined;
  const summed = (dense: boolean) =>
    attempt(cx, () => total(cx, frame, call, body, { count, shares: shares.v, dense }));
  return summed(false) ?? summed(true);
}

/** How many experts a comprehension walks, by their index or as members; undefined for anything else. */
function expertsIn<V>(cx: Context<V>, frame: Frame<V>, { over }: ast.Comprehension): number | undefined {
  const value = cx.evaluate(frame, over);
  const { kind } = value;
  const count = kind === 'list' ? value.items.length : kind === 'entries' ? value.entries.size : 0;
  const counted =
    kind === 'list'
      ? value.items.every((item, i) => item.kind === 'number' && item.value === i)
      : kind === 'entries' && value.alike && [...value.entries.keys()].every((key, i) => key === i);
  return counted && count > 1 ? count : undefined;
}

/** What the body gives for the expert that stands for all. */
function termOf<V>(
  cx: Context<V>,
  frame: Frame<V>,
  body: ast.Comprehension,
  mixing: Mixing<V>,
  sink: Sink<V>,
): TensorValue<V> | undefined {
  const over = cx.evaluate(frame, body.over);
  const inner = bindingFrame(cx, frame, body.binder);
  if (!inner) return undefined;
  cx.mixing = mixing;
  cx.sink = sink;
  const member = over.kind === 'entries' ? mixing.anyOf(over) : turn;
  if (!member) return undefined;
  for (const [name, value] of boundIn(body.binder, { key: 0, value: member }))
    inner.scope.names.set(name, value === member ? member : turn);
  return asTensor(cx, cx.evaluate(inner, body.body));
}

/** The one tensor [B, T, count] of which the body reads its own place. */
function sharesOf<V>(
  cx: Context<V>,
  frame: Frame<V>,
  body: ast.Comprehension,
  count: number,
): TensorValue<V> | undefined {
  const found = new Map<V, TensorValue<V>>();
  const scout: Mixing<V> = {
    anyOf: membersOf(count, new Map()),
    own: () => undefined,
    entry(x, axis) {
      checkAxis(cx, x, axis, count);
      if (isOfThisCall(x.type.shape) && axis === 2 && x.type.shape.length === 3) found.set(x.v, x);
      return noValue<V>();
    },
  };
  const used = cx.used;
  cx.used = new Map();
  try {
    const term = termOf(cx, frame, body, scout, scouting<V>());
    return term && isOfThisCall(term.type.shape) && found.size === 1 ? [...found.values()][0] : undefined;
  } finally {
    cx.used = used;
  }
}

/** Keeps nothing, and knows what no expert may do. */
function scouting<V>(): Sink<V> {
  const keepsNothing = nullSink as unknown as Sink<V>; // nothing looks at what it gives
  const refuse = (): never => {
    throw new NotUniform();
  };
  return {
    ...keepsNothing,
    op: (name, inputs, attrs, at) =>
      name === 'rotary_table' ? refuse() : keepsNothing.op(name, inputs, attrs, at),
    cache: refuse,
    delay: refuse,
    experts: refuse,
    scan: refuse,
  };
}

function checkAxis<V>(cx: Context<V>, { type }: TensorValue<V>, axis: number, count: number): void {
  if (dim.constant(concrete(cx.sizes, type.shape[axis]!)) !== count) throw new NotUniform();
}

/** By the path of the member that stands for all, the paths of all. */
type Members = Map<string, readonly string[]>;

const membersOf =
  <V>(count: number, members: Members) =>
  ({ alike, entries }: EntriesValue<V>): Value<V> | undefined => {
    const all = [...entries.values()];
    if (!alike || all.length !== count || [...entries.keys()].some((key, i) => key !== i)) return undefined;
    const paths = all.flatMap((m) => (m.kind === 'module' ? m.path : m.kind === 'param' ? m.decl.path : []));
    const [first] = paths;
    if (first === undefined || paths.length !== count) return undefined;
    members.set(first, paths);
    return all[0];
  };

function total<V>(
  cx: Context<V>,
  frame: Frame<V>,
  call: ast.Call,
  body: ast.Comprehension,
  asked: { readonly count: number; readonly shares: V; readonly dense: boolean },
): Value<V> | undefined {
  const outside = cx.sink;
  const members: Members = new Map();
  const place = (at: Origin): Origin =>
    [...members.keys()].some((m) => at.scope === m || at.scope.startsWith(`${m}.`))
      ? { ...at, scope: frame.path }
      : at;
  const experts = outside.experts({ ...asked, place });
  const own = ({ decl, scope }: ParamValue): V | undefined => {
    const first = [...members.keys()].find((m) => decl.path === m || decl.path.startsWith(`${m}.`));
    if (first === undefined) return undefined;
    const rest = decl.path.slice(first.length);
    const all = members.get(first)!.map((path) => paramOf(cx, outside, `${path}${rest}`));
    return experts.own(all, place({ scope, span: decl.span, via: [] }));
  };
  const mixing: Mixing<V> = {
    anyOf: membersOf(asked.count, members),
    own,
    entry(x, axis, at) {
      checkAxis(cx, x, axis, asked.count);
      return experts.entry(x.v, axis, at);
    },
  };
  const term = termOf(cx, frame, body, mixing, within(outside, experts));
  const v = term && experts.total(term.v, originOf(frame, call));
  return term && v !== undefined ? tensorOf(term.type, v) : undefined;
}

/** A parameter of the model, used from outside the body. */
function paramOf<V>(cx: Context<V>, sink: Sink<V>, path: string): V {
  const decl = cx.params.get(path);
  if (!decl) throw new NotUniform();
  return usedParam(cx, sink, decl, path.slice(0, Math.max(0, path.lastIndexOf('.'))));
}

const within = <V>(outside: Sink<V>, { op, param, ambient }: ExpertsSink<V>): Sink<V> => ({
  ...outside,
  op,
  param,
  ambient,
});

/** Runs, and takes everything back when it gives nothing or reports anything. */
function attempt<V, R>(cx: Context<V>, run: () => R | undefined): R | undefined {
  const before = { sink: cx.sink, found: cx.diagnostics.length, ports: cx.ports.length };
  const [executed, active] = [new Map(cx.executed), new Set(cx.active)];
  let result: R | undefined;
  try {
    result = run();
  } catch (cause) {
    if (!(cause instanceof NotUniform)) throw cause;
  } finally {
    delete cx.mixing;
    cx.sink = before.sink;
  }
  if (result !== undefined && cx.diagnostics.length === before.found) return result;
  for (const diagnostic of cx.diagnostics.splice(before.found)) cx.places.delete(diagnostic);
  cx.ports.length = before.ports;
  cx.executed.clear();
  for (const [name, times] of executed) cx.executed.set(name, times);
  cx.active.clear();
  for (const key of active) cx.active.add(key);
  return undefined;
}
