/** `require`: checked with the numbers of the config; equalities of sizes become facts. */

import type * as ast from '../../ast.ts';
import { textOf } from '../../source.ts';
import { walk } from '../../walk.ts';
import { decide, single } from '../bodies/evaluate.ts';
import { type Context, type Frame, fail } from '../values/context.ts';
import { showNumber } from '../values/number.ts';
import { lookup } from '../values/scope.ts';
import { learn } from '../values/sizes.ts';

export function require<V>(cx: Context<V>, frame: Frame<V>, { test, message }: ast.Require): void {
  const holds = decide(cx, frame, test);
  if (holds === undefined) return;
  if (holds) learnFrom(cx, frame, test);
  else {
    const values = valuesIn(frame, test);
    fail(cx, frame, test, 'N317', message.value, {
      expected: textOf(test.span),
      ...(values === '' ? {} : { found: values }),
    });
  }
}

/** `heads = 10, kv_heads = 3`: the names that a test mentions. */
function valuesIn<V>(frame: Frame<V>, test: ast.Expr): string {
  const said = new Map<string, string>();
  for (const node of walk(test)) {
    if (node.kind !== 'Name' || said.has(node.text)) continue;
    const found = lookup(frame.scope, node.text);
    if (!found || !('value' in found)) continue;
    const { value } = found;
    if (value.kind === 'number') said.set(node.text, showNumber(value.value));
    if (value.kind === 'string') said.set(node.text, JSON.stringify(value.value));
    if (value.kind === 'bool') said.set(node.text, String(value.value));
    if (value.kind === 'none') said.set(node.text, 'none');
  }
  return [...said].map(([name, value]) => `${name} = ${value}`).join(', ');
}

function learnFrom<V>(cx: Context<V>, frame: Frame<V>, test: ast.Expr): void {
  if (test.kind !== 'Binary') return;
  if (test.op === 'and') {
    learnFrom(cx, frame, test.left);
    learnFrom(cx, frame, test.right);
  }
  if (test.op !== '==') return;
  const [left, right] = [single(cx, frame, test.left), single(cx, frame, test.right)];
  if (left.kind === 'number' && right.kind === 'number' && left.dim && right.dim) {
    learn(cx.sizes, left.dim, right.dim);
  }
}
