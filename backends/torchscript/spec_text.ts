/** What the text of a spec says about a graph: names of blocks, names of values, and the lines they come from. */

import type { Origin } from '../../compiler/graph/ir.ts';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { AnyNode, Assign, Block, Expr, Item, Model } from '../../spec/ast.ts';
import { prelude } from '../../spec/generated/prelude.ts';
import { append } from '../../spec/long_list.ts';
import { parse } from '../../spec/parse.ts';
import { position, type Source, type Span } from '../../spec/source.ts';
import { walk } from '../../spec/walk.ts';

export interface SpecText {
  /** `Attention` for `transformer.h.3.attn`; undefined where the path leads to no block. */
  blockName(scope: string): string | undefined;
  /** `nanochat.nanospec:31`, when the origin lies in the text of that block. */
  lineOf(scope: string, origins: readonly Origin[]): string | undefined;
  /** Names that the text gives to the operands of an expression, as the block `reader` sees them. */
  operandNames(reader: string, origins: readonly Origin[]): readonly OperandName[];
  /** Names of the inputs in the forward of a block. */
  inputNames(scope: string): readonly string[];
  /** The name that the text assigns the value to. */
  assignedName(scope: string, origins: readonly Origin[]): string | undefined;
  /** Whether a name is given to a value that already has one: `x0 = x`. */
  isAlias(name: string): boolean;
}

/** The name of operand `at` of an expression that has `of` operands. */
export interface OperandName {
  readonly at: number;
  readonly of: number;
  readonly name: string;
}

interface Indexed {
  readonly exprs: ReadonlyMap<string, Expr>;
  readonly assigned: ReadonlyMap<string, string>;
}

type Owner = Model | Block;

export function specText({ spec }: Manifest): SpecText {
  const sources: Source[] = [
    { name: spec.name, text: spec.text },
    ...Object.entries(spec.includes).map(([name, text]) => ({ name, text })),
    { name: 'prelude.nanospec', text: prelude },
  ];
  const trees = sources.map((s) => parse(s).value).filter((tree) => tree !== undefined);
  const byText = new Map(trees.map((tree) => [tree.source.text, index(tree)]));
  const nodes = trees.flatMap((tree) => [...walk(tree)]);
  const blocks = new Map<string, Block>();
  for (const node of nodes)
    if (node.kind === 'Block' && !blocks.has(node.name.text)) blocks.set(node.name.text, node);
  const model = trees[0]?.declarations.find((d) => d.kind === 'Model');
  const aliases = new Set(nodes.filter(isAlias).flatMap((a) => a.targets.map((t) => t.name.text)));
  const places = new Map<string, MemberPlace | undefined>();
  const placeOf = (scope: string): MemberPlace | undefined => {
    if (!places.has(scope)) places.set(scope, model && follow(model, scope, blocks));
    return places.get(scope);
  };
  const isIn = ({ span }: Origin, owner: Owner | undefined): boolean =>
    owner !== undefined &&
    owner.span.source.text === span.source.text &&
    owner.span.start <= span.start &&
    span.end <= owner.span.end;
  const lookup = ({ span }: Origin): Indexed | undefined => byText.get(span.source.text);
  return {
    blockName: (scope) => placeOf(scope)?.name,
    lineOf(scope, origins) {
      const owner = placeOf(scope)?.owner;
      const own =
        origins.find((o) => o.scope === scope && isIn(o, owner)) ?? origins.find((o) => isIn(o, owner));
      return own && `${baseName(own.span.source.name)}:${position(own.span.source, own.span.start).line}`;
    },
    inputNames(scope) {
      const owner = placeOf(scope)?.owner;
      const forward = owner && itemsOf(owner).find((item) => item.kind === 'Forward');
      return forward ? forward.signature.inputs.map((i) => i.name.text) : [];
    },
    operandNames(reader, origins) {
      const owner = placeOf(reader)?.owner;
      const found: OperandName[] = [];
      for (const origin of origins) {
        if (!isIn(origin, owner) && origin.scope !== reader) continue;
        const expr = lookup(origin)?.exprs.get(key(origin.span));
        if (expr) append(found, operandsOf(expr));
      }
      return found;
    },
    assignedName(scope, origins) {
      const owner = placeOf(scope)?.owner;
      for (const origin of origins) {
        const name = isIn(origin, owner) ? lookup(origin)?.assigned.get(key(origin.span)) : undefined;
        if (name !== undefined) return name;
      }
      return undefined;
    },
    isAlias: (name) => aliases.has(name),
  };
}

