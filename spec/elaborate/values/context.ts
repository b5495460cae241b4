/** The state of one elaboration: the sink, what is known about sizes, and the diagnostics. */

import type * as ast from '../../ast.ts';
import type { Code } from '../../codes.ts';
import { type Diagnostic, error, firstFew, warning } from '../../diagnostic.ts';
import { limits } from '../../limits.ts';
import type { ConfigEntry, ElaborationOptions } from '../../program.ts';
import { nullSink, type Origin, type ParamDecl, type PortDecl, type Sink } from '../../sink.ts';
import type { Span } from '../../source.ts';
import type { DType, GraphDType } from '../../type.ts';
import type { MemberPlace } from './place.ts';
import { makeSizes, type Sizes } from './sizes.ts';
import type { Plan, Scope } from './value.ts';
import {
  type BlockValue,
  type EntriesValue,
  type ParamValue,
  poison,
  type TensorValue,
  type Value,
} from './value.ts';

export interface Context<V> {
  /** After the first error it is a sink that records nothing, since a wrong program has no graph. */
  sink: Sink<V>;
  readonly options: ElaborationOptions;
  readonly compute: GraphDType;
  readonly sizes: Sizes;
  readonly diagnostics: Diagnostic[];
  /** Places and codes of errors beyond those that are reported. */
  readonly unreported: Set<string>;
  /** Block instances that each diagnostic was found in, as messages say them. */
  readonly places: Map<Diagnostic, Set<string>>;
  readonly config: ConfigEntry[];
  /** Parameters by path. */
  readonly params: Map<string, ParamDecl>;
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
  readonly entries: Map<string, Span>;
  /** Set while the body of one expert is run for all. */
  mixing?: Mixing<V>;
  /** The model's own `positions` input, when it declares one. */
  positions?: TensorValue<V>;
  /** Number of expressions evaluated, which is limited. */
  steps: number;
  /** The evaluator, passed this way because the modules of the language depend on each other. */
  evaluate(frame: Frame<V>, expr: ast.Expr): Value<V>;
  call(frame: Frame<V>, callee: Value<V>, call: Invocation<V>): Value<V>;
  instantiate(frame: Frame<V>, block: BlockValue<V>, place: MemberPlace, call: Invocation<V>): Value<V>;
}

/** How the body of an expert reads its own weights and its index. */
export interface Mixing<V> {
  /** The member that stands for all of a list; undefined when they differ. */
  anyOf(entries: EntriesValue<V>): Value<V> | undefined;
  /** The value of a parameter that each expert has; undefined for a parameter that they share. */
  own(param: ParamValue): V | undefined;
  /** The expert's place along an axis, kept with size 1. Throws `NotUniform` when the axis is not one of experts. */
  entry(x: TensorValue<V>, axis: number, at: Origin): V;
}

/** Where evaluation stands. */
export interface Frame<V> {
  readonly scope: Scope<V>;
  /** Path of the block instance, and how messages say it. */
  readonly path: string;
  readonly label: string;
  /** Functions expanded on the way here. */
  readonly via: readonly string[];
  /** The user's own code that called into the prelude; errors are shown there. */
  readonly site?: Span;
  /** The user's instance that the site stands in, and what was called there. */
  readonly siteLabel?: string;
  /** The member of the user's file whose forward this is. */
  readonly member?: Span;
  readonly siteName?: string;
  /** Calls within calls, for recursion. */
  readonly depth: number;
  /** Inside `bias=` and `visible=`, where pairs of tokens exist. */
  readonly pairs?: boolean;
  /** Inside a step of `scan`, where there is one token. */
  readonly stepping?: boolean;
}

export interface GivenArgument<V> {
  readonly name?: ast.Word;
  readonly value: Value<V>;
  readonly span: Span;
  /** A plain name, which names a port. */
  readonly said?: string;
}

export interface Invocation<V> {
  readonly span: Span;
  readonly args: readonly GivenArgument<V>[];
  /** What was called, as the text has it. */
  readonly name: string;
}

type Extra = Partial<Pick<Diagnostic, 'expected' | 'found' | 'hint' | 'related'>>;

/** Reports once for each place and code, however often a block is used; the value silences what follows. */
export function fail<V>(
  cx: Context<V>,
  frame: Frame<V>,
  at: { readonly span: Span },
  code: Code,
  message: string,
  extra: Extra = {},
): { readonly kind: 'poison' } {
  const { span, label, known } = placeOf(cx, frame, at, code);
  if (known) cx.places.get(known)?.add(label);
  else if (cx.diagnostics.length >= limits.diagnostics)
    cx.unreported.add(`${code} ${span.source.name}:${span.start}`);
  else report(cx, error(code, message, { span, ...within(frame, extra) }), label);
  return poison;
}

