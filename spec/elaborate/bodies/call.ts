/** Calls: functions of the language, modules, built-ins, casts. */

import type * as ast from '../../ast.ts';
import { limits } from '../../limits.ts';
import { didYouMean } from '../../nearest.ts';
import { matchArguments } from '../builtins/arguments.ts';
import { callBuiltin, isBuiltin } from '../builtins/builtins.ts';
import { callRotary } from '../builtins/rotary.ts';
import type { Site } from '../values/context.ts';
import { type Frame, type Invocation, shownAfter } from '../values/frame.ts';
import { isPrelude } from '../values/prelude.ts';
import { makeScope } from '../values/scope.ts';
import { checkType, writtenType } from '../values/shapes.ts';
import { castTo, needTensor, scalar } from '../values/tensors.ts';
import { describeKind, type ModuleValue, poison, type Scope, type Value } from '../values/value.ts';
import { planOf } from './declared.ts';
import { single } from './evaluate.ts';
import { checkResult, recover, recovered } from './results.ts';
import { runBody } from './statements.ts';

export function call<V>(site: Site<V, Invocation<V>>, callee: Value<V>): Value<V> {
  const { frame, node: by } = site;
  switch (callee.kind) {
    case 'poison':
      return poison;
    case 'function': {
      const via = [...frame.via, callee.decl.name.text];
      const what = callee.decl.name.text;
      const { decl: node, scope } = callee;
      return runForward(site, { frame: { ...frame, via }, what, node, scope, key: node });
    }
    case 'module':
      return forward(site, callee);
    case 'builtin':
      return by.args.some((a) => a.value.kind === 'poison') ? poison : callBuiltin(site, callee.name);
    case 'rotary':
      return by.args.some((a) => a.value.kind === 'poison') ? poison : callRotary(site, callee);
    case 'dtype':
      return cast(site, callee.dtype);
    default:
      return site.fail(
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

function cast<V>(site: Site<V, Invocation<V>>, dtype: ast.DTypeName['dtype']): Value<V> {
  const given = matchArguments(site, dtype, [{ name: 'x' }])?.get('x');
  if (!given) return poison;
  const { value } = given;
  if (value.kind === 'number') return scalar(site, value.value, dtype);
  const x = needTensor(site.at(given), value, 'what is cast');
  return x ? castTo(site, x, dtype) : poison;
}

function forward<V>(site: Site<V, Invocation<V>>, module: ModuleValue<V>): Value<V> {
  const { frame, node: by } = site;
  const { forward: node, scope, path, label } = module;
  if (!node) {
    return site.fail(
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
  const result = runForward(site, callee);
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

function runForward<V>(site: Site<V, Invocation<V>>, callee: Callee<V>): Value<V> {
  const { active } = site.cx;
  const { what, scope, key } = callee;
  if (active.has(key)) {
    return site.fail('N210', `\`${what}\` calls itself`, {
      hint: 'nothing recurses here, so that compiling ends; use a loop',
    });
  }
  if (site.frame.depth >= limits.calls) {
    return site.fail('N321', `calls nest more than ${limits.calls} deep`, { hint: 'use a loop' });
  }
  const plan = planOf(inside(site, callee, scope), scope);
  const body = inside(site, callee, makeScope('body', scope, plan.assigned));
  active.add(key);
  const result = bindInputs(site, body, what) ? checkResult(body, runBody(body)) : recovered(body);
  active.delete(key);
  return result;
}

/** What is called, in a frame of its own with this scope. Errors in the prelude are shown where the user called into it. */
function inside<V>(
  call: Site<V, Invocation<V>>,
  { frame: { path, label, via, pairs, stepping, member }, node }: Callee<V>,
  scope: Scope<V>,
): Site<V, Callee<V>['node']> {
  const frame: Frame<V> = {
    scope,
    path,
    label,
    via,
    depth: call.frame.depth + 1,
    ...(pairs ? { pairs } : {}),
    ...(stepping ? { stepping } : {}),
    ...(member ? { member } : {}),
    ...shownAfter(call.frame, call.node, isPrelude(node.span)),
  };
  return call.inFrame(frame).at(node);
}

/** Binds the inputs in the scope of the body; false after a report that the call does not fit. */
function bindInputs<V>(
  call: Site<V, Invocation<V>>,
  body: Site<V, Callee<V>['node']>,
  what: string,
): boolean {
  const { inputs } = body.node.signature;
  const params = inputs.map((i) => ({ name: i.name.text, optional: i.value !== undefined }));
  const given = matchArguments(call, what, params);
  if (!given) return false;
  for (const input of inputs) {
    const argument = given.get(input.name.text);
    const value = argument?.value ?? (input.value ? single(body.at(input.value)) : poison);
    const bound = input.type
      ? checkedInput(body.at(input), value, { from: call.at(argument ?? call.node), what })
      : value;
    body.frame.scope.names.set(input.name.text, named(bound, input.name));
  }
  return true;
}

const named = <V>(value: Value<V>, { text, span }: ast.Word): Value<V> =>
  value.kind === 'tensor' && !isPrelude(span) ? { ...value, origin: { label: text, span } } : value;

/** Where an argument is passed, and to what. */
interface Passing<V> {
  readonly from: Site<V>;
  readonly what: string;
}

/** Checks an argument against the declared type of its input, which the input then has even after an error. */
function checkedInput<V>(site: Site<V, ast.Input>, value: Value<V>, { from, what }: Passing<V>): Value<V> {
  const { name, type } = site.node;
  const written = type && writtenType(site.at(type));
  if (!written) return poison;
  const said = `\`${name.text}\` of \`${what}\``;
  const x = value.kind === 'poison' ? undefined : needTensor(from, value, said);
  return x && checkType(from, said, written, x) ? x : recover(written);
}
