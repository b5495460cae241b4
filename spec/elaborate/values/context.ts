/** The state of one elaboration, and the sites in the text that evaluation visits with it. */

import type * as ast from '../../ast.ts';
import type { Code } from '../../codes.ts';
import { Bug, type Diagnostic, error, warning } from '../../diagnostic.ts';
import { isWithin, ownerOf } from '../../dotted_path.ts';
import { limits } from '../../limits.ts';
import type { ConfigEntry, ElaborationOptions } from '../../program.ts';
import type { Origin, ParamDecl, PortDecl, Sink } from '../../sink.ts';
import type { Located, Span } from '../../source.ts';
import type { DType, GraphDType, TensorType } from '../../type.ts';
import type { Frame, Invocation } from './frame.ts';
import type { MemberPlace } from './place.ts';
import { type Reports, reportOnce } from './reports.ts';
import { makeSizes, type Sizes } from './sizes.ts';
import {
  type BlockValue,
  type EntriesValue,
  type ExpertIndexValue,
  itemsOf,
  type Listed,
  type ParamValue,
  type Plan,
  type Poison,
  poison,
  type Scope,
  type TensorValue,
  type Value,
} from './value.ts';

export interface Context<V> extends Reports<V> {
  readonly options: ElaborationOptions;
  readonly compute: GraphDType;
  readonly sizes: Sizes;
  readonly config: ConfigEntry[];
  /** Parameters by path. */
  readonly params: Map<string, ParamDecl>;
  /** The same in the order in which they are declared. */
  readonly declared: ParamDecl[];
  readonly ports: PortDecl[];
  /** Parameters that something has used, by path. */
  used: Map<string, V>;
  /** Executions of each cache so far, by port name. */
  readonly executed: Map<string, number>;
  /** Functions, instances and blocks that are being run or made, against recursion. */
  readonly active: Set<object>;
  /** Results of scanning bodies and declarations, by node. */
  readonly plans: Map<object, Plan>;
  /** Where config entries are written. */
  readonly configSpans: Map<string, Span>;
  /** Set while the body of one expert is run for all: the innermost. */
  mixing?: Mixing<V> | undefined;
  /** The model's own `positions` input, when it declares one. */
  positions?: TensorValue<V>;
  /** Number of expressions evaluated, which is limited. */
  steps: number;
  /** The evaluator, passed this way because the modules of the language depend on each other. */
  evaluate(site: Site<V>, expr: ast.Expr): Value<V>;
  call(site: Site<V, Invocation<V>>, callee: Value<V>): Value<V>;
  instantiate(site: Site<V, Invocation<V>>, block: BlockValue<V>, place: MemberPlace): Value<V>;
}

/** A parameter, and the instance that uses it. */
type UsedParam = Pick<ParamValue, 'decl' | 'scope'>;

/** How the body of an expert reads its own weights and its index. */
export interface Mixing<V> {
  /** The mixture whose expert's body this one is within. */
  readonly outer?: Mixing<V> | undefined;
  /** How many those are. */
  readonly depth: number;
  /** The scopes that names had before the body was run. */
  readonly outside: ReadonlySet<Scope<V>>;
  /** The member that stands for all of a list; undefined when they differ. */
  anyOf(entries: EntriesValue<V>): Value<V> | undefined;
  /** The value of a parameter that each expert has; undefined for a parameter that they share. */
  own(param: UsedParam): V | undefined;
  /** The expert's place along an axis, kept with size 1. Throws `NotUniform` when the axis is not one of experts. */
  entry(asked: AskedPlace<V>): V;
  /** The same for the place of an expert around this body: `take` finds it in values from there. */
  through(asked: AskedPlace<V>, take: (x: V, axis: number) => V): V;
  /** Takes down how the body reads a member, by its path, and `from` which instance if from its own scope. Throws `NotUniform` where one that stands for all is read otherwise, too. */
  noteRead(path: string, by: ReadBy, from?: string): void;
  /** Sums over experts inside the body that are written out, and why; undefined in a rehearsal, which writes out all. */
  readonly writtenOut?: Map<Site<V, ast.Call>, string | undefined>;
}

/**
 * How a body reads a member: by the index of its expert; otherwise, as by a number; or as what was named outside of the body, or
 * is picked by the index of a mixture around it, of which everything within is that member's, too.
 */
export type ReadBy = 'own index' | 'other' | 'whole';

/** Takes down the reading of a member in every body that is being run; `depth` is that of the mixture whose index it is, if any. */
export function noteRead<V>({ mixing }: Context<V>, member: Value<V>, depth?: number): void {
  const path = pathOf(member);
  if (path === undefined) return;
  for (let at = mixing; at; at = at.outer) {
    const isInner = depth !== undefined && at.depth > depth;
    at.noteRead(path, at.depth === depth ? 'own index' : isInner ? 'whole' : 'other');
  }
}

/** The items of a list, each of which counts as read. */
export function readItems<V>(cx: Context<V>, list: Listed<V>): readonly Value<V>[] {
  const items = itemsOf(list);
  for (const item of items) noteRead(cx, item);
  return items;
}

/**
 * The same for a name: what it stood for before a body was run is the same for all its experts, and so is what an instance was
 * given from elsewhere; what lies within one expert with the instance is that expert's.
 */
export function noteName<V>({ cx, frame }: Site<V>, value: Value<V>, scope: Scope<V>): void {
  for (let at = cx.mixing; at; at = at.outer) {
    if (scope.kind === 'body' && !at.outside.has(scope)) continue;
    for (const path of pathsIn(value)) {
      const owner = ownerOf(path);
      if (scope.kind === 'body') at.noteRead(path, 'whole');
      else if (!isWithin(frame.path, owner)) at.noteRead(path, 'whole', frame.path);
    }
  }
}

