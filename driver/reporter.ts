/** What the driver says while it works. The command line prints it; a program may keep it, or give `silent`. */

import type { Diagnostic } from '../spec/diagnostic.ts';

export interface Progress {
  at(done: number): void;
  /** What was worked on is so large; the total unless given, of which it may be a part. */
  done(size?: number): void;
}

export interface Reporter {
  /** What was found, chosen or left out on the way. */
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
  /** Looked at between chunks of work; what is aborted leaves nothing behind. */
  readonly signal?: AbortSignal;
  /** Told before the first byte which files are written, and which folders are made for them, outer ones first. */
  readonly onWriting?: (files: readonly string[], folders: readonly string[]) => void;
}
