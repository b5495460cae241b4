/** The model's own forward: typed inputs in, checked results out. */

import type * as ast from '../../ast.ts';
import { hasErrors } from '../../diagnostic.ts';
import * as dim from '../../dim.ts';
import type { Program } from '../../program.ts';
import { planOf } from '../bodies/declared.ts';
import { checkResult } from '../bodies/results.ts';
import { runBody } from '../bodies/statements.ts';
import type { Site } from '../values/context.ts';
import { noValue } from '../values/reports.ts';
import { makeScope } from '../values/scope.ts';
import { writtenType } from '../values/shapes.ts';
import { asTensor, concreteType, showTensor, tensorOf } from '../values/tensors.ts';
import { describeKind, poison, type TensorValue, type Value } from '../values/value.ts';

/** The inputs and outputs of the model. */
export type Ends = Pick<Program, 'inputs' | 'outputs'>;

export function runModel<V>(site: Site<V, ast.Forward>): Ends {
  const { cx, frame: outer, node } = site;
  const plan = planOf(site.at(positionsApart(node)), outer.scope);
  cx.plans.set(node, plan);
  const scope = makeScope('body', outer.scope, plan.assigned);
  const body = site.inFrame({ ...outer, scope, depth: 1 });
  const inputs: Ends['inputs'][number][] = [];
  for (const input of node.signature.inputs) {
    const x = inputOf(body.at(input));
    scope.names.set(input.name.text, x ?? poison);
    if (!x) continue;
    inputs.push({ name: input.name.text, type: concreteType(cx, x.type) });
    if (input.name.text === 'positions') cx.positions = x;
  }
  const result = checkResult(body, runBody(body));
  return { inputs, outputs: outputsOf(body, result) };
}

/** `positions` may be declared here, and nowhere else. */
const positionsApart = (node: ast.Forward): ast.Forward => ({
  ...node,
  signature: {
    ...node.signature,
    inputs: node.signature.inputs.filter((i) => i.name.text !== 'positions'),
  },
});

function inputOf<V>(site: Site<V, ast.Input>): TensorValue<V> | undefined {
  const { cx } = site;
  const { name, type, value } = site.node;
  if (value) {
    site
      .at(value)
      .fail('N314', `an input of the model has no default: whoever runs it gives \`${name.text}\``);
  }
  if (!type) {
    site.at(name).fail('N319', `the model's input \`${name.text}\` needs a type`, {
      hint: `write ${name.text}: int64[B, T]`,
    });
    return undefined;
  }
  const written = writtenType(site.at(type));
  if (!written) return undefined;
  if (written.open) {
    site.at(type).fail('N302', 'an input of the model has all its axes written out');
    return undefined;
  }
  const wanted = { dtype: 'int64', shape: [dim.atom('B'), dim.atom('T')] } as const;
  if (name.text === 'positions' && showTensor(cx, written.type) !== showTensor(cx, wanted)) {
    site.at(type).fail('N309', '`positions` has another type than declared', {
      expected: showTensor(cx, wanted),
      found: showTensor(cx, written.type),
    });
    return undefined;
  }
  const v = hasErrors(cx.diagnostics)
    ? noValue<V>()
    : cx.sink.input(name.text, concreteType(cx, written.type), site.origin);
  return { ...tensorOf(written.type, v), origin: { label: name.text, span: name.span } };
}

function outputsOf<V>(site: Site<V, ast.Forward>, result: Value<V>): Ends['outputs'] {
  const { cx, node } = site;
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
      site.at(output.name).fail('N203', `there is a result named \`${name}\` already`, {
        related: [{ message: 'the first one', span: first!.name!.span }], // the names are equal
      });
      return [];
    }
    if (x) {
      cx.sink.output(name, x.v, site.at(at).origin);
      return [{ name, type: concreteType(cx, x.type) }];
    }
    if (value.kind !== 'poison') {
      site
        .at(at)
        .fail('N314', `the model's result \`${name}\` must be a tensor, found ${describeKind(value)}`);
    }
    return [];
  });
}