const pathOf = <V>(value: Value<V>): string | undefined =>
  value.kind === 'module' ? value.path : value.kind === 'param' ? value.decl.path : undefined;

function pathsIn<V>(value: Value<V>): readonly string[] {
  if (value.kind === 'list') return value.items.flatMap(pathsIn);
  if (value.kind !== 'entries') return [pathOf(value) ?? []].flat();
  const [first] = [...value.entries.values()].flatMap(pathsIn);
  return first === undefined ? [] : [ownerOf(first)];
}

export interface AskedPlace<V> {
  readonly type: TensorType;
  /** Along which axis of the type. */
  readonly place: number;
  /** What holds the tensor, and along which of its axes the place lies. */
  readonly x: V;
  readonly axis: number;
  readonly at: Origin;
}

/** The place of the expert with this index, in a tensor of the innermost body. */
export function ownPlaceIn<V>(mixing: Mixing<V> | undefined, depth: number, asked: AskedPlace<V>): V {
  if (!mixing) throw new Bug('an index of an expert is used outside of its mixture');
  if (mixing.depth === depth) return mixing.entry(asked);
  return mixing.through(asked, (x, axis) => ownPlaceIn(mixing.outer, depth, { ...asked, x, axis }));
}

/** The mixture whose expert an index is of. */
export function mixingOf<V>({ mixing }: Context<V>, { depth }: ExpertIndexValue): Mixing<V> | undefined {
  let found = mixing;
  while (found && found.depth !== depth) found = found.outer;
  return found;
}

/** The value of a parameter that each expert of the innermost mixture has that has it at all. */
export const ownIn = <V>(mixing: Mixing<V> | undefined, param: UsedParam): V | undefined =>
  mixing && (mixing.own(param) ?? ownIn(mixing.outer, param));

type Extra = Partial<Pick<Diagnostic, 'expected' | 'found' | 'hint' | 'related'>>;

/**
 * A node of the text, or a call, with the frame that it is evaluated in. It reports errors about the node, and leads to the sites
 * of other nodes.
 */
export class Site<V, N extends Located = Located> {
  // A class, since one is made for nearly every expression, and closures would make each of them larger.
  readonly cx: Context<V>;
  readonly frame: Frame<V>;
  readonly node: N;

  constructor(cx: Context<V>, frame: Frame<V>, node: N) {
    this.cx = cx;
    this.frame = frame;
    this.node = node;
  }

  /** Another node, in the same frame. */
  at<M extends Located>(node: M): Site<V, M> {
    return new Site(this.cx, this.frame, node);
  }

  /** The same node, in another frame. */
  inFrame(frame: Frame<V>): Site<V, N> {
    return new Site(this.cx, frame, this.node);
  }

  evaluate(expr: ast.Expr): Value<V> {
    return this.cx.evaluate(this, expr);
  }

  /** Where messages show it: inside the prelude, that is the user's call into it. */
  get shownAt(): Span {
    return this.frame.userCall?.span ?? this.node.span;
  }

  get origin(): Origin {
    return { scope: this.frame.path, span: this.shownAt, via: this.frame.via };
  }

  /** Reports once for each place and code, however often a block is used; the value silences what follows. */
  fail(code: Code, message: string, extra: Extra = {}): Poison {
    reportOnce(this.cx, error(code, message, said(this, extra)), labelOf(this.frame));
    return poison;
  }

  /** The same for what is not wrong. */
  warn(code: Code, message: string, extra: Extra = {}): void {
    reportOnce(this.cx, warning(code, message, said(this, extra)), labelOf(this.frame));
  }
}

const labelOf = <V>({ userCall, label }: Frame<V>): string => (userCall ?? { label }).label;

function said<V>({ frame: { userCall }, shownAt: span }: Site<V>, extra: Extra): Extra & Located {
  if (!userCall) return { span, ...extra };
  const inside = { message: `inside \`${userCall.name}\`, of the prelude` };
  return { span, ...extra, related: [...(extra.related ?? []), inside] };
}

/** Reports an operation that needs all tokens, in a step that has one. */
export const ofOneToken = <V>(site: Site<V>, what: string): Poison =>
  site.fail('N310', `${what} inside a step of \`scan\`, which sees one token`, {
    hint: 'do it before the scan, and give it what comes of it',
  });

export const graphDtype = <V>({ compute }: Context<V>, dtype: DType): GraphDType =>
  dtype === 'float' ? compute : dtype;

/** Thrown when a program is too large to go on; the diagnostic is there already. */
export class TooLarge extends Error {}

/** Counts evaluated expressions; throws beyond the limit. */
export function step<V>(site: Site<V>, n = 1): void {
  site.cx.steps += n;
  if (site.cx.steps > limits.steps)
    tooLarge(site, 'the program is too large: unrolled, it has millions of operations');
}

/** Reports that the program is too large, and stops. */
export function tooLarge<V>(site: Site<V>, what: string): never {
  site.fail('N321', what, { hint: 'look for a range or a list that is longer than meant' });
  throw new TooLarge();
}

export function makeContext<V>(
  sink: Sink<V>,
  options: ElaborationOptions,
  meeting: Pick<Context<V>, 'evaluate' | 'call' | 'instantiate'>,
): Context<V> {
  return {
    sink,
    options,
    compute: options.compute ?? 'float32',
    sizes: makeSizes(),
    diagnostics: [],
    unreported: new Set(),
    foundIn: new Map(),
    config: [],
    params: new Map(),
    declared: [],
    ports: [],
    used: new Map(),
    executed: new Map(),
    active: new Set(),
    plans: new Map(),
    configSpans: new Map(),
    steps: 0,
    ...meeting,
  };
}