const key = ({ start, end }: Span): string => `${start}:${end}`;
const baseName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

const isAlias = (node: AnyNode): node is Assign =>
  node.kind === 'Assign' && node.values.length === 1 && node.values[0]!.kind === 'Name';

const operandKinds = ['Call', 'Binary', 'Unary', 'Index', 'As', 'Select', 'If'];

function index(tree: AnyNode): Indexed {
  const exprs = new Map<string, Expr>();
  const assigned = new Map<string, string>();
  for (const node of walk(tree)) {
    if (operandKinds.includes(node.kind)) exprs.set(key(node.span), node as Expr); // these kinds are expressions
    if (node.kind !== 'Assign' || node.values.length !== node.targets.length) continue;
    node.values.forEach((value, i) => void assigned.set(key(value.span), node.targets[i]!.name.text));
  }
  return { exprs, assigned };
}

/** The names among the operands of an expression. */
function operandsOf(expr: Expr): OperandName[] {
  const parts =
    expr.kind === 'Call'
      ? expr.args.filter((a) => !a.name).map((a) => a.value)
      : expr.kind === 'Binary'
        ? [expr.left, expr.right]
        : expr.kind === 'Unary'
          ? [expr.operand]
          : expr.kind === 'Index' || expr.kind === 'As'
            ? [expr.object]
            : [];
  return parts.flatMap((part, at) =>
    part.kind === 'Name' ? [{ at, of: parts.length, name: part.text }] : [],
  );
}

interface MemberPlace {
  readonly name: string;
  /** Undefined for a built-in block. */
  readonly owner: Owner | undefined;
}

/** Follows a path from member to member. */
function follow(model: Model, scope: string, blocks: ReadonlyMap<string, Block>): MemberPlace | undefined {
  let place: MemberPlace = { name: model.name.text, owner: model };
  let rest = scope;
  while (rest !== '') {
    const found = place.owner && memberAt(itemsOf(place.owner), rest);
    if (!found) return undefined;
    place = { name: found.block, owner: blocks.get(found.block) };
    rest = found.rest;
  }
  return place;
}

const itemsOf = (owner: Owner): readonly AnyNode[] => (owner.kind === 'Model' ? owner.body : owner.items);

function memberAt(
  items: readonly AnyNode[],
  path: string,
): { readonly block: string; readonly rest: string } | undefined {
  for (const item of items) {
    if (item.kind === 'Branch') {
      const inside = memberAt([...item.then, ...(item.else ?? [])] as readonly Item[], path);
      if (inside) return inside;
    }
    if (item.kind !== 'Member' || item.type.kind !== 'Construct') continue;
    const own = item.path.words.map((w) => w.text).join('.');
    const rest = childName(path, own, item.indices !== undefined);
    if (rest !== undefined) return { block: item.type.path.words.at(-1)!.text, rest };
  }
  return undefined;
}

/** The rest of a path below a member: for `h.3.attn` and a numbered member `h` it is `attn`. */
function childName(path: string, own: string, numbered: boolean): string | undefined {
  if (path !== own && !path.startsWith(`${own}.`)) return undefined;
  const rest = path.slice(own.length + 1);
  if (!numbered) return rest;
  const match = /^\d+(?:\.(.*))?$/.exec(rest);
  return match ? (match[1] ?? '') : undefined;
}
