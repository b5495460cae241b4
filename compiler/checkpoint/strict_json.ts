/** Parses JSON from an untrusted file: bounded in depth, and an object with the same name twice is refused. */

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
function inJson(text: string): string {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const open = quote < 0 ? text.length : quote;
    parts.push(
      text
        .slice(at, open)
        .replace(/-?\b(?:NaN|Infinity)\b/g, (word) =>
          word.endsWith('NaN') ? 'null' : word.replace('Infinity', '1e999'),
        ),
    );
    at = open < text.length ? stringEnd(text, open) : open;
    parts.push(text.slice(open, at));
  }
  return parts.join('');
}

/** After the string that begins at `open`. No regular expression: one that repeats a choice fills the stack with long strings. */
function stringEnd(text: string, open: number): number {
  for (let quote = text.indexOf('"', open + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let before = quote - 1;
    while (text[before] === '\\') before--;
    if ((quote - before) % 2 === 1) return quote + 1;
  }
  return text.length;
}

/** Looks at brackets and names only; whether the text is JSON is left to the parser. */
function scan(text: string): string | undefined {
  const names: (Set<string> | undefined)[] = [];
  const skip = /[^"[\]{}]*/gy;
  const colon = /\s*:/y;
  for (let at = 0; at < text.length; ) {
    skip.lastIndex = at;
    skip.exec(text);
    const start = skip.lastIndex;
    const first = text[start];
    if (first === undefined) return undefined;
    at = start + 1;
    if (first === '{' || first === '[') names.push(first === '{' ? new Set() : undefined);
    else if (first === '}' || first === ']') names.pop();
    else {
      at = stringEnd(text, start);
      colon.lastIndex = at;
      if (colon.test(text)) {
        const name = text.slice(start, at);
        const known = names.at(-1);
        const plain = name.includes('\\') ? unescaped(name) : name.slice(1, -1);
        if (known?.has(plain)) return `the name ${JSON.stringify(plain)} stands twice`;
        known?.add(plain);
      }
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
