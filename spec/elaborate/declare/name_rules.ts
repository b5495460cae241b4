/** The `checkpoint` block: where names in a checkpoint differ from those of the spec. */

import type * as ast from '../../ast.ts';
import type { NameRules } from '../../program.ts';
import { textOf } from '../../source.ts';
import { resolve, select } from '../bodies/names.ts';
import type { Site } from '../values/context.ts';
import { describeKind } from '../values/value.ts';

export function nameRules<V>(site: Site<V, ast.Model>): NameRules {
  const entries = site.node.body.flatMap((part) => (part.kind === 'Checkpoint' ? part.entries : []));
  return {
    prefixes: entries.flatMap((e) =>
      e.kind === 'Prefix' ? [{ from: e.from.value, to: e.to?.value ?? '' }] : [],
    ),
    ignore: entries.flatMap((e) => (e.kind === 'Ignore' ? e.globs.map((g) => g.value) : [])),
    tied: entries.flatMap((e) => (e.kind === 'Tied' ? tiedTo(site.at(e)) : [])),
  };
}

function tiedTo<V>(site: Site<V, ast.Tied>): NameRules['tied'] {
  const { key, path, span } = site.node;
  const [first, ...more] = path.words;
  if (!first) return [];
  const value = more.reduce((v, word) => select(site.at(word), v), resolve(site.at(first)));
  if (value.kind === 'param') return [{ key: key.value, param: value.decl.path, span }];
  if (value.kind !== 'poison') {
    site.at(path).fail('N314', `\`${textOf(path.span)}\` is ${describeKind(value)}, not a parameter`, {
      ...(value.kind === 'module' ? { hint: `name its tensor: ${textOf(path.span)}.weight` } : {}),
    });
  }
  return [];
}
