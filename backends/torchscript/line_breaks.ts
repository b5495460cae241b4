/** Breaks long statements over several lines, inside brackets. */

/** Characters of a line. */
const lineWidth = 100;

/** One statement with its indentation, and the place in the spec that it comes from. */
export function statement(text: string, indent: string, comment: string | undefined): string[] {
  const note = comment === undefined ? '' : `  # ${comment}`;
  const [first, ...more] = text.split('\n');
  if (more.length > 0) return [`${indent}${first}`, ...more.map((l) => `${indent}${l}`)];
  if (indent.length + text.length + note.length <= lineWidth) return [`${indent}${text}${note}`];
  const lines = brokenLines(text, indent);
  return comment === undefined ? lines : [`${indent}# ${comment}`, ...lines];
}

/** Where a line may be broken, best rule first: how deep inside brackets, and whether also after the outermost opening one. */
const breakRules: readonly BreakRule[] = [
  { depth: 1, opening: false },
  ...[1, 2, 3, 4].map((depth) => ({ depth, opening: true })),
];

interface BreakRule {
  readonly depth: number;
  readonly opening: boolean;
}

/** Breaks by the first rule with which every line fits. */
function brokenLines(text: string, indent: string): string[] {
  let lines: string[] = [];
  for (const way of breakRules) {
    lines = filledLines(pieces(text, way), indent);
    if (lines.every((line) => line.length <= lineWidth)) break;
  }
  return lines;
}

function filledLines(all: readonly string[], indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const piece of all) {
    const next = line + piece;
    if (next.trimEnd().length <= lineWidth || line.trim() === '') line = next;
    else {
      lines.push(line.trimEnd());
      line = `${indent}    ${piece}`;
    }
  }
  return [...lines, line.trimEnd()];
}

function pieces(text: string, way: BreakRule): string[] {
  const found: string[] = [];
  const open: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"') quoted = !quoted;
    if (quoted) continue;
    if ('([{'.includes(c)) open.push(c);
    if (')]}'.includes(c)) open.pop();
    const end = breakAfter(text, i, open, way);
    if (end === undefined) continue;
    found.push(text.slice(start, end));
    start = end;
  }
  found.push(text.slice(start));
  return found;
}

/** A line may end after a comma inside brackets, inside square ones only when needed, and never before a string. */
function breakAfter(text: string, i: number, open: readonly string[], way: BreakRule): number | undefined {
  if (way.opening && text[i] === '(' && open.length === 1) return i + 1;
  const inside = open.length > 0 && open.length <= way.depth && (way.depth > 1 || open[0] === '(');
  return inside && text.startsWith(', ', i) && text[i + 2] !== '"' ? i + 2 : undefined;
}
