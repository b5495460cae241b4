/** The graph as text, for people and for golden files: one line a node, in order, the same text for the same graph. */

import { show, showShape } from '../../spec/dim.ts';
import type { Attr, Attrs } from '../../spec/op.ts';
import type { Origin } from '../../spec/sink.ts';
import { product, type Tensor } from '../../spec/tensor.ts';
import { showType } from '../../spec/type.ts';
import { attrText, digest, isDim, isInner, isTensor } from './attr_text.ts';
import type { Graph, Node, Port } from './ir.ts';
import { scanOf } from './scan_body.ts';
import { commonScope } from './scope.ts';

/**
 * ```
 * graph tiny
 * input  input_ids: int64[B, T]
 * port   past_key_values.0.key -> present.0.key: append float32[B, 1, P, 4] axis=2 fill=0, h.0.k
 *   %2 = gather(%0, %1): float32[B, T, 8]  # wte
 * output logits = %2
 * ```
 */
export function printGraph(graph: Graph): string {
  const { name, nodes, inputs, outputs, ports, caches, origins } = graph;
  return [
    `graph ${name}`,
    ...inputs.map((i) => `input  ${i.name}: ${showType(i.type)}`),
    ...[...caches.values()].map(({ name: port, type, last, fill }) => {
      const kept = last === undefined ? 'all' : `last=${last} fill=${number(fill)}`;
      return `cache  ${port}: ${showType(type)} ${kept}`;
    }),
    ...ports.map(portLine),
    ...nodes.flatMap((node) => [`  ${nodeLine(node, origins[node.id] ?? [])}`, ...stepLines(node)]),
    ...outputs.map((o) => `output ${o.name} = %${o.node}`),
  ].join('\n');
}

/** The step of a scan, deeper than the node. */
const stepLines = (node: Node): readonly string[] =>
  node.op === 'scan'
    ? printGraph(scanOf(node).body.graph)
        .split('\n')
        .map((line) => `    | ${line}`)
    : [];

function portLine({ decl, rule, input, output, type, axis, fill }: Port): string {
  const along = axis === undefined ? '' : ` axis=${axis}`;
  return `port   ${input} -> ${output}: ${rule} ${showType(type)}${along} fill=${number(fill)}, ${decl.name}`;
}

function nodeLine({ id, op, inputs, attrs, type }: Node, from: readonly Origin[]): string {
  const operands = inputs.length > 0 ? `(${inputs.map((i) => `%${i}`).join(', ')})` : '';
  const shown = attributes(attrs);
  const place = placeText(from);
  return `%${id} = ${op}${operands}${shown ? ` ${shown}` : ''}: ${showType(type)}${place ? `  # ${place}` : ''}`;
}

/** `transformer.h.3.mlp`, `softcap`: the scope, and what the node was expanded through; of a shared node what is common. */
function placeText(from: readonly Origin[]): string {
  const scope = commonScope(from);
  const ways = new Set(from.map((o) => o.via.join('.')));
  const [via = ''] = ways.size === 1 ? ways : [];
  return [scope, via].filter((part) => part !== '').join(' ');
}

const attributes = (attrs: Attrs): string =>
  Object.keys(attrs)
    .sort()
    .map((name) => `${name}=${attribute(attrs[name]!)}`)
    .join(' ');

const number = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

/** A list of more elements is shown by its first, its last and a hash. */
const longestListShown = 8;

function attribute(attr: Attr): string {
  if (typeof attr === 'number') return number(attr);
  if (typeof attr === 'string') return JSON.stringify(attr);
  if (attr === null || typeof attr === 'boolean') return String(attr);
  if (isDim(attr)) return show(attr);
  if (isTensor(attr)) return tensorText(attr);
  if (isInner(attr)) return 'step';
  if (attr.every((a) => typeof a === 'object' && a !== null && isDim(a)))
    return showShape(attr.filter(isDim));
  if (attr.length <= longestListShown) return `[${attr.map(attribute).join(', ')}]`;
  const mark = shortMark(attrText({ attr }));
  return `[${attribute(attr[0]!)}, ..., ${attribute(attr.at(-1)!)}; ${attr.length} #${mark}]`;
}

function tensorText(tensor: Tensor): string {
  const type = `${tensor.dtype}[${tensor.shape.join(', ')}]`;
  return product(tensor.shape) <= longestListShown
    ? `${type}{${[...tensor.data].map(number).join(', ')}}`
    : `${type}{#${digest(tensor).slice(0, 8)}}`;
}

/** A short hash that tells long lists apart; FNV-1a is enough for that. */
function shortMark(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
