/** An operator as the page of `nanoc inspect --html` shows it. */

import type { Graph, Node } from '../../compiler/graph/ir.ts';
import { type Dim, show } from '../../spec/dim.ts';
import type { Attr } from '../../spec/op.ts';
import { position, type Source, type Span } from '../../spec/source.ts';
import { showType } from '../../spec/type.ts';
import { groupKeys } from './group_keys.ts';

export interface Step {
  readonly kind: 'op';
  readonly id: number;
  /** Ids of the same operator in the layers that this one stands for. */
  readonly also: readonly number[];
  readonly op: string;
  /** It takes much of the arithmetic. */
  readonly isHeavy: boolean;
  /** A parameter's path, an input's name, or attributes in a few words. */
  readonly detail: string;
  /** `float32[B, T, 768]` */
  readonly type: string;
  /** Names and types of its inputs. */
  readonly inputs: readonly { readonly id: number; readonly label: string }[];
  /** Where it was written: `file:line`, the file by its place in `Drawing.files`, from 0, and the line from 1. */
  readonly line: string;
}

interface Place {
  /** Path of the block, which is left out of the names of its parameters. */
  readonly scope: string;
  readonly isHeavy: boolean;
  /** Files that steps come from; a new one is appended. */
  readonly files: Source[];
}

export function stepOf(graph: Graph, node: Node, { scope, isHeavy, files }: Place): Step {
  const inputs = inputsOf(graph, node, scope);
  const line = lineOf(graph.origins[node.id]![0]?.span, files);
  return {
    ...{ kind: 'op', id: node.id, also: [], op: node.op, isHeavy, detail: detailOf(node) },
    ...{ type: showType(node.type), inputs, line },
  };
}

/** Parameters of a list that look alike, such as those of experts, are one. */
function inputsOf({ nodes }: Graph, { inputs }: Node, scope: string): Step['inputs'] {
  const all = inputs.map((id, i) => {
    const label = labelOf(nodes[id]!, scope);
    const [key = label, traits = ''] = nodes[id]!.op === 'param' ? label.split(': ') : [`#${i}`, label];
    return { id, label, key, traits };
  });
  return groupKeys(all).map(({ name, members: [first, ...more] }) => ({
    id: first!.id,
    label: more.length > 0 && first!.key !== name ? `${name}: ${first!.traits}` : first!.label,
  }));
}

function lineOf(span: Span | undefined, files: Source[]): string {
  if (!span) return '';
  const known = files.findIndex(({ name }) => name === span.source.name);
  const file = known < 0 ? files.push(span.source) - 1 : known;
  return `${file}:${position(span.source, span.start).line}`;
}

function labelOf(node: Node, scope: string): string {
  if (node.op === 'scalar') return String(node.attrs['value']);
  if (node.op === 'constant') return 'constant';
  const name = node.attrs['name'];
  if (typeof name !== 'string') return `%${node.id}: ${showType(node.type)}`;
  return `${name.startsWith(`${scope}.`) ? name.slice(scope.length + 1) : name}: ${showType(node.type)}`;
}

const detailOf = ({ attrs }: Node): string =>
  Object.entries(attrs)
    .flatMap(([key, value]) => {
      const text = attrText(value);
      return text === '' ? [] : [key === 'name' ? text : `${key}=${text}`];
    })
    .join(' ');

function attrText(value: Attr): string {
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map(attrText).join(', ')}]`;
  return 'key' in value ? show(value as Dim) : '';
}
