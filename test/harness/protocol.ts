/** What the run and a process that runs test files say to each other. */

/** To the process: run this file, and of it only tests whose title holds `title`. */
export interface Task {
  readonly file: string;
  readonly title: string;
  /** Other files are run in the process afterwards. */
  readonly shared: boolean;
  /** For so many seconds what was closed may still be open: streams and processes take a while to end. */
  readonly patience: number;
  /** Written on both streams after the file's own output. */
  readonly mark: string;
}

/** From the process, a line of JSON each, written at once: a process that dies has said all that it began. */
export type Message =
  | { readonly kind: 'test'; readonly title: string }
  | { readonly kind: 'done'; readonly outcome: Outcome };

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Titles of the tests that failed. */
  readonly failures: readonly string[];
  /** What is wrong beside failed tests. */
  readonly problems: readonly string[];
  /** Memory that the process holds now. */
  readonly bytes: number;
}

/** The file descriptor on which the process writes its messages. */
export const messages = 4;
