/** `scan`: runs a step on one token after the other, carrying states from each to the next. */

import type * as ast from '../../ast.ts';
import * as dim from '../../dim.ts';
import { append } from '../../long_list.ts';
import type { PortDecl, Sink } from '../../sink.ts';
import { isOfThisCall, isProtected } from '../values/axes.ts';
import type { Site } from '../values/context.ts';
import type { GivenArgument } from '../values/frame.ts';
import { checkType, writtenType } from '../values/shapes.ts';
import { concreteType, needTensor, showTensor, tensorOf } from '../values/tensors.ts';
import type { Scope } from '../values/value.ts';
import { describeKind, poison, type TensorValue, type Value } from '../values/value.ts';
import { type Builtin, parameters, type Use } from './builtin.ts';
import { portName } from './cache.ts';

const [rows, tokens] = [dim.atom('B'), dim.atom('T')];

export const scan: Builtin = {
  doc: 'runs step(state, ..., x, ...) -> state, ..., y, ... on one token after the other; gives y, ... of all of them',
  rest: 'placed',
  params: parameters(''),
  ofTokens: true,
  call(use) {
    const step = stepOf(use);
    const sequences = step && sequencesOf(use);
    const states = sequences && statesOf(use, step, sequences.length);
    return states ? runStep(use, step, states, sequences) : poison;
  },
};

interface Step<V> {
  readonly value: Value<V>;
  readonly node: ast.Function | ast.Forward;
  readonly scope: Scope<V>;
  readonly at: GivenArgument<V>;
  readonly name: string;
}

/** A function or a module; undefined after a report. */
function stepOf<V>(use: Use<V>): Step<V> | undefined {
  const [at] = use.rest;
  if (!at) {
    use.site.fail('N204', '`scan` needs a step and what it walks', { hint: 'y = scan(step, x)' });
    return undefined;
  }
  const { value } = at;
  const name = at.said ?? 'the step';
  if (value.kind === 'function') return { value, node: value.decl, scope: value.scope, at, name };
  if (value.kind === 'module' && value.forward)
    return { value, node: value.forward, scope: value.scope, at, name };
  if (value.kind !== 'poison') {
    use.site
      .at(at)
      .fail('N314', `the step of \`scan\` must be a function or a module, found ${describeKind(value)}`, {
        hint: 'fn step(h: [B, n], x) { h = h + x  return h, h }',
      });
  }
  return undefined;
}

/** Tensors [B, T, ...]; undefined after a report. */
function sequencesOf<V>(use: Use<V>): readonly TensorValue<V>[] | undefined {
  const { site, rest } = use;
  const found = rest.slice(1).map((argument) => {
    const x = needTensor(site.at(argument), argument.value, 'what `scan` walks');
    if (!x || isOfThisCall(x.type.shape)) return x;
    site.at(argument).fail('N316', `\`scan\` walks [B, T, ...], found ${showTensor(site.cx, x.type)}`, {
      hint: 'weights need not be given to it: the step sees them by their names',
    });
    return undefined;
  });
  if (found.length === 0) {
    site.fail('N204', '`scan` needs something to walk', { hint: 'y = scan(step, x)' });
    return undefined;
  }
  return found.every((x) => x !== undefined) ? found : undefined;
}

/** The states, which are the parameters of the step before its sequences; undefined after a report. */
function statesOf<V>(use: Use<V>, step: Step<V>, walked: number): readonly State<V>[] | undefined {
  const { inputs } = step.node.signature;
  const declared = inputs.slice(0, inputs.length - walked);
  if (declared.length === 0) {
    use.site
      .at(step.at)
      .fail('N204', `\`${step.name}\` carries nothing: it takes ${inputs.length}, and ${walked} are walked`, {
        hint: 'states come first: fn step(h: [B, n], x) { h = h + x  return h, h }',
        related: [{ message: 'the step', span: step.node.signature.span }],
      });
    return undefined;
  }
  const states = declared.map((input) => stateOf(use, step, input));
  return states.every((s) => s !== undefined) ? states : undefined;
}

interface State<V> {
  readonly name: string;
  readonly port: PortDecl;
  readonly type: TensorValue<V>['type'];
}

