/** Substitutes sizes for names everywhere in a node: in its attributes and, where no rule infers it, in its type. */

import { type Dim, substitute } from '../../spec/dim.ts';
import type { Attr, Attrs } from '../../spec/op.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import { isDim, isList } from './attr_text.ts';

export type Replace = (name: string) => Dim | undefined;

/** Most sizes name nothing that is replaced, and stay the same object. */
const inDim = (dim: Dim, replace: Replace): Dim =>
  dim.terms.some((t) => t.powers.some(([name]) => replace(name))) ? substitute(dim, replace) : dim;

const isTouched = (attr: Attr): boolean => isDim(attr) || isList(attr);

const inAttr = (attr: Attr, replace: Replace): Attr => {
  if (isDim(attr)) return inDim(attr, replace);
  return isList(attr) ? attr.map((a) => inAttr(a, replace)) : attr;
};

export const substituteAttrs = (attrs: Attrs, replace: Replace): Attrs =>
  !Object.values(attrs).some(isTouched)
    ? attrs
    : Object.fromEntries(Object.entries(attrs).map(([name, attr]) => [name, inAttr(attr, replace)]));

/** The type itself where nothing is replaced in it. */
export function substituteType(type: TensorType<GraphDType>, replace: Replace): TensorType<GraphDType> {
  const shape = type.shape.map((d) => inDim(d, replace));
  return shape.every((d, i) => d === type.shape[i]) ? type : { dtype: type.dtype, shape };
}
