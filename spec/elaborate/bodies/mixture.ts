/**
 * `sum([p[..., e:e+1] * f(x) for e, f in experts])`: where all experts are one program on weights of their own, its body is
 * run once and stands for all. Where that cannot be, nothing is kept of the attempt, and the terms are written out.
 */

import type * as ast from '../../ast.ts';
import { hasErrors } from '../../diagnostic.ts';
import * as dim from '../../dim.ts';
import { isWithin, ownerOf } from '../../dotted_path.ts';
import { type ExpertsSink, NotUniform, type Origin, type Sink } from '../../sink.ts';
import { isOfThisCall } from '../values/axes.ts';
import { type AskedPlace, type Context, type Mixing, noteRead, ownIn, type Site } from '../values/context.ts';
import { noValue, silentSink } from '../values/reports.ts';
import { concrete } from '../values/sizes.ts';
import { asTensor, tensorOf, usedParam } from '../values/tensors.ts';
import type { EntriesValue, ExpertIndexValue, Scope, TensorValue, Value } from '../values/value.ts';
import { bindingSite, boundIn } from './iterations.ts';

/** A mixture of experts whose terms have to be written out, which `plainly` does, is warned of (N403). */
export function sumOfTerms<V>(site: Site<V, ast.Call>, plainly: () => Value<V>): Value<V> {
  const tried = mixture(site);
  if (tried?.value) {
    for (const [inner, why] of tried.writtenOut ?? []) noteOf(inner, why);
    return tried.value;
  }
  const found = site.cx.diagnostics.length;
  const value = plainly();
  const isWrong = value.kind === 'poison' || hasErrors(site.cx.diagnostics.slice(found));
  if (tried && !isWrong) noteOf(site, tried.refused);
  return value;
}

/** Warned of at once, or, in the body of an expert around it, once that body is known to stand for all. */
function noteOf<V>(site: Site<V, ast.Call>, why: string | undefined): void {
  const { mixing } = site.cx;
  if (mixing) return void mixing.writtenOut?.set(site, why);
  const message = `the experts of this sum are computed one by one, for every token: ${why}`;
  const hint =
    'where they are one program, made alike, whose index only picks, those chosen are computed together';
  site.warn('N403', message, { hint });
}

/** The sum over the experts that are chosen, or why they are not computed together; undefined for a sum of anything else. */
function mixture<V>(site: Site<V, ast.Call>): Mixed<V> | undefined {
  const { cx, node: call } = site;
  const [argument, ...more] = call.args;
  const body = argument?.value;
  if (body?.kind !== 'Comprehension' || more.length > 0 || argument?.name || body.when) return undefined;
  if (cx.mixing && !cx.mixing.writtenOut) return undefined; // a rehearsal
  const { value: count } = orUndo(cx, () => termsIn(site.at(body)));
  if (count === undefined) return undefined;
  const found: Scouted<V> = { shares: new Set(), weights: false };
  const { value: shares, refused } = orUndo(cx, () => scout(site.at(body), count, found));
  if (found.shares.size === 0 || !found.weights) return undefined;
  if (!shares || refused !== undefined) return { refused };
  const summed = (dense: boolean): Mixed<V> => {
    const writtenOut = new Map<Site<V, ast.Call>, string | undefined>();
    return {
      ...orUndo(cx, () => total(site, body, { count, shares: shares[0], dense, writtenOut })),
      writtenOut,
    };
  };
  const sparse = summed(false);
  return sparse.value ? sparse : summed(true);
}

interface Mixed<V> extends Attempt<Value<V>> {
  readonly writtenOut?: ReadonlyMap<Site<V, ast.Call>, string | undefined>;
}

/** How many terms a comprehension over numbers or members has; undefined where there are no two. */
function termsIn<V>(site: Site<V, ast.Comprehension>): number | undefined {
  const { over } = site.node;
  const value = site.evaluate(over);
  const count =
    value.kind === 'list' ? value.items.length : value.kind === 'entries' ? value.entries.size : 0;
  return count > 1 ? count : undefined;
}

/** Throws `NotUniform` where a comprehension does not walk all experts, by their index or as members made alike. */
function needExperts<V>(value: Value<V>): void {
  const counted =
    value.kind === 'list'
      ? value.items.every((item, i) => item.kind === 'number' && item.value === i)
      : value.kind === 'entries' && [...value.entries.keys()].every((key, i) => key === i);
  if (!counted) throw new NotUniform('they are not numbered 0, 1, 2 and so on');
  if (value.kind === 'entries' && !value.alike) throw new NotUniform('they are not made alike');
}

