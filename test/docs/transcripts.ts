/** What documents show of a terminal: `text` blocks that begin with `$`, a command and what it prints; `...` stands for lines left out. */

export interface Transcript {
  /** As it stands in the page. */
  readonly block: string;
  readonly calls: readonly Call[];
}

export interface Call {
  readonly command: string;
  readonly printed: string;
}

/** Blocks of a page whose first line is a command. */
export function transcriptsOf(page: string): readonly Transcript[] {
  return [...page.matchAll(/^```text\n(\$ .*?)^```$/gms)].map(([, block]) => {
    const calls = block!.split(/^\$ /m).slice(1);
    return {
      block: block!,
      calls: calls.map((call) => {
        const [command = '', ...lines] = call.split('\n');
        return { command, printed: lines.join('\n').trimEnd() };
      }),
    };
  });
}

export const blockOf = (calls: readonly Call[]): string =>
  calls.map(({ command, printed }) => `$ ${command}\n${printed.trimEnd()}\n`).join('\n');

/** What the machine decides, and no page can promise. */
const figures: readonly (readonly [RegExp, string])[] = [
  [/\b\d(?:\.\d+)?e[+-]\d+\b/g, '<difference>'],
  // Of two results that are the same to the bit on one machine.
  [/(?<= {2})0(?= {2})/g, '<difference>'],
  [/\b\d+(?:\.\d+)? (?:ms|s)\b/g, '<time>'],
  [/\b\d+(?:\.\d+)? a second\b/g, '<rate>'],
];

/** There only where something takes long. */
const estimate = /^.*: about \d+ s\n/gm;

/** The same for two runs of a command on any two machines: figures replaced, and the spaces that line them up. */
export function normalised(text: string): string {
  const named = figures.reduce(
    (now, [figure, name]) => now.replace(figure, name),
    text.replace(estimate, ''),
  );
  return named.replace(/ +/g, ' ').replace(/ $/gm, '').trimEnd();
}

const leftOut = '...';

/** What was printed, as far as the page shows it: where it leaves lines out, those that it does not show, the last excepted. */
export function abridged(shown: string, printed: string): string {
  const before = shown.split('\n');
  if (!before.includes(leftOut)) return printed;
  const kept = new Set(before.map(normalised));
  const lines = printed.replace(estimate, '').split('\n');
  return lines

    .map((line, i, all) => (kept.has(normalised(line)) || i === all.length - 1 ? line : leftOut))
    .filter((line, i, all) => line !== leftOut || all[i - 1] !== leftOut)
    .join('\n');
}
