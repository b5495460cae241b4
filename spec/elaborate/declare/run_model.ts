/** The model's own forward: typed inputs in, checked results out. */

import type * as ast from '../../ast.ts';
import { hasErrors } from '../../diagnostic.ts';
import * as dim from '../../dim.ts';
import type { Program } from '../../program.ts';
import { planOf } from '../bodies/declared.ts';
import { checkResult } from '../bodies/results.ts';
import { runBody } from '../bodies/statements.ts';
import { type Context, type Frame, fail, noValue, originOf } from '../values/context.ts';
import { makeScope } from '../values/scope.ts';
import { writtenType } from '../values/shapes.ts';
import { asTensor, concreteType, showTensor, tensorOf } from '../values/tensors.ts';
import { describeKind, poison, type TensorValue, type Value } from '../values/value.ts';

/** The inputs and outputs of the model. */
export type Ends = Pick<Program, 'inputs' | 'outputs'>;

export function runModel<V>(cx: Context<V>, outer: Frame<V>, node: ast.Forward): Ends {
  const plan = planOf(cx, outer, outer.scope, positionsApart(node));
  cx.plans.set(node, plan);
  const frame: Frame<V> = { ...outer, scope: makeScope('body', outer.scope, plan.assigned), depth: 1 };
  const inputs: Ends['inputs'][number][] = [];
  for (const input of node.signature.inputs) {
    const x = inputOf(cx, frame, input);
    frame.scope.names.set(input.name.text, x ?? poison);
    if (!x) continue;
    inputs.push({ name: input.name.text, type: concreteType(cx, x.type) });
    if (input.name.text === 'positions') cx.positions = x;
  }
  const result = checkResult(cx, frame, node, runBody(cx, frame, node));
  return { inputs, outputs: outputsOf(cx, frame, node, result) };
}

/** `positions` may be declared here, and nowhere else. */
const positionsApart = (node: ast.Forward): ast.Forward => ({
  ...node,
  signature: {
    ...node.signature,
    inputs: node.signature.inputs.filter((i) => i.name.text !== 'positions'),
  },
});

function inputOf<V>(
  cx: Context<V>,
  frame: Frame<V>,
  { name, type, value, span }: ast.Input,
): TensorValue<V> | undefined {
  if (value) {
    fail(
      cx,
      frame,
      value,
      'N314',
      `an input of the model has no default: whoever runs it gives \`${name.text}\``,
    );
  }
  if (!type) {
    fail(cx, frame, name, 'N319', `the model's input \`${name.text}\` needs a type`, {
      hint: `write ${name.text}: int64[B, T]`,
    });
    return undefined;
  }
  const written = writtenType(cx, frame, type);
  if (!written) return undefined;
  if (written.open) {
    fail(cx, frame, type, 'N302', 'an input of the model has all its axes written out');
    return undefined;
  }
  const wanted = { dtype: 'int64', shape: [dim.atom('B'), dim.atom('T')] } as const;
  if (name.text === 'positions' && showTensor(cx, written.type) !== showTensor(cx, wanted)) {
    fail(cx, frame, type, 'N309', '`positions` has another type than declared', {
      expected: showTensor(cx, wanted),
      found: showTensor(cx, written.type),
    });
    return undefined;
  }
  const v = hasErrors(cx.diagnostics)
    ? noValue<V>()
    : cx.sink.input(name.text, concreteType(cx, written.type), originOf(frame, { span }));
  return { ...tensorOf(written.type, v), origin: { label: name.text, span: name.span } };
}

function outputsOf<V>(cx: Context<V>, frame: Frame<V>, node: ast.Forward, result: Value<V>): Ends['outputs'] {
  if (result.kind === 'poison') return [];
  const { outputs } = node.signature;
  const values = result.kind === 'list' && result.several ? result.items : [result];
  return values.flatMap((value, i) => {
    const output = outputs[i];
    const name = output?.name?.text ?? (values.length === 1 ? 'logits' : `output_${i}`);
    const x = asTensor(cx, value);
    const at = output ?? node.signature;
    const first = outputs.find((o) => o.name?.text === output?.name?.text);
    if (output?.name && first !== output) {
      fail(cx, frame, output.name, 'N203', `there is a result named \`${name}\` already`, {
        related: [{ message: 'the first one', span: first!.name!.span }], // the names are equal
      });
      return [];
    }
    if (x) {
      cx.sink.output(name, x.v, originOf(frame, at));
      return [{ name, type: concreteType(cx, x.type) }];
    }
    if (value.kind !== 'poison') {
      fail(
        cx,
        frame,
        at,
        'N314',
        `the model's result \`${name}\` must be a tensor, found ${describeKind(value)}`,
      );
    }
    return [];
  });
}
