/** Checks the results of a function or forward against its declaration. */

import type * as ast from '../../ast.ts';
import type { Span } from '../../source.ts';
import type { Site } from '../values/context.ts';
import type { Frame } from '../values/frame.ts';
import { noValue } from '../values/reports.ts';
import { checkType, type WrittenType, writtenType } from '../values/shapes.ts';
import { needTensor, tensorOf } from '../values/tensors.ts';
import { poison, type Value } from '../values/value.ts';

/** The value of a body, and where it stands. */
export interface Result<V> {
  readonly value: Value<V>;
  readonly span: Span;
  /** One for each value, when several are returned. */
  readonly spans?: readonly Span[];
}

const several = <V>(items: readonly Value<V>[]): Value<V> => ({ kind: 'list', items, several: true });

export function checkResult<V>(
  site: Site<V, ast.Function | ast.Forward>,
  { value, span, spans }: Result<V>,
): Value<V> {
  const { frame, node } = site;
  const { outputs } = node.signature;
  if (outputs.length === 0) return value;
  if (value.kind === 'poison') return recovered(site);
  const values = value.kind === 'list' && value.several ? value.items : [value];
  if (values.length !== outputs.length) {
    const found = values.length === 1 ? 'one value' : `${values.length} values`;
    site.at({ span }).fail('N217', `${outputs.length} values are declared, ${found} returned`);
    return recovered(site);
  }
  const what = node.kind === 'Function' ? `the result of \`${node.name.text}\`` : resultOf(frame);
  const checked = outputs.map((output, i) => {
    const name = output.name && outputs.length > 1 ? `\`${output.name.text}\` of ${what}` : what;
    const returned = { value: values[i]!, at: { span: spans?.[i] ?? span }, what: name };
    return checkOutput(site.at(output), returned);
  });
  return checked.length === 1 ? checked[0]! : several(checked);
}

const resultOf = <V>({ label }: Frame<V>): string =>
  label === '' ? 'the result of the model' : `the result of ${label}`;

/** A returned value, its place, and its name in messages. */
interface Returned<V> {
  readonly value: Value<V>;
  readonly at: { readonly span: Span };
  readonly what: string;
}

function checkOutput<V>(site: Site<V, ast.Output>, { value, at, what }: Returned<V>): Value<V> {
  const { type } = site.node;
  const written = writtenType(site.at(type));
  if (!written) return poison;
  const x = value.kind === 'poison' ? undefined : needTensor(site.at(at), value, what);
  return x && checkType(site.at(at), what, written, x) ? x : recover(written);
}

/** After an error a caller continues with the declared types, so that its own errors are found too. */
export function recovered<V>(site: Site<V, ast.Function | ast.Forward>): Value<V> {
  const { outputs } = site.node.signature;
  if (outputs.length === 0) return poison;
  const values = outputs.map(({ type }): Value<V> => {
    const written = writtenType(site.at(type));
    return written ? recover(written) : poison;
  });
  return values.length === 1 ? values[0]! : several(values);
}

export const recover = <V>({ type, open }: WrittenType): Value<V> =>
  open ? poison : tensorOf(type, noValue<V>());
