/** Identifiers of the code, and expressions for attributes whose names are no identifiers. */

const reserved = new Set(
  (
    'and as assert break class continue def del elif else False for global if import in is None not or pass raise return ' +
    'True while with torch ops self Tensor int float bool str len range min max sum print zip enumerate getattr isinstance ' +
    'annotate uninitialized unchecked_cast inf nan CONSTANTS List Dict Tuple Optional Any Module'
  ).split(' '),
);

export const isIdentifier = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name) && !reserved.has(name);

/** `name`, or `name_1`, `name_2`, ... when it is taken. */
export function freeName(name: string, taken: (name: string) => boolean): string {
  const word = name.replace(/\W/g, '_');
  const base = isIdentifier(word) ? word : `_${word}`;
  if (!taken(base)) return base;
  for (let i = 1; ; i++) if (!taken(`${base}_${i}`)) return `${base}_${i}`;
}

/** `self.transformer.h` and `3` -> `getattr(self.transformer.h, "3")` */
export const attribute = (object: string, name: string): string =>
  isIdentifier(name) ? `${object}.${name}` : `getattr(${object}, ${JSON.stringify(name)})`;

/** The expression for a module or slot at a path below `self`. */
export const memberPath = (path: string): string =>
  path === '' ? 'self' : path.split('.').reduce((object, name) => attribute(object, name), 'self');
