/** Ops that a program adds while it runs, such as those of a plugin; the table beside this file stays what it is. */

import type { Attrs, Op } from '../op.ts';

const added = new Map<string, Op<Attrs>>();

export const addedOp = (name: string): Op<Attrs> | undefined => added.get(name);

export const addedOps = (): readonly string[] => [...added.keys()];

/** The same op again is no harm; another one of that name is for the caller to refuse. */
export function addOp(op: Op<Attrs>): void {
  added.set(op.name, op);
}
