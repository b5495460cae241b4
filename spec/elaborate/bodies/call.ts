/** Calls: functions of the language, modules, built-ins, casts. */

import type * as ast from '../../ast.ts';
import { limits } from '../../limits.ts';
import { didYouMean } from '../../nearest.ts';
import { matchArguments } from '../builtins/arguments.ts';
import { callBuiltin, isBuiltin } from '../builtins/builtins.ts';
import { callRotary } from '../builtins/rotary.ts';
import {
  type Context,
  type Frame,
  fail,
  type GivenArgument,
  type Invocation,
  sited,
} from '../values/context.ts';
import { isPrelude } from '../values/prelude.ts';
import { makeScope } from '../values/scope.ts';
import { checkType, writtenType } from '../values/shapes.ts';
import { castTo, needTensor, scalar } from '../values/tensors.ts';
import { describeKind, type ModuleValue, poison, type Scope, type Value } from '../values/value.ts';
import { planOf } from './declared.ts';
import { single } from './evaluate.ts';
import { checkResult, recover, recovered } from './results.ts';
import { runBody } from './statements.ts';

export function call<V>(cx: Context<V>, frame: Frame<V>, callee: Value<V>, by: Invocation<V>): Value<V> {
  switch (callee.kind) {
    case 'poison':
      return poison;
    case 'function': {
      const via = [...frame.via, callee.decl.name.text];
      const what = callee.decl.name.text;
      return runForward(
        cx,
        frame,
        { frame: { ...frame, via }, what, node: callee.decl, scope: callee.scope, key: callee.decl },
        by,
      );
    }
    case 'module':
      return forward(cx, frame, callee, by);
    case 'builtin':
      return by.args.some((a) => a.value.kind === 'poison')
        ? poison
        : callBuiltin(cx, frame, callee.name, by);
    case 'rotary':
      return by.args.some((a) => a.value.kind === 'poison') ? poison : callRotary(cx, frame, callee, by);
    case 'dtype':
      return cast(cx, frame, callee.dtype, by);
    default:
      return fail(
        cx,
        frame,
        by,
        'N314',
        `\`${by.name}\` is ${describeKind(callee)} and cannot be called`,
        hintFor(callee, by),
      );
  }
}

function hintFor<V>(callee: Value<V>, { name }: Invocation<V>): { readonly hint?: string } {
  if (callee.kind === 'entries') return { hint: `call one of them: ${callee.label}[i](...)` };
  if (callee.kind === 'block') return { hint: `make an instance of it as a member: name: ${name}(...)` };
  if (callee.kind === 'tensor' || callee.kind === 'param')
    return { hint: 'a missing operator? entries of it are picked by [ ]' };
  if (callee.kind === 'namespace' && isBuiltin(name))
    return { hint: `a member's own name leaves \`${name}\` free: q_proj: Linear(...) from "${name}.q_proj"` };
  if (callee.kind === 'namespace') return didYouMean(name, callee.names.keys());
  return {};
}

function cast<V>(
  cx: Context<V>,
  frame: Frame<V>,
  dtype: ast.DTypeName['dtype'],
  by: Invocation<V>,
): Value<V> {
  const given = matchArguments(cx, frame, dtype, [{ name: 'x' }], by)?.get('x');
  if (!given) return poison;
  const { value } = given;
  if (value.kind === 'number') return scalar(cx, frame, by, value.value, dtype);
  const x = needTensor(cx, frame, given, value, 'what is cast');
  return x ? castTo(cx, frame, by, x, dtype) : poison;
}

function forward<V>(cx: Context<V>, frame: Frame<V>, module: ModuleValue<V>, by: Invocation<V>): Value<V> {
  const { forward: node, scope, path, label } = module;
  if (!node) {
    return fail(
      cx,
      frame,
      by,
      'N215',
      `block \`${module.block.name.text}\` has no forward, so \`${by.name}\` cannot be called`,
      {
        hint: 'add a forward to it, or use its members: they are reached by `.`',
        related: [{ message: 'the block', span: module.block.name.span }],
      },
    );
  }
  const { span: member } = module;
  const callee = {
    frame: { ...frame, path, label, member, via: [] },
    what: by.name,
    node,
    scope,
    key: module,
  };
  const result = runForward(cx, frame, callee, by);
  const made = isPrelude(node.span) && !isPrelude(member) && result.kind === 'tensor' && !result.origin;
  return made ? { ...result, origin: { label: by.name, span: member } } : result;
}

