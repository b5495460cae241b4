/** Dotted paths of blocks, members and entries: `transformer.h.3.attn`; empty at the model. */

/** The path around its last part. */
export const ownerOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('.')));

export const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/** Whether a path is another one, or leads on from it; every path is within the model. */
export const isWithin = (path: string, other: string): boolean =>
  other === '' || path === other || path.startsWith(`${other}.`);
