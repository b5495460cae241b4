/** JSON from a stranger: bounded in depth, and a name that stands twice in one object is refused. */

import type { Json } from './checkpoint.ts';

export type Parsed = { readonly value: Json } | { readonly problem: string };

const limits = { depth: 100 } as const;

/** `python` reads what Python's json module writes bare: NaN becomes null, as JavaScript writes it, Infinity stays what it is. */
export function parseJson(text: string, { python = false } = {}): Parsed {
  const problem = scan(text);
  if (problem) return { problem };
  try {
    return { value: JSON.parse(python ? inJson(text) : text) as Json }; // JSON.parse makes nothing else
  } catch (cause) {
    return { problem: cause instanceof Error ? cause.message.slice(0, 200) : 'not JSON' };
  }
}

/** No number that JSON can write is as large as 1e999. */
const inJson = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/gs, (token) =>
    token.startsWith('"') ? token : token.endsWith('NaN') ? 'null' : token.replace('Infinity', '1e999'),
  );

/** Follows brackets and names only; whether it is JSON at all is left to the parser. */
function scan(text: string): string | undefined {
  const names: (Set<string> | undefined)[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[[\]{}]/gsy;
  const skip = /[^"[\]{}]*/gy;
  for (let at = 0; at < text.length; at = token.lastIndex) {
    skip.lastIndex = at;
    skip.exec(text);
    token.lastIndex = skip.lastIndex;
    if (token.lastIndex >= text.length) return undefined;
    const found = token.exec(text);
    if (!found) return undefined; // an open string; the parser says where
    const [word, colon] = found;
    if (word === '{' || word === '[') names.push(word === '{' ? new Set() : undefined);
    else if (word === '}' || word === ']') names.pop();
    else if (colon) {
      const name = word.slice(0, -colon.length);
      const known = names.at(-1);
      const plain = name.includes('\\') ? unescaped(name) : name.slice(1, -1);
      if (known?.has(plain)) return `the name ${JSON.stringify(plain)} stands twice`;
      known?.add(plain);
    }
    if (names.length > limits.depth) return `nested more than ${limits.depth} deep`;
  }
  return undefined;
}

function unescaped(name: string): string {
  try {
    return String(JSON.parse(name));
  } catch {
    return name;
  }
}
