/** The code of an archive in its parts: functions and classes by name. */

export interface Block {
  readonly kind: 'function' | 'class';
  readonly name: string;
  /** Line of the file that it begins at, counted from 1. */
  readonly start: number;
  readonly lines: readonly string[];
}

/** A line without indentation begins a part. */
export function codeBlocks(text: string): readonly Block[] {
  const lines = text.split('\n');
  const starts = lines.flatMap((line, i) => {
    const [, word, name] = /^(def|class) (\w+)/.exec(line) ?? [];
    return name === undefined ? [] : [{ i, name, kind: word === 'def' ? 'function' : 'class' } as const];
  });
  return starts.map(({ i, name, kind }, n) => ({
    ...{ kind, name, start: i + 1 },
    lines: trimmed(lines.slice(i, starts[n + 1]?.i)),
  }));
}

function trimmed(lines: readonly string[]): readonly string[] {
  const end = lines.findLastIndex((line) => line.trim() !== '');
  return lines.slice(0, end + 1);
}

/** `text` with the bodies that functions of the same name have in `other`. */
export function withFunctionsOf(text: string, other: string): string {
  const theirs = new Map(
    codeBlocks(other).flatMap((b) => (b.kind === 'function' ? [[b.name, b] as const] : [])),
  );
  const blocks = codeBlocks(text).map((b) => (b.kind === 'function' ? (theirs.get(b.name) ?? b) : b));
  return `${blocks.map((b) => b.lines.join('\n')).join('\n\n')}\n`;
}