/** The same for what is not wrong. */
export function warn<V>(
  cx: Context<V>,
  frame: Frame<V>,
  at: { readonly span: Span },
  code: Code,
  message: string,
  extra: Extra = {},
): void {
  const { span, label, known } = placeOf(cx, frame, at, code);
  if (known) cx.places.get(known)?.add(label);
  else report(cx, warning(code, message, { span, ...within(frame, extra) }), label);
}

/** Where something is said, and whether it has been. */
function placeOf<V>(cx: Context<V>, frame: Frame<V>, at: { readonly span: Span }, code: Code) {
  const span = frame.site ?? at.span;
  const label = frame.site ? (frame.siteLabel ?? '') : frame.label;
  const known = cx.diagnostics.find(
    (d) => d.code === code && d.span?.start === span.start && d.span.source === span.source,
  );
  return { span, label, known };
}

/** Reports an operation that needs all tokens, in a step that has one. */
export const ofOneToken = <V>(cx: Context<V>, frame: Frame<V>, at: { readonly span: Span }, what: string) =>
  fail(cx, frame, at, 'N310', `${what} inside a step of \`scan\`, which sees one token`, {
    hint: 'do it before the scan, and give it what comes of it',
  });

const within = <V>({ siteName }: Frame<V>, extra: Extra): Extra =>
  siteName === undefined
    ? extra
    : {
        ...extra,
        related: [...(extra.related ?? []), { message: `inside \`${siteName}\`, of the prelude` }],
      };

/** Where errors are shown after a call into the prelude, or out of it. */
export const sited = <V>(
  caller: Frame<V>,
  by: Invocation<V>,
  inPrelude: boolean,
): Pick<Frame<V>, 'site' | 'siteLabel' | 'siteName'> =>
  inPrelude
    ? {
        site: caller.site ?? by.span,
        siteLabel: caller.site ? (caller.siteLabel ?? '') : caller.label,
        siteName: caller.siteName ?? by.name,
      }
    : {};

/** Reports a diagnostic without a frame, about a config value or a file. */
export function report<V>(cx: Context<V>, diagnostic: Diagnostic, label = ''): void {
  cx.diagnostics.push(diagnostic);
  cx.places.set(diagnostic, new Set([label]));
  if (diagnostic.severity === 'error') cx.sink = silentSink();
}

/** Stands for graph values after an error, which nothing reads. */
export const noValue = <V>(): V => undefined as V;

/** A sink that keeps nothing, for any type of value: after an error, and in a rehearsal, nothing reads the values. */
export const silentSink = <V>(): Sink<V> => nullSink as unknown as Sink<V>;

/** The diagnostics in the order of the text, each with the instances that it was found in. */
export function collected<V>({ diagnostics, places, unreported: unsaid }: Context<V>): readonly Diagnostic[] {
  const sources = [...new Set(diagnostics.map((d) => d.span?.source))];
  const rank = (d: Diagnostic): number => sources.indexOf(d.span?.source);
  const start = (d: Diagnostic): number => d.span?.start ?? 0;
  const sorted = [...diagnostics].sort((a, b) => rank(a) - rank(b) || start(a) - start(b));
  return firstFew(sorted, unsaid.size).map((d) => {
    const [first, ...more] = places.get(d) ?? [];
    if (!first) return d;
    const message = more.length > 0 ? `in ${first} and ${more.length} more` : `in ${first}`;
    return { ...d, related: [...(d.related ?? []), { message }] };
  });
}

export const originOf = <V>(frame: Frame<V>, { span }: { readonly span: Span }): Origin => ({
  scope: frame.path,
  span: frame.site ?? span,
  via: frame.via,
});

export const graphDtype = <V>({ compute }: Context<V>, dtype: DType): GraphDType =>
  dtype === 'float' ? compute : dtype;

/** Thrown when a program is too large to go on; the diagnostic is there already. */
export class TooLarge extends Error {}

/** Counts evaluated expressions; throws beyond the limit. */
export function step<V>(cx: Context<V>, frame: Frame<V>, at: { readonly span: Span }, n = 1): void {
  cx.steps += n;
  if (cx.steps > limits.steps)
    tooLarge(cx, frame, at, 'the program is too large: unrolled, it has millions of operations');
}

/** Reports that the program is too large, and stops. */
export function tooLarge<V>(
  cx: Context<V>,
  frame: Frame<V>,
  at: { readonly span: Span },
  what: string,
): never {
  fail(cx, frame, at, 'N321', what, { hint: 'look for a range or a list that is longer than meant' });
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
    places: new Map(),
    config: [],
    params: new Map(),
    ports: [],
    used: new Map(),
    executed: new Map(),
    active: new Set(),
    plans: new Map(),
    entries: new Map(),
    steps: 0,
    ...meeting,
  };
}
