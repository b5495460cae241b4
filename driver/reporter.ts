/** What the driver says while it works. The command line prints it; a program may keep it, or give `silent`. */

import type { Diagnostic } from '../spec/diagnostic.ts';

export interface Progress {
  at(done: number): void;
  /** Ends the progress; `size` is what was worked on, the total by default. */
  done(size?: number): void;
}

export interface Reporter {
  /** A remark about what was found, chosen or left out. */
  note(text: string): void;
  /** Diagnostics beside a result. */
  report(diagnostics: readonly Diagnostic[]): void;
  /** Diagnostics that are the result, whatever their severity. */
  finding(diagnostics: readonly Diagnostic[]): void;
  /** Call `done` at the end. */
  progress(label: string, total: number): Progress;
}

export const silent: Reporter = {
  note: () => {},
  report: () => {},
  finding: () => {},
  progress: () => ({ at: () => {}, done: () => {} }),
};

/** Who asks for something of the driver. */
export interface Caller {
  readonly io: Reporter;
  /** Checked between chunks of work; an aborted action leaves nothing behind. */
  readonly signal?: AbortSignal;
  /** Told before the first byte which files are written, and which folders are made for them, outer ones first. */
  readonly onWriting?: (files: readonly string[], folders: readonly string[]) => void;
}
