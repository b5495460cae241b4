/** Finds equal nodes: the same op on the same inputs with equal attributes; of a leaf, whose type no rule gives, the type too. */

import type { Attrs } from '../../spec/op.ts';
import { isComposite } from '../../spec/ops/index.ts';
import { isPrimitive } from '../../spec/primitives/index.ts';
import { attrText } from './attr_text.ts';
import type { Node, NodeId } from './ir.ts';

type Looked = Omit<Node, 'id'>;

export interface NodeTable {
  /** The equal node that was entered before; undefined where this is the first, which is entered as `id`. */
  enter(node: Looked, id: NodeId): NodeId | undefined;
}

/** Over the nodes of a graph, also while it is made. Passes copy whole graphs, so that no text is made for a node. */
export function nodeTable(nodes: readonly Node[]): NodeTable {
  const latest = new Map<number, NodeId>(); // by hash
  const before: (NodeId | undefined)[] = []; // the node of the same hash that was entered before a node
  return {
    enter(node, id) {
      const hash = hashOf(node);
      const last = latest.get(hash);
      for (let at = last; at !== undefined; at = before[at]) if (isEqual(nodes[at]!, node)) return at;
      latest.set(hash, id);
      before[id] = last;
      return undefined;
    },
  };
}

function isEqual(a: Looked, b: Looked): boolean {
  if (a.op !== b.op || a.inputs.length !== b.inputs.length) return false;
  for (let i = 0; i < a.inputs.length; i++) if (a.inputs[i] !== b.inputs[i]) return false;
  if (a.attrs !== b.attrs && attrText(a.attrs) !== attrText(b.attrs)) return false;
  if (a.type === b.type || isPrimitive(a.op) || isComposite(a.op)) return true;
  const [one, other] = [a.type, b.type];
  return (
    one.dtype === other.dtype &&
    one.shape.length === other.shape.length &&
    one.shape.every((d, i) => d.key === other.shape[i]!.key)
  );
}

function hashOf({ op, inputs, attrs }: Looked): number {
  let hash = Math.imul(hashOfText(op), 31) ^ hashOfAttrs(attrs);
  for (const input of inputs) hash = Math.imul(hash ^ input, 0x9e3779b1);
  return hash ^ (hash >>> 15);
}

const ofTexts = new Map<string, number>();

/** Of the name of an op, of which there are few. */
function hashOfText(text: string): number {
  const known = ofTexts.get(text);
  if (known !== undefined) return known;
  const hash = mixed(text);
  ofTexts.set(text, hash);
  return hash;
}

const ofAttrs = new WeakMap<Attrs, number>();

function hashOfAttrs(attrs: Attrs): number {
  const known = ofAttrs.get(attrs);
  if (known !== undefined) return known;
  const hash = mixed(attrText(attrs));
  ofAttrs.set(attrs, hash);
  return hash;
}

function mixed(text: string): number {
  let hash = text.length;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}
