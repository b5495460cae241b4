/** Attributes as canonical text: equal texts are equal attributes, so equal nodes can be found and shared. */

import type { Dim } from '../../spec/dim.ts';
import type { Attr, Attrs, Inner } from '../../spec/op.ts';
import type { Tensor } from '../../spec/tensor.ts';
import { sha256 } from '../bytes/sha256.ts';

export const isDim = (attr: Attr): attr is Dim => typeof attr === 'object' && attr !== null && 'key' in attr;

export const isInner = (attr: Attr): attr is Inner =>
  typeof attr === 'object' && attr !== null && 'inner' in attr;

export const isList = (attr: Attr): attr is readonly Attr[] => Array.isArray(attr);

export const isTensor = (attr: Attr): attr is Tensor =>
  typeof attr === 'object' && attr !== null && 'data' in attr;

const digests = new WeakMap<Tensor, string>();

/** sha256 over dtype, shape and bytes. */
export function digest(tensor: Tensor): string {
  let found = digests.get(tensor);
  if (!found) {
    const { dtype, shape, data } = tensor;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    found = sha256()
      .update(`${dtype}[${shape.join(',')}]`)
      .update(bytes)
      .hex();
    digests.set(tensor, found);
  }
  return found;
}

function text(attr: Attr): string {
  if (typeof attr === 'number') return Object.is(attr, -0) ? '-0' : String(attr);
  if (typeof attr === 'string') return JSON.stringify(attr);
  if (attr === null || typeof attr === 'boolean') return String(attr);
  if (isDim(attr)) return `<${attr.key}>`;
  if (isTensor(attr)) return digest(attr);
  if (isInner(attr)) return `program ${attr.inner}`;
  return `[${attr.map(text).join(',')}]`;
}

const texts = new WeakMap<Attrs, string>();

/** In the order of the names, so that the order of writing does not matter. Attributes are never changed, so it is made once. */
export function attrText(attrs: Attrs): string {
  let found = texts.get(attrs);
  if (found === undefined) {
    const names = Object.keys(attrs);
    if (names.length > 1) names.sort();
    found = names.map((name) => `${name}=${text(attrs[name]!)}`).join(' ');
    texts.set(attrs, found);
  }
  return found;
}
