/** What the test file that is at work has declared, and how its tests end. */

export interface Ledger {
  /** Only tests whose title holds this are declared. */
  title: string;
  /** Declared, and no `run()` called for them yet. */
  waiting: number;
  begin(title: string): void;
  failures: string[];
  problems: string[];
}

export const ledger: Ledger = { title: '', waiting: 0, begin: () => {}, failures: [], problems: [] };

export function openLedger(title: string, begin: (title: string) => void): void {
  Object.assign(ledger, { title, waiting: 0, begin, failures: [], problems: [] } satisfies Ledger);
}
