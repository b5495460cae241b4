/** Long statements over several lines, where brackets are open. */

const width = 100;

/** One statement with its indentation, and the place in the spec that it comes from. */
export function statement(text: string, indent: string, comment: string | undefined): string[] {
  const note = comment === undefined ? '' : `  # ${comment}`;
  const [first, ...more] = text.split('\n');
  if (more.length > 0) return [`${indent}${first}`, ...more.map((l) => `${indent}${l}`)];
  if (indent.length + text.length + note.length <= width) return [`${indent}${text}${note}`];
  const lines = broken(text, indent);
  return comment === undefined ? lines : [`${indent}# ${comment}`, ...lines];
}

/** Filled up line by line; breaks stand after commas outside of strings, no deeper inside brackets than they must. */
function broken(text: string, indent: string): string[] {
  for (let depth = 1; ; depth++) {
    const lines = filled(pieces(text, depth), indent);
    const fits = lines.every((line) => line.length <= width);
    if (fits || depth === deepest) return lines;
  }
}

const deepest = 4;

function filled(all: readonly string[], indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const piece of all) {
    const next = line + piece;
    if (next.trimEnd().length <= width || line.trim() === '') line = next;
    else {
      lines.push(line.trimEnd());
      line = `${indent}    ${piece}`;
    }
  }
  return [...lines, line.trimEnd()];
}

function pieces(text: string, deepestBreak: number): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"') quoted = !quoted;
    if (quoted) continue;
    if ('([{'.includes(c)) depth++;
    if (')]}'.includes(c)) depth--;
    if (depth === 0 || depth > deepestBreak || !text.startsWith(', ', i)) continue;
    found.push(text.slice(start, i + 2));
    start = i + 2;
  }
  found.push(text.slice(start));
  return found;
}
