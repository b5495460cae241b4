/** Writes several texts that grow at the same time, one after the other: the first as it grows, the others when those before are complete. */

export interface RowOutput {
  add(row: number, text: string, ended: boolean): void;
  /** Writes what is left, and ends the last line. */
  close(): void;
}

/** One row is written as it is; of several each has a line `--- n` above it. */
export function rowOutput(write: (text: string) => void, rows: number): RowOutput {
  const waiting = Array.from({ length: rows }, () => '');
  const ended = new Set<number>();
  let now = 0;
  let begun = false;
  const flush = (): void => {
    const text = waiting[now]!;
    if (text === '' && begun) return;
    write(`${!begun && rows > 1 ? `--- ${now + 1}\n` : ''}${text}`);
    begun = true;
    waiting[now] = '';
  };
  return {
    add(row, text, isLast) {
      waiting[row] += text;
      if (isLast) ended.add(row);
      if (row === now || ended.has(now)) flush();
      while (ended.has(now) && now + 1 < rows) {
        write('\n');
        now++;
        begun = false;
        flush();
      }
    },
    close() {
      while (now < rows) {
        if (begun || waiting[now] !== '') {
          flush();
          write('\n');
        }
        now++;
        begun = false;
      }
    },
  };
}
