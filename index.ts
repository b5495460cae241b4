/** The public API, re-exports only. */

export { version } from './compiler/generated/version.ts';
export { type Code, codes } from './spec/codes.ts';
export type { Diagnostic, Outcome, Severity } from './spec/diagnostic.ts';
