/** Frames, of which each call and each instance has one, and what a call is given. */

import type * as ast from '../../ast.ts';
import type { Span } from '../../source.ts';
import type { Scope, Value } from './value.ts';

/** The call or instance that evaluation is in. */
export interface Frame<V> {
  readonly scope: Scope<V>;
  /** Path of the block instance, and how messages say it. */
  readonly path: string;
  readonly label: string;
  /** Functions expanded on the way here. */
  readonly via: readonly string[];
  /** Set in the prelude: the user's own call into it, where errors are shown. */
  readonly userCall?: UserCall;
  /** The member of the user's file whose forward this is. */
  readonly member?: Span;
  /** Calls within calls, for recursion. */
  readonly depth: number;
  /** Inside `bias=` and `visible=`, where pairs of tokens exist. */
  readonly pairs?: boolean;
  /** Inside a step of `scan`, where there is one token. */
  readonly stepping?: boolean;
}

/** A call of the user's own code into the prelude. */
export interface UserCall {
  readonly span: Span;
  /** The instance that the call stands in, as messages say it. */
  readonly label: string;
  /** What was called, as the text has it. */
  readonly name: string;
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

/** The frame of a file or a model, which nothing has called. */
export const outermostFrame = <V>(scope: Scope<V>): Frame<V> => ({
  scope,
  path: '',
  label: '',
  via: [],
  depth: 0,
});

/** Where errors are shown after a call: in the prelude at the user's call into it, and elsewhere where they are. */
export const shownAfter = <V>(
  { userCall, label }: Frame<V>,
  { span, name }: Invocation<V>,
  inPrelude: boolean,
): Pick<Frame<V>, 'userCall'> => (inPrelude ? { userCall: userCall ?? { span, label, name } } : {});