/** The result of the body for the expert that stands for all. */
function termOf<V>(
  site: Site<V, ast.Comprehension>,
  mixing: Mixing<V>,
  sink: Sink<V>,
): TensorValue<V> | undefined {
  const { cx, node: body } = site;
  const over = site.evaluate(body.over);
  const inner = bindingSite(site, body.binder);
  if (!inner) return undefined;
  cx.mixing = mixing;
  cx.sink = sink;
  const index: ExpertIndexValue = { kind: 'expert_index', depth: mixing.depth, plus: 0 };
  const member = over.kind === 'entries' ? mixing.anyOf(over) : index;
  if (!member) return undefined;
  noteRead(cx, member, mixing.depth);
  for (const [name, value] of boundIn(body.binder, { key: 0, value: member }))
    inner.frame.scope.names.set(name, value === member ? member : index);
  return asTensor(cx, inner.evaluate(body.body));
}

/** What the rehearsal of a body finds. */
interface Scouted<V> {
  /** Tensors [B, T, n] of which it reads its own place. */
  readonly shares: Set<V>;
  /** Whether it has weights of its own. */
  weights: boolean;
}

/** The one tensor [B, T, count] in which the body reads its own entry. */
function scout<V>(site: Site<V, ast.Comprehension>, count: number, found: Scouted<V>): readonly [V] {
  const { cx, node: body } = site;
  let wrongAxis = false;
  const mixing: Mixing<V> = {
    ...within(rehearsed(cx.mixing)),
    outside: scopesFrom(site.frame.scope),
    anyOf({ entries }) {
      found.weights = true;
      return [...entries.values()][0];
    },
    own: () => undefined,
    entry({ type, place, x }) {
      const perToken = isOfThisCall(type.shape);
      wrongAxis ||= dim.constant(concrete(cx.sizes, type.shape[place]!)) !== count;
      if (perToken && place === 2 && type.shape.length === 3) found.shares.add(x);
      found.weights ||= !perToken;
      return noValue<V>();
    },
    through: noValue<V>,
    noteRead: readsOf(),
  };
  const used = cx.used;
  cx.used = new Map();
  try {
    const term = termOf(site, mixing, rehearsalSink<V>());
    needExperts(site.evaluate(body.over));
    if (wrongAxis) throw new NotUniform(otherAxis);
    if (!term || !isOfThisCall(term.type.shape)) throw new NotUniform('a term has no tokens');
    const [shares, ...others] = [...found.shares];
    if (found.shares.size === 0 || others.length > 0)
      throw new NotUniform('a term reads its share of several tensors');
    return [shares as V];
  } finally {
    cx.used = used;
  }
}

/** The mixtures around one that is rehearsed: nothing is recorded in their bodies. */
const rehearsed = <V>(mixing: Mixing<V> | undefined): Mixing<V> | undefined =>
  mixing && {
    ...within(rehearsed(mixing.outer)),
    outside: mixing.outside,
    anyOf: (entries) => mixing.anyOf(entries),
    own: () => undefined,
    entry: noValue<V>,
    through: noValue<V>,
    noteRead: (path, by, from) => mixing.noteRead(path, by, from),
  };

const within = <V>(outer: Mixing<V> | undefined): Pick<Mixing<V>, 'outer' | 'depth'> => ({
  outer,
  depth: outer ? outer.depth + 1 : 0,
});

function scopesFrom<V>(scope: Scope<V>): ReadonlySet<Scope<V>> {
  const found = new Set<Scope<V>>();
  for (let at: Scope<V> | undefined = scope; at; at = at.parent) found.add(at);
  return found;
}

const otherAxis = 'a term reads its own place along an axis of another size';

/** A sink that records nothing, and refuses what no expert may do. */
function rehearsalSink<V>(): Sink<V> {
  const keepsNothing = silentSink<V>();
  const refuse = (why: string) => (): never => {
    throw new NotUniform(why);
  };
  const refuseRotation = refuse('an expert computes rotary tables');
  return {
    ...keepsNothing,
    op: (name, inputs, attrs, at) =>
      name === 'rotary_table' ? refuseRotation() : keepsNothing.op(name, inputs, attrs, at),
    cache: refuse('an expert keeps a cache'),
    delay: refuse('an expert looks back at earlier tokens'),
    scan: refuse('an expert goes from token to token'),
  };
}

function checkAxis<V>(cx: Context<V>, { type, place }: AskedPlace<V>, count: number): void {
  if (dim.constant(concrete(cx.sizes, type.shape[place]!)) !== count) throw new NotUniform(otherAxis);
}

/** The paths of all experts' members, by the path of the member that stands for them. */
type Members = Map<string, readonly string[]>;

const membersOf =
  <V>(count: number, members: Members) =>
  (found: EntriesValue<V>): Value<V> | undefined => {
    needExperts(found);
    const all = [...found.entries.values()];
    const paths = all.flatMap((m) => (m.kind === 'module' ? m.path : m.kind === 'param' ? m.decl.path : []));
    const [first] = paths;
    if (first === undefined || paths.length !== count)
      throw new NotUniform('they are not as many as its terms');
    members.set(first, paths);
    return all[0];
  };

/**
 * Where all experts have what lies at a path within the members that stand for them; undefined where it lies in none. Of members
 * within each other, as in `f.inner[e]` of `e, f in groups`, each has its place, the innermost replaced first.
 */
