/**
 * Which patterns a backtracking engine may follow for ever. Such an engine tries every way in which a pattern matches a text,
 * and where a loop can read the same text in two ways, as `(a+)+` can, the ways double with every character. A pattern is
 * read as a graph of the characters it takes one after the other; two different ways from one of them back to itself, over
 * the same text, are what doubles.
 */

import { error, Refusal } from '../../spec/diagnostic.ts';
import { limits } from '../../spec/limits.ts';
import { type PatternNode, parsePattern, samples } from './pattern_syntax.ts';

/** Refuses (N621) a pattern that is not safe to run. */
export function refuseRisk(pattern: string, file: string): void {
  const reason = patternRisk(pattern);
  if (reason === undefined) return;
  const shown = pattern.length > 60 ? `${pattern.slice(0, 60)}...` : pattern;
  const hint = 'a text could keep it busy for ever: give the tokenizer that the model was published with';
  throw new Refusal([
    error('N621', 'a pattern of the tokenizer is not safe to run', {
      file,
      found: `${reason}: ${shown}`,
      hint,
    }),
  ]);
}

/** Why a pattern is not safe to run; undefined when no reason is found. */
export function patternRisk(pattern: string): string | undefined {
  if (pattern.length > limits.pattern)
    return `it has ${pattern.length} characters, ${limits.pattern} at most`;
  const read = parsePattern(pattern);
  if ('problem' in read) return read.problem;
  const probe = samples(pattern);
  for (const part of read.parts) {
    const reason = loopRisk(part, probe);
    if (reason) return reason;
  }
  return undefined;
}

/** A character of the pattern. */
interface Place {
  /** For each sample character, whether it matches here, as a bit. */
  readonly takes: Uint8Array;
  readonly next: number[];
}

interface Ends {
  readonly empty: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

const nothing: Ends = { empty: true, first: [], last: [] };

function loopRisk(root: PatternNode, probe: (source: string) => Uint8Array): string | undefined {
  const places: Place[] = [];
  const link = (from: readonly number[], to: readonly number[]): void => {
    for (const a of from) for (const b of to) places[a]!.next.push(b);
  };
  const visit = (node: PatternNode): Ends => {
    if (node.kind === 'character') {
      const at = places.push({ takes: probe(node.source), next: [] }) - 1;
      return { empty: false, first: [at], last: [at] };
    }
    if (node.kind === 'repeat') {
      const body = visit(node.body);
      if (node.loops) link(body.last, body.first);
      return { ...body, empty: body.empty || node.least === 0 };
    }
    const all = node.parts.map(visit);
    if (node.kind === 'either') {
      return {
        empty: all.some((a) => a.empty),
        first: all.flatMap((a) => a.first),
        last: all.flatMap((a) => a.last),
      };
    }
    return all.reduce((before, after) => {
      link(before.last, after.first);
      return {
        empty: before.empty && after.empty,
        first: before.empty ? [...before.first, ...after.first] : before.first,
        last: after.empty ? [...before.last, ...after.last] : after.last,
      };
    }, nothing);
  };
  visit(root);
  if (places.length > limits.patternCharacters)
    return `it has ${places.length} characters to match, ${limits.patternCharacters} at most`;
  return twoWays(places);
}

const overlap = (a: Uint8Array, b: Uint8Array): boolean => a.some((bits, i) => (bits & b[i]!) !== 0);

function twoWays(places: readonly Place[]): string | undefined {
  const reach = loops(places);
  const budget = { left: limits.patternSteps as number };
  for (const [start, { next }] of places.entries()) {
    const within = next.filter((to) => reach[start]![to] && reach[to]![start]);
    if (new Set(within).size < within.length)
      return 'a repetition within a repetition reads the same text in two ways';
    if (within.length > 0 && hasTwoWays(places, reach, start, budget))
      return 'two ways through a repetition read the same text';
    if (budget.left < 0) return 'it is too complicated';
  }
  return undefined;
}

/** For each place the places that can be reached from it. */
function loops(places: readonly Place[]): readonly Uint8Array[] {
  return places.map(({ next }) => {
    const found = new Uint8Array(places.length);
    const left = [...next];
    for (let at = left.pop(); at !== undefined; at = left.pop()) {
      if (found[at]) continue;
      found[at] = 1;
      for (const to of places[at]!.next) left.push(to);
    }
    return found;
  });
}

/** Whether two different ways lead from a place back to itself over the same characters. */
function hasTwoWays(
  places: readonly Place[],
  reach: readonly Uint8Array[],
  start: number,
  budget: { left: number },
): boolean {
  const n = places.length;
  const back = (at: number): boolean => reach[at]![start] === 1;
  const seen = new Set<number>();
  const left: (readonly [number, number])[] = [[start, start]];
  for (let pair = left.pop(); pair && budget.left >= 0; pair = left.pop()) {
    for (const a of places[pair[0]]!.next) {
      for (const b of places[pair[1]]!.next) {
        budget.left--;
        if (!back(a) || !back(b) || !overlap(places[a]!.takes, places[b]!.takes)) continue;
        if (a === start && b === start && pair[0] !== pair[1]) return true;
        if (seen.has(a * n + b)) continue;
        seen.add(a * n + b);
        left.push([a, b]);
      }
    }
  }
  return false;
}
