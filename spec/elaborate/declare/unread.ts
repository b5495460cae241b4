/** Warns about what a spec declares and never uses, since a part that is forgotten in a `forward` silently gives wrong numbers. */

import type * as ast from '../../ast.ts';
import { type Diagnostic, warning } from '../../diagnostic.ts';
import type { ParamDecl } from '../../sink.ts';
import { walk } from '../../walk.ts';

type Body = ast.Function | ast.Forward;

/** Locals that are assigned and never read. A name that begins with `_` says that this is meant. */
export function unreadLocals(file: ast.File): readonly Diagnostic[] {
  const bodies = [...walk(file)].filter((n): n is Body => n.kind === 'Function' || n.kind === 'Forward');
  return bodies.flatMap(unreadIn);
}

function unreadIn({ body }: Body): readonly Diagnostic[] {
  if (body.kind !== 'Statements') return [];
  const assigned = new Map<string, ast.Word>();
  const read = new Set<string>();
  for (const node of walk(body)) {
    if (node.kind === 'Name') read.add(node.text);
    if (node.kind !== 'Assign') continue;
    for (const { name } of node.targets) if (!assigned.has(name.text)) assigned.set(name.text, name);
  }
  return [...assigned.values()]
    .filter(({ text }) => !read.has(text) && !text.startsWith('_'))
    .map(({ text, span }) =>
      warning('N219', `\`${text}\` is assigned and never read`, {
        span,
        hint: `use it, or call it \`_${text}\` if it is meant to be left over`,
      }),
    );
}

/** Parameters that no `forward` reads, one warning for all that one member declares. */
export function unreadParams(
  params: Iterable<ParamDecl>,
  used: { has(path: string): boolean },
): readonly Diagnostic[] {
  const unread = new Map<string, ParamDecl[]>();
  for (const decl of params) {
    if (used.has(decl.path)) continue;
    const { source, start } = decl.span;
    const key = `${source.name}:${start}`;
    const same = unread.get(key);
    if (same) same.push(decl);
    else unread.set(key, [decl]);
  }
  return [...unread.values()].map(([first, ...more]) => {
    const { path, span } = first!;
    const what = more.length > 0 ? `\`${path}\` and ${more.length} more are` : `\`${path}\` is`;
    return warning('N220', `${what} never used`, {
      span,
      hint: 'use it in a `forward`; or leave it out, and `ignore` its tensor in the checkpoint block',
    });
  });
}