/** A function or forward about to run: the scope of its names, and what must not be running already. */
interface Callee<V> {
  readonly frame: Frame<V>;
  readonly what: string;
  readonly node: ast.Function | ast.Forward;
  readonly scope: Scope<V>;
  readonly key: object;
}

function runForward<V>(cx: Context<V>, caller: Frame<V>, callee: Callee<V>, by: Invocation<V>): Value<V> {
  const { what, node, scope, key } = callee;
  if (cx.active.has(key)) {
    return fail(cx, caller, by, 'N210', `\`${what}\` calls itself`, {
      hint: 'nothing recurses here, so that compiling ends; use a loop',
    });
  }
  if (caller.depth >= limits.calls) {
    return fail(cx, caller, by, 'N321', `calls nest more than ${limits.calls} deep`, { hint: 'use a loop' });
  }
  const plan = planOf(cx, withErrorsAt(caller, callee.frame, node, scope, by), scope, node);
  const frame = withErrorsAt(caller, callee.frame, node, makeScope('body', scope, plan.assigned), by);
  cx.active.add(key);
  const result = bindInputs(cx, caller, frame, callee, by)
    ? checkResult(cx, frame, node, runBody(cx, frame, node))
    : recovered(cx, frame, node);
  cx.active.delete(key);
  return result;
}

/** Errors in the prelude are shown where the user called into it; in the user's own code, where they are. */
function withErrorsAt<V>(
  caller: Frame<V>,
  { path, label, via, pairs, stepping, member }: Frame<V>,
  { span }: ast.Function | ast.Forward,
  scope: Scope<V>,
  by: Invocation<V>,
): Frame<V> {
  return {
    scope,
    path,
    label,
    via,
    depth: caller.depth + 1,
    ...(pairs ? { pairs } : {}),
    ...(stepping ? { stepping } : {}),
    ...(member ? { member } : {}),
    ...sited(caller, by, isPrelude(span)),
  };
}

function bindInputs<V>(
  cx: Context<V>,
  caller: Frame<V>,
  frame: Frame<V>,
  { what, node }: Callee<V>,
  by: Invocation<V>,
): boolean {
  const params = node.signature.inputs.map((i) => ({ name: i.name.text, optional: i.value !== undefined }));
  const given = matchArguments(cx, caller, what, params, by);
  if (!given) return false;
  for (const input of node.signature.inputs) {
    const argument = given.get(input.name.text);
    const value = argument?.value ?? (input.value ? single(cx, frame, input.value) : poison);
    const bound = input.type
      ? checkedInput(cx, input, value, { caller, frame, at: argument ?? by, what })
      : value;
    frame.scope.names.set(input.name.text, named(bound, input.name));
  }
  return true;
}

const named = <V>(value: Value<V>, { text, span }: ast.Word): Value<V> =>
  value.kind === 'tensor' && !isPrelude(span) ? { ...value, origin: { label: text, span } } : value;

/** Where an argument is passed: by whom, into which frame, and to what. */
interface Passing<V> {
  readonly caller: Frame<V>;
  readonly frame: Frame<V>;
  readonly at: GivenArgument<V> | Invocation<V>;
  readonly what: string;
}

/** Checks an argument against the declared type of its input, which the input then has even after an error. */
function checkedInput<V>(
  cx: Context<V>,
  { name, type }: ast.Input,
  value: Value<V>,
  { caller, frame, at, what }: Passing<V>,
): Value<V> {
  const written = type && writtenType(cx, frame, type);
  if (!written) return poison;
  const x =
    value.kind === 'poison'
      ? undefined
      : needTensor(cx, caller, at, value, `\`${name.text}\` of \`${what}\``);
  if (x && checkType(cx, caller, at, `\`${name.text}\` of \`${what}\``, written, x)) return x;
  return recover(written);
}
