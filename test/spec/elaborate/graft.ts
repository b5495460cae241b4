/** Specs that parse and mean something else: one expression put in another's place, a name changed, an item left out. */

import { parse } from '../../../spec/parse.ts';
import { type Span, textOf } from '../../../spec/source.ts';
import { walk } from '../../../spec/walk.ts';

/** Numbers in [0, 1), the same for a seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Places {
  readonly expressions: readonly Span[];
  readonly names: readonly Span[];
  readonly parts: readonly Span[];
}

const expressions = new Set(
  'If Binary Unary Call Select Index As Number Text Bool None Name List Comprehension'.split(' '),
);
const parts = new Set('Assign For Choose Return Member Constant Branch Require Argument Function'.split(' '));

const known = new Map<string, Places>();

function placesIn(text: string): Places {
  let found = known.get(text);
  if (!found) {
    const nodes = [...walk(parse({ name: '', text }).value!)];
    found = {
      expressions: nodes.filter((n) => expressions.has(n.kind)).map((n) => n.span),
      names: nodes.filter((n) => n.kind === 'Name' || n.kind === 'Word').map((n) => n.span),
      parts: nodes.filter((n) => parts.has(n.kind)).map((n) => n.span),
    };
    known.set(text, found);
  }
  return found;
}

const scraps = [
  ...['0', '1', '-1', '2.5', 'inf', 'pi', 'none', 'true', '"halves"', 'T', 'B', 'P', 'P + T', 'positions'],
  ...[
    '[]',
    '[1, 2]',
    '1e300',
    '9007199254740991',
    'range(3)',
    'float32',
    'int64',
    'x',
    'i',
    'square',
    'Linear',
  ],
  ...[
    'cache(x)',
    'cache(x, last=2)[:, :-1]',
    'mean(x, axis=-1)',
    'x as [B, T, 1, dim]',
    'x > 0',
    '-x',
    'x[..., 0]',
  ],
];

/** Another program of almost the same text; it may not parse. */
export function graft(text: string, next: () => number): string {
  const places = placesIn(text);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
  const put = ({ start, end }: Span, by: string): string => text.slice(0, start) + by + text.slice(end);
  const kind = next();
  if (kind < 0.4) return put(pick(places.expressions), textOf(pick(places.expressions)));
  if (kind < 0.6) return put(pick(places.expressions), pick(scraps));
  if (kind < 0.8) return put(pick(places.names), textOf(pick(places.names)));
  if (kind < 0.9) return put(pick(places.parts), '');
  const part = pick(places.parts);
  return put(part, `${textOf(part)}\n${textOf(pick(places.parts))}`);
}
