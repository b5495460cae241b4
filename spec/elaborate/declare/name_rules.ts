/** The `checkpoint` block: where names in a checkpoint differ from those of the spec. */

import type * as ast from '../../ast.ts';
import type { NameRules } from '../../program.ts';
import { textOf } from '../../source.ts';
import { resolve, select } from '../bodies/names.ts';
import { type Context, type Frame, fail } from '../values/context.ts';
import { describeKind } from '../values/value.ts';

export function nameRules<V>(
  cx: Context<V>,
  frame: Frame<V>,
  entries: ast.CheckpointBlock['entries'],
): NameRules {
  return {
    prefixes: entries.flatMap((e) =>
      e.kind === 'Prefix' ? [{ from: e.from.value, to: e.to?.value ?? '' }] : [],
    ),
    ignore: entries.flatMap((e) => (e.kind === 'Ignore' ? e.globs.map((g) => g.value) : [])),
    tied: entries.flatMap((e) => (e.kind === 'Tied' ? tiedTo(cx, frame, e) : [])),
  };
}

function tiedTo<V>(cx: Context<V>, frame: Frame<V>, { key, path, span }: ast.Tied): NameRules['tied'] {
  const [first, ...more] = path.words;
  if (!first) return [];
  const value = more.reduce((v, word) => select(cx, frame, v, word), resolve(cx, frame, first));
  if (value.kind === 'param') return [{ key: key.value, param: value.decl.path, span }];
  if (value.kind !== 'poison') {
    fail(cx, frame, path, 'N314', `\`${textOf(path.span)}\` is ${describeKind(value)}, not a parameter`, {
      ...(value.kind === 'module' ? { hint: `name its tensor: ${textOf(path.span)}.weight` } : {}),
    });
  }
  return [];
}