function pathsOfAll(members: Members, path: string): readonly string[] | undefined {
  const around = [...members.keys()].filter((m) => isWithin(path, m));
  if (around.length === 0) return undefined;
  const innermostFirst = around.sort((a, b) => b.length - a.length);
  return members
    .get(innermostFirst[0]!)!
    .map((_, e) => innermostFirst.reduce((at, m) => `${members.get(m)![e]}${at.slice(m.length)}`, path));
}

/** Members that stand for all are known by their paths, so that none of them may be read for itself, too. */
function readsOf(): Mixing<unknown>['noteRead'] {
  const [own, other, whole] = [new Set<string>(), new Set<string>(), new Map<string, Set<string>>()];
  const isMixed = (member: string): boolean =>
    other.has(member) ||
    [...whole].some(
      ([path, from]) =>
        isWithin(path, member) &&
        (path === member || [...from].some((instance) => !isWithin(instance, member))),
    );
  return (path, by, from = '') => {
    if (by === 'whole') whole.set(path, (whole.get(path) ?? new Set()).add(from));
    else (by === 'other' ? other : own).add(path);
    const mixed = [...own].find(isMixed);
    if (mixed !== undefined)
      throw new NotUniform(`\`${mixed}\` is read by the index of the sum and otherwise, too`);
  };
}

interface Asked<V> {
  readonly count: number;
  readonly shares: V;
  readonly dense: boolean;
  readonly writtenOut: Map<Site<V, ast.Call>, string | undefined>;
}

function total<V>(site: Site<V, ast.Call>, body: ast.Comprehension, asked: Asked<V>): Value<V> | undefined {
  const { cx, frame } = site;
  const { sink: outside, mixing: outer } = cx;
  const members: Members = new Map();
  const place = (at: Origin): Origin =>
    [...members.keys()].some((m) => isWithin(at.scope, m)) ? { ...at, scope: frame.path } : at;
  const experts = outside.experts({ ...asked, place });
  const own: Mixing<V>['own'] = ({ decl, scope }): V | undefined => {
    const paths = pathsOfAll(members, decl.path);
    const all = paths?.map((path) => paramOf(cx, { outside, outer }, path));
    return all && experts.own(all, place({ scope, span: decl.span, via: [] }));
  };
  const mixing: Mixing<V> = {
    ...within(outer),
    outside: scopesFrom(frame.scope),
    writtenOut: asked.writtenOut,
    anyOf: membersOf(asked.count, members),
    own,
    entry(asking) {
      checkAxis(cx, asking, asked.count);
      return experts.entry(asking.x, asking.axis, asking.at);
    },
    through: ({ x, axis, at }, take) => experts.through(x, axis, take, at),
    noteRead: readsOf(),
  };
  const term = termOf(site.at(body), mixing, sinkOf(outside, experts));
  const v = term && experts.total(term.v, site.origin);
  return term && v !== undefined ? tensorOf(term.type, v) : undefined;
}

interface Outside<V> {
  readonly outside: Sink<V>;
  readonly outer: Mixing<V> | undefined;
}

/** A parameter of the model, used from outside the body. */
function paramOf<V>(cx: Context<V>, { outside, outer }: Outside<V>, path: string): V {
  const decl = cx.params.get(path);
  if (!decl) throw new NotUniform(`\`${path}\` is no parameter`);
  const scope = ownerOf(path);
  return ownIn(outer, { decl, scope }) ?? usedParam(cx, outside, decl, scope);
}

const sinkOf = <V>(outside: Sink<V>, { op, param, ambient, experts }: ExpertsSink<V>): Sink<V> => ({
  ...outside,
  ...{ op, param, ambient, experts },
});

/** The result of an attempt, or why it is given up. */
interface Attempt<R> {
  readonly value?: R | undefined;
  readonly refused?: string | undefined;
}

/** Runs a function, and undoes its effects when it returns nothing or reports anything. */
function orUndo<V, R>(cx: Context<V>, run: () => R | undefined): Attempt<R> {
  const before = { sink: cx.sink, mixing: cx.mixing, found: cx.diagnostics.length, ports: cx.ports.length };
  const [executed, active, plans] = [new Map(cx.executed), new Set(cx.active), cx.plans.size];
  let [value, why]: [R | undefined, string | undefined] = [undefined, undefined];
  try {
    value = run();
  } catch (cause) {
    if (!(cause instanceof NotUniform)) throw cause;
    why = cause.message;
  } finally {
    cx.mixing = before.mixing;
    cx.sink = before.sink;
  }
  const reported = cx.diagnostics.splice(before.found);
  if (value !== undefined && reported.length === 0) return { value };
  for (const diagnostic of reported) cx.foundIn.delete(diagnostic);
  cx.ports.length = before.ports;
  for (const node of [...cx.plans.keys()].slice(plans)) cx.plans.delete(node); // what is wrong in them is told again
  cx.executed.clear();
  for (const [name, times] of executed) cx.executed.set(name, times);
  cx.active.clear();
  for (const key of active) cx.active.add(key);
  return { refused: reported[0]?.message ?? why ?? 'a term does not vanish with its share' };
}
