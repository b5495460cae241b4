/** Files: their blocks and functions, and what they include. */

import type * as ast from '../../ast.ts';
import { error } from '../../diagnostic.ts';
import { limits } from '../../limits.ts';
import { parse } from '../../parse.ts';
import { reportTaken, takeName } from '../bodies/declared.ts';
import { type Context, Site } from '../values/context.ts';
import { outermostFrame } from '../values/frame.ts';
import { preludeFile } from '../values/prelude.ts';
import { report } from '../values/reports.ts';
import { makeScope } from '../values/scope.ts';
import { type Declared, poison, type Scope, type Value } from '../values/value.ts';

export function preludeScope<V>(): Scope<V> {
  const scope = makeScope<V>('prelude', undefined);
  for (const d of preludeFile().declarations) {
    if (d.kind === 'Block') scope.names.set(d.name.text, { kind: 'block', decl: d, scope });
    if (d.kind === 'Function') scope.names.set(d.name.text, { kind: 'function', decl: d, scope });
  }
  return scope;
}

/** Files that are being read, by name, and the scopes of files that have been read. */
export interface Reading<V> {
  readonly open: readonly string[];
  readonly known: Map<string, Scope<V>>;
}

const what = { Block: 'a block', Function: 'a function', Include: 'an included file' } as const;

export function fileScope<V>(
  cx: Context<V>,
  file: ast.File,
  prelude: Scope<V>,
  reading: Reading<V> = { open: [file.source.name], known: new Map() },
): Scope<V> {
  const declared = new Map<string, Declared>();
  const scope = makeScope('file', prelude, declared);
  const site = new Site(cx, outermostFrame(scope), file);
  for (const d of file.declarations) {
    if (d.kind === 'Model') continue;
    const first = declared.get(d.name.text);
    if (first) reportTaken(site.at(d.name), first);
    else if (takeName(site.at(d.name), scope)) {
      declared.set(d.name.text, {
        span: d.name.span,
        what: `${what[d.kind]} of this file`,
        ...(d.kind === 'Block' ? { isBlock: true } : {}),
      });
      scope.names.set(d.name.text, declaredValue(site.at(d), prelude, reading));
    }
  }
  return scope;
}

function declaredValue<V>(
  site: Site<V, ast.Block | ast.Function | ast.Include>,
  prelude: Scope<V>,
  reading: Reading<V>,
): Value<V> {
  const { frame, node: d } = site;
  if (d.kind === 'Block') return { kind: 'block', decl: d, scope: frame.scope };
  if (d.kind === 'Function') return { kind: 'function', decl: d, scope: frame.scope };
  return included(site.at(d), prelude, reading);
}

function included<V>(site: Site<V, ast.Include>, prelude: Scope<V>, { open, known }: Reading<V>): Value<V> {
  const { cx } = site;
  const { path, name } = site.node;
  const source = cx.options.include(path.value, path.span.source.name);
  if (!source) {
    return site.at(path).fail('N211', `there is no file \`${path.value}\``, {
      hint: 'paths are relative to the file that includes; specs that ship are found by their names',
    });
  }
  if ('refused' in source) {
    const { refused, hint } = source;
    return site.at(path).fail('N221', `\`${path.value}\` ${refused}`, hint === undefined ? {} : { hint });
  }
  if (open.includes(source.name) || open.length > limits.includes) {
    return site.at(path).fail('N210', `\`${path.value}\` includes itself`, {
      found: [...open.slice(open.indexOf(source.name)), source.name].join(' -> '),
      hint: 'move what both need to a third file',
    });
  }
  let scope = known.get(source.name);
  if (!scope) {
    const parsed = parse(source);
    for (const d of parsed.diagnostics) report(cx, d);
    if (!parsed.value) {
      if (parsed.diagnostics.length === 0) report(cx, error('N102', `\`${path.value}\` does not parse`));
      return poison;
    }
    scope = fileScope(cx, parsed.value, prelude, { open: [...open, source.name], known });
    known.set(source.name, scope);
  }
  return { kind: 'include', name: name.text, scope };
}
