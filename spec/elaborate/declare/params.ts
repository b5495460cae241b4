/** The parameters that a model declares, in the order of the text. */

import { limits } from '../../limits.ts';
import type { ParamDecl } from '../../sink.ts';
import { type Site, tooLarge } from '../values/context.ts';

/** Takes a parameter down; a member that is made when something looks into it has been declared before. */
export function declareParam<V>(site: Site<V>, decl: ParamDecl): void {
  const { params, declared } = site.cx;
  if (!params.has(decl.path)) declared.push(decl);
  params.set(decl.path, decl);
  if (params.size > limits.parameters) tooLarge(site, `the model has more than ${limits.parameters} tensors`);
}
