/** The public API, re-exports only. */

export { version } from './compiler/generated/version.ts';
export { check } from './spec/check.ts';
export { type Code, codes } from './spec/codes.ts';
export type { Diagnostic, Outcome, Severity } from './spec/diagnostic.ts';
export { format } from './spec/format.ts';
export { parse } from './spec/parse.ts';
export { render, toJson } from './spec/render.ts';
