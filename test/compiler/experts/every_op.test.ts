/** Every op in the body of an expert: computed for all of them at once, with the numbers of each, or refused where it mixes tokens. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import { graphItself } from '../../../compiler/experts/enclosing.ts';
import { liftOf } from '../../../compiler/experts/lift.ts';
import { type Lifted, wholeOf } from '../../../compiler/experts/lifted.ts';
import { nodeOf } from '../../../compiler/graph/body_value.ts';
import { constant, equal, size } from '../../../spec/dim.ts';
import { empty, product, type Tensor } from '../../../spec/tensor.ts';
import type { GraphDType, TensorType } from '../../../spec/type.ts';
import { addOps } from '../added_ops.ts';
import { apply, type Call, calls, equalTensors, shuffledRows } from '../op_calls.ts';
import { apart, B, ids, sketch, T, typed, weightsFor } from '../tiny_graph.ts';

await addOps();

type Type = TensorType<GraphDType>;
type Kind = 'each' | 'plain' | 'stack';

const [experts, choices] = [3, 2];

const hasTokens = ({ shape: [b, t] }: Type): boolean => !!b && !!t && equal(b, B) && equal(t, T);
const isStatic = ({ shape }: Type): boolean => shape.every((d) => constant(d) !== undefined);

/** What each operand may be to the body: of each token, the same for all experts, or each expert's own. */
function kindsOf({ types }: Call): readonly (readonly Kind[])[] {
  if (types.length === 0 || !types.every((t) => hasTokens(t) || isStatic(t))) return [];
  const tokens = types.some(hasTokens);
  return (tokens && !types.every(hasTokens) ? (['plain', 'stack'] as const) : (['stack'] as const)).map(
    (other) => types.map((t) => (hasTokens(t) ? 'each' : other)),
  );
}

/** The same elements from another one on: other numbers for another expert or choice, which fit the op as well. */
function turned(x: Tensor, by: number): Tensor {
  const y = empty(x.dtype, x.shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = x.data[(i + by) % y.data.length]!;
  return y;
}

/** Tensors of one shape with one more axis; `before` elements' axes come before it. */
function joined(parts: readonly Tensor[], axis: number): Tensor {
  const [{ dtype, shape, data }] = parts as [Tensor];
  const y = empty(dtype, shape.toSpliced(axis, 0, parts.length));
  const inner = product(shape.slice(axis));
  for (let o = 0; o * inner < data.length; o++) {
    for (const [i, part] of parts.entries())
      y.data.set(part.data.subarray(o * inner, (o + 1) * inner), (o * parts.length + i) * inner);
  }
  return y;
}

const upTo = (n: number): readonly number[] => [...Array(n).keys()];

/** The op on all at once; what each expert gives on its own. */
function together(call: Call, kinds: readonly Kind[]) {
  const { op, attrs, types, values, env } = call;
  const s = sketch(op);
  const choice = ids(5, experts, 2, 3, choices);
  const feeds: Record<string, Tensor> = { choice };
  const enclosing = graphItself(s.builder);
  const site = {
    ...{ enclosing, origins: [] },
    choice: s.input('choice', typed('int64', B, T, choices)),
  };
  const lifted = types.map(({ dtype, shape }, i): Lifted => {
    const [kind, x] = [kinds[i]!, values[i]!];
    const axis = kind === 'each' ? 2 : 0;
    const n = kind === 'each' ? choices : experts;
    feeds[`x${i}`] =
      kind === 'plain'
        ? x
        : joined(
            upTo(n).map((k) => turned(x, k)),
            axis,
          );
    const wide = kind === 'plain' ? shape : shape.toSpliced(axis, 0, size(n));
    const node = s.input(`x${i}`, { dtype, shape: wide });
    return kind === 'stack' ? { kind, whole: node } : { kind, node };
  });
  const result = liftOf(site, lifted, attrs, op);
  if (typeof result === 'string') return result;
  s.output('y', nodeOf(result.kind === 'stack' ? wholeOf(site, result) : result.node));
  const graph = s.finish();
  const made = evaluator(graph, weightsFor(graph)).run(feeds)['y']!;
  const alone = (k: number, e: number): Tensor =>
    apply(
      op,
      values.map((x, i) => turned(x, { each: k, plain: 0, stack: e }[kinds[i]!])),
      attrs,
      env,
    );
  if (result.kind === 'stack')
    return {
      made,
      wanted: joined(
        upTo(experts).map((e) => alone(0, e)),
        0,
      ),
    };
  const perChoice = upTo(choices).map((k) => {
    const each = upTo(experts).map((e) => alone(k, e));
    const y = empty(each[0]!.dtype, each[0]!.shape);
    const inner = product(y.shape.slice(2));
    for (let token = 0; token < 6; token++) {
      const from = each[choice.data[token * choices + k]!]!;
      y.data.set(from.data.subarray(token * inner, (token + 1) * inner), token * inner);
    }
    return y;
  });
  return { made, wanted: joined(perChoice, 2) };
}

/** Whether each token of the result depends on its own alone; what has no tokens mixes none. */
function isPerToken({ op, attrs, env, values, type, types }: Call, kinds: readonly Kind[]): boolean {
  if (!kinds.includes('each')) return true;
  if (!hasTokens(type)) return false;
  const result = apply(op, values, attrs, env);
  const shuffled = values.map((x, i) => (hasTokens(types[i]!) ? shuffledRows(x, 2) : x));
  return equalTensors(apply(op, shuffled, attrs, env), shuffledRows(result, 2));
}

test('what an expert computes is computed for all at once, unless it mixes tokens', () => {
  const wrong: string[] = [];
  const seen = { done: 0, refused: 0, told: 0 };
  for (const call of calls()) {
    for (const kinds of kindsOf(call)) {
      const at = `${call.name} on ${kinds}`;
      const found = together(call, kinds);
      const perToken = isPerToken(call, kinds);
      seen[typeof found === 'string' ? 'refused' : 'done'] += 1;
      if (typeof found === 'string') {
        if (perToken) wrong.push(`${at}: ${found}`);
        continue;
      }
      if (!perToken) wrong.push(`${at}: it mixes tokens`);
      const far = apart(found.made, found.wanted);
      if (!(far < 1e-6)) wrong.push(`${at}: ${far} apart, ${found.made.shape} and ${found.wanted.shape}`);
      seen.told += apart(found.made, turned(found.wanted, 1)) > 1e-3 ? 1 : 0;
    }
  }
  assert.equal(wrong, []);
  assert.ok(seen.told > 0.8 * seen.done, JSON.stringify(seen));
  assert.ok(seen.done > 90 && seen.refused > 5, JSON.stringify(seen));
});

test.run();
