/** Expressions, types and signatures as the formatter writes them. */

import type { Argument, Binary, Ellipsis, Expr, Shape, Signature, Slice, Text, Type, Word } from './ast.ts';
import { align, type Doc, fill, group, line, listed } from './pretty.ts';

/** Precedence of each kind of expression; kinds that are missing never need parentheses. */
const precedences: Readonly<Record<string, number>> = {
  If: 0,
  or: 1,
  and: 2,
  not: 3,
  '==': 4,
  '!=': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '//': 6,
  '%': 6,
  '@': 6,
  negative: 7,
  '**': 8,
  Call: 9,
  Select: 9,
  Index: 9,
  As: 9,
};
const tightestPrecedence = 10;

function precedenceOf(e: Expr): number {
  if (e.kind === 'Binary') return precedences[e.op] ?? tightestPrecedence;
  if (e.kind === 'Unary') return precedences[e.op === 'not' ? 'not' : 'negative'] ?? tightestPrecedence;
  return precedences[e.kind] ?? tightestPrecedence;
}

/** Whether an expression was written in parentheses: they are no nodes, but a node's span includes them. */
const wasEnclosed = (e: Binary): boolean => e.span.start < e.left.span.start;

/** An operand, with parentheses where they are needed; where they only help a reader they stay if they were written. */
function operand(e: Expr, least: number, op: string): Doc {
  const helped = e.kind === 'Binary' && e.op !== op && wasEnclosed(e);
  return precedenceOf(e) >= least && !helped ? expr(e) : ['(', align(expr(e)), ')'];
}

export function expr(e: Expr): Doc {
  switch (e.kind) {
    case 'If':
      return conditional(e);
    case 'Binary':
      return chain(e);
    case 'Unary':
      if (e.op === 'not') return ['not ', operand(e.operand, precedenceOf(e), 'not')];
      return ['-', operand(e.operand, precedenceOf(e) + 1, 'negative')];
    case 'Call':
    case 'Select':
    case 'Index':
    case 'As':
      return postfix(e);
    case 'Number':
      return e.text;
    case 'Text':
      return quoted(e);
    case 'Bool':
      return String(e.value);
    case 'None':
      return 'none';
    case 'Name':
      return e.text;
    case 'DType':
      return e.dtype;
    case 'List':
      return ['[', align(listed(e.items.map(expr))), ']'];
    case 'Comprehension': {
      const loop = ['for ', names(e.binder), ' in ', expr(e.over)];
      const when = e.when ? [line, 'if ', expr(e.when)] : [];
      return ['[', align(group(expr(e.body), line, loop, when)), ']'];
    }
  }
}

function conditional(e: Expr & { readonly kind: 'If' }): Doc {
  return align(group('if ', expr(e.test), line, 'then ', expr(e.then), line, 'else ', expr(e.else)));
}

/** Operators of equal precedence in a row are one chain of any length. */
function chain(e: Binary): Doc {
  const strength = precedenceOf(e);
  if (e.op === '**') {
    return [operand(e.left, strength + 1, e.op), ' ** ', operand(e.right, strength - 1, e.op)];
  }
  const compares = strength === precedences['=='];
  const pieces: { readonly doc: Doc }[] = [];
  let left: Expr = e;
  while (left.kind === 'Binary' && precedenceOf(left) === strength && (left === e || !endsChain(left, e))) {
    pieces.push({ doc: [left.op, ' ', operand(left.right, strength + 1, left.op)] });
    left = left.left;
    if (compares) break;
  }
  pieces.push({ doc: operand(left, compares ? strength + 1 : strength, e.op) });
  return align(fill(pieces.reverse()));
}

/** `(a * b) @ c` keeps its parentheses. */
const endsChain = (left: Binary, whole: Binary): boolean => left.op !== whole.op && wasEnclosed(left);

function postfix(e: Expr): Doc {
  const parts: Doc[] = [];
  let inner = e;
  for (;;) {
    if (inner.kind === 'Call') parts.push(call(inner.args));
    else if (inner.kind === 'Select') parts.push(['.', inner.name.text]);
    else if (inner.kind === 'Index') parts.push(['[', align(listed(inner.subscripts.map(subscript))), ']']);
    else if (inner.kind === 'As') parts.push([' as ', shape(inner.shape)]);
    else break;
    const next: Expr = inner.kind === 'Call' ? inner.callee : inner.object;
    // `1.y` would be a malformed number
    if (inner.kind === 'Select' && next.kind === 'Number') return [['(', next.text, ')'], ...parts.reverse()];
    inner = next;
  }
  parts.push(operand(inner, precedences['Call'] ?? tightestPrecedence, 'Call'));
  return parts.reverse();
}

/** `(a, b=c)` */
export function call(args: readonly Argument[]): Doc {
  return ['(', align(listed(args.map((a) => [a.name ? `${a.name.text}=` : '', align(expr(a.value))]))), ')'];
}

function subscript(e: Ellipsis | Slice | Expr): Doc {
  if (e.kind === 'Ellipsis') return '...';
  if (e.kind !== 'Slice') return expr(e);
  const parts = [e.start, e.stop, ...(e.step ? [e.step] : [])];
  if (!parts.every(isShort)) return spaced(parts);
  return parts.flatMap((part, i) => [i > 0 ? ':' : '', part ? tight(part) : '']);
}

const spaced = (parts: readonly (Expr | undefined)[]): Doc =>
  parts.flatMap((part, i) => [
    i === 0 ? '' : parts[i - 1] ? ' :' : ':',
    part ? [i === 0 ? '' : ' ', expr(part)] : '',
  ]);

/** `e:e+1` is written tight, `lo : hi * n + 1` with room. */
const isShort = (e: Expr | undefined): boolean =>
  !e || (e.kind === 'Binary' ? isAtom(e.left) && isAtom(e.right) && precedenceOf(e) >= 5 : isAtom(e));
const isAtom = (e: Expr): boolean =>
  precedenceOf(e) === tightestPrecedence ||
  (e.kind === 'Unary' && e.op === '-' && precedenceOf(e.operand) === tightestPrecedence);
const tight = (e: Expr): Doc =>
  e.kind === 'Binary' && e.right.kind !== 'Unary' ? [expr(e.left), e.op, expr(e.right)] : expr(e);

export function type(t: Type): Doc {
  return [t.dtype === 'float' ? '' : t.dtype, shape(t.shape)];
}

function shape(s: Shape): Doc {
  return ['[', align(listed(s.sizes.map((e) => (e.kind === 'Ellipsis' ? '...' : expr(e))))), ']'];
}

/** `(x: [B, T, dim], n = 2) -> [B, T, dim]` */
export function signature({ inputs, outputs }: Signature): Doc {
  const taken = inputs.map((i) => [
    i.name.text,
    i.type ? [': ', type(i.type)] : '',
    i.value ? [' = ', expr(i.value)] : '',
  ]);
  const given = outputs.map((o) => [o.name ? `${o.name.text}: ` : '', type(o.type)]);
  const result = given.length > 1 ? ['(', align(listed(given)), ')'] : given;
  return ['(', align(listed(taken)), ')', given.length > 0 ? [' -> ', result] : ''];
}

export const names = (words: readonly Word[]): string => words.map((w) => w.text).join(', ');

const escapes: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t' };
export const quoted = ({ value }: Text): string => `"${value.replace(/["\\\n\t]/g, (c) => escapes[c] ?? c)}"`;