function stateOf<V>(
  use: Use<V>,
  { scope }: Step<V>,
  { name, type, value: start }: ast.Input,
): State<V> | undefined {
  const { site } = use;
  if (!type) {
    site
      .at(name)
      .fail(
        'N314',
        `the state \`${name.text}\` needs a type, since nothing is there before the first token`,
        {
          hint: `${name.text}: [B, n]`,
        },
      );
    return undefined;
  }
  const written = writtenType(site.inFrame({ ...site.frame, scope }).at(type));
  if (!written) return undefined;
  const [first, ...rest] = written.type.shape;
  if (written.open || !first || !dim.equal(first, rows) || rest.some(isProtected)) {
    site
      .at(type)
      .fail('N316', `a state is [B, ...] without tokens, found ${showTensor(site.cx, written.type)}`);
    return undefined;
  }
  const fill = start ? startOf(site.inFrame({ ...site.frame, scope }).at(start), name.text) : 0;
  if (fill === undefined) return undefined;
  const port: PortDecl = {
    name: portName(use, name.text),
    type: concreteType(site.cx, written.type),
    carried: true,
    fill,
    span: site.shownAt,
  };
  return { name: name.text, port, type: written.type };
}

/** The state before the first token, which is its parameter's default; undefined after a report. */
function startOf<V>(site: Site<V, ast.Expr>, name: string): number | undefined {
  const { node: start } = site;
  const value = site.evaluate(start);
  if (value.kind === 'number') return value.value;
  if (value.kind !== 'poison')
    site.fail('N314', `the state \`${name}\` starts as a number, found ${describeKind(value)}`);
  return undefined;
}

function runStep<V>(
  use: Use<V>,
  step: Step<V>,
  states: readonly State<V>[],
  sequences: readonly TensorValue<V>[],
): Value<V> {
  const { site } = use;
  append(
    site.cx.ports,
    states.map((s) => s.port),
  );
  const at = site.origin;
  const scanned = site.cx.sink.scan({
    states: states.map((s) => s.port),
    sequences: sequences.map((x) => x.v),
    at,
  });
  const given = [
    ...states.map(({ type }, i) => tensorOf(type, scanned.states[i]!)),
    ...sequences.map(({ type: { dtype, shape } }, i) =>
      tensorOf({ dtype, shape: [shape[0]!, ...shape.slice(2)] }, scanned.elements[i]!),
    ),
  ];
  const outside = site.cx.sink;
  const inside: Sink<V> = { ...outside, op: scanned.op, param: scanned.param };
  site.cx.sink = inside;
  const stepping = site.inFrame({ ...site.frame, stepping: true });
  const args = given.map((value, i) => ({ value, span: use.rest[Math.max(0, i - states.length + 1)]!.span }));
  const result = site.cx.call(stepping.at({ span: step.at.span, args, name: step.name }), step.value);
  // After a report the sink is one that keeps nothing, and stays so.
  if (site.cx.sink !== inside) return poison;
  site.cx.sink = outside;
  const values = resultsOf(use, step, states, result);
  if (!values) return poison;
  const [carried, made] = [values.slice(0, states.length), values.slice(states.length)];
  const all = scanned.finish(
    carried.map((x) => x.v),
    made.map((x) => x.v),
  );
  const items = made.map(({ type: { dtype, shape } }, i) =>
    tensorOf({ dtype, shape: [rows, tokens, ...shape.slice(1)] }, all[i]!),
  );
  return items.length === 1 ? items[0]! : { kind: 'list', items, several: true };
}

/** The new states, with the types of the old ones, and the results of each token; undefined after a report. */
function resultsOf<V>(
  use: Use<V>,
  { node, at, name }: Step<V>,
  states: readonly State<V>[],
  result: Value<V>,
): readonly TensorValue<V>[] | undefined {
  const { site } = use;
  if (result.kind === 'poison') return undefined;
  const items = result.kind === 'list' && result.several ? result.items : [result];
  const related = [{ message: 'the step', span: node.signature.span }];
  if (items.length <= states.length) {
    const what = states.map((s) => s.name).join(', ');
    site.at(at).fail('N217', `\`${name}\` returns ${items.length} of ${states.length + 1} values or more`, {
      hint: `return the new ${what} first, then what there is of the token`,
      related,
    });
    return undefined;
  }
  const values = items.map((item) => needTensor(site.at(at), item, `what \`${name}\` returns`));
  if (!values.every((x) => x !== undefined)) return undefined;
  const kept = states.every(({ name: state, type }, i) =>
    checkType(site.at(at), `the new \`${state}\` of \`${name}\``, { type, open: false }, values[i]!),
  );
  const strange = values
    .slice(states.length)
    .find(({ type: { shape } }) => !shape[0] || !dim.equal(shape[0], rows));
  if (strange) {
    site
      .at(at)
      .fail('N316', `\`${name}\` must give [B, ...] of a token, found ${showTensor(site.cx, strange.type)}`, {
        related,
      });
  }
  return kept && !strange ? values : undefined;
}
