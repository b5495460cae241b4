/** Finds the modules that a line of a method concerns: the one that it calls, or else those that its result is passed to. */

/** `lines` of a class, `at` one of them; paths below the class, in the order of the code. */
export function readersOf(lines: readonly string[], at: number): readonly string[] {
  const statements = statementsOf(lines);
  const i = statements.findLastIndex((s) => s.start <= at);
  const own = statements[i];
  if (!own) return [];
  const called = calledIn(own.text);
  if (called !== undefined) return [called];
  const names = new Set(own.makes);
  const readers: string[] = [];
  for (const { text, makes, reads } of statements.slice(i + 1)) {
    const uses = [...names].some((name) => reads.includes(name));
    const user = uses ? calledIn(text) : undefined;
    if (user !== undefined) readers.push(user);
    for (const name of makes) {
      if (uses && user === undefined) names.add(name);
      else names.delete(name);
    }
  }
  return [...new Set(readers)];
}

interface Statement {
  /** Index of its first line. */
  readonly start: number;
  readonly text: string;
  readonly makes: readonly string[];
  readonly reads: readonly string[];
}

/** A continuation line is indented by more than the four spaces of a statement. */
function statementsOf(lines: readonly string[]): readonly Statement[] {
  const starts = lines.flatMap((line, i) => (/^ {0,6}\S/.test(line) && !/^\s*#/.test(line) ? [i] : []));
  return starts.map((start, n) => {
    const text = lines
      .slice(start, starts[n + 1])
      .map((line) => line.replace(/(^|\s)# .*$/, '').trim())
      .join(' ');
    const [, left, right = text] = /^([\w, ]+?) = (.*)$/.exec(text) ?? [];
    return { start, text, makes: left?.split(', ') ?? [], reads: right.match(/[A-Za-z_]\w*/g) ?? [] };
  });
}

/** The outermost call: `h.2` for `getattr(self.h, "2").forward(self.a.forward(x))`. */
function calledIn(text: string): string | undefined {
  let plain = text;
  for (let before = ''; before !== plain; ) {
    before = plain;
    plain = before.replace(/getattr\((self[\w.]*),\s*"(\w+)"\)/g, '$1.$2');
  }
  return /self\.([\w.]+)\.forward\(/.exec(plain)?.[1];
}
