/** Mutations that change no meaning, and why: by file, line before and line after, as `scripts/mutation/edits.ts` writes them. */
export const equivalent: Readonly<Record<string, string>> = {};
