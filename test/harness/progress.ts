/** What a run of many test files shows while it goes on: a counter, and which files are at work. */

export interface Progress {
  /** A file begins. */
  begin(file: string): void;
  /** A file has ended: `[12/195] `, to begin its line with. */
  end(file: string): string;
  /** A line of its own, above what is shown for the moment. */
  write(line: string): void;
  close(): void;
}

/** Where nothing can be written over, a word is due after so long a silence. */
const silenceSeconds = 30;

/**
 * `out` is written to; with `columns` it is a terminal of that width, whose last line says each second what is at work.
 * Elsewhere a line says so after each `silence` seconds in which nothing was written.
 */
export function progress(
  total: number,
  out: (text: string) => void,
  { columns, silence = silenceSeconds }: { readonly columns?: number; readonly silence?: number } = {},
): Progress {
  const began = new Map<string, number>();
  let [ended, quietSince] = [0, performance.now()];
  const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(0);
  const atWork = (): string => [...began].map(([file, since]) => `${file} (${seconds(since)} s)`).join(', ');
  const status = (): string => `[${ended}/${total}] running: ${atWork()}`;
  const clear = columns === undefined ? '' : '\r\x1b[K';
  const write = (line: string): void => {
    out(`${clear}${line}\n`);
    quietSince = performance.now();
  };
  const timer = setInterval(
    () => {
      if (began.size === 0) return;
      if (columns !== undefined) out(`${clear}${status().slice(0, columns - 1)}`);
      else if (performance.now() - quietSince >= silence * 1000) write(status());
    },
    Math.min(1000, silence * 1000),
  );
  return {
    begin: (file) => void began.set(file, performance.now()),
    end: (file) => {
      began.delete(file);
      ended += 1;
      return `[${String(ended).padStart(String(total).length)}/${total}] `;
    },
    write,
    close: () => {
      clearInterval(timer);
      out(clear);
    },
  };
}
