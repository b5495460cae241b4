/** `require`: checked with the numbers of the config; equalities of sizes become facts. */

import type * as ast from '../../ast.ts';
import { textOf } from '../../source.ts';
import { walk } from '../../walk.ts';
import { decide, single } from '../bodies/evaluate.ts';
import type { Site } from '../values/context.ts';
import type { Frame } from '../values/frame.ts';
import { showNumber } from '../values/number.ts';
import { lookup } from '../values/scope.ts';
import { learn } from '../values/sizes.ts';

export function require<V>(site: Site<V, ast.Require>): void {
  const { frame } = site;
  const { test, message } = site.node;
  const holds = decide(site.at(test));
  if (holds === undefined) return;
  if (holds) learnFrom(site.at(test));
  else {
    const values = valuesIn(frame, test);
    site.at(test).fail('N317', message.value, {
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

function learnFrom<V>(site: Site<V, ast.Expr>): void {
  const { cx, node: test } = site;
  if (test.kind !== 'Binary') return;
  if (test.op === 'and') {
    learnFrom(site.at(test.left));
    learnFrom(site.at(test.right));
  }
  if (test.op !== '==') return;
  const [left, right] = [single(site.at(test.left)), single(site.at(test.right))];
  if (left.kind === 'number' && right.kind === 'number' && left.dim && right.dim) {
    learn(cx.sizes, left.dim, right.dim);
  }
}
