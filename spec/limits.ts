/** Limits on input, each with its reason; input beyond one is refused early, with a diagnostic. */

export const limits = {
  /** Errors, and warnings, reported for one text; further ones are only counted. More than anyone reads at once. */
  diagnostics: 20,
  /** Characters of a spec with no include. The longest that ships has 6,000; reading takes some 300 bytes for each. */
  specLength: 500_000,
  /** Brackets within brackets; each level is some fifty calls deep in the parser. */
  brackets: 60,
  /** Calls within calls, more than any program needs; the stack holds some. */
  calls: 150,
  /** Includes within includes; real ones have two or three. */
  includes: 20,
  /** Expressions evaluated in all. DeepSeek-V2, unrolled, takes a third of this. */
  steps: 2_500_000,
  /** Tensors that a spec declares; Kimi K2, with 384 experts in each of 60 layers, has 70,000. */
  parameters: 100_000,
  /** Tensors of a checkpoint: twice as many, since each may have a scale. */
  tensors: 200_000,
  /** Entries beyond which a range is a mistake. */
  range: 100_000,
  /** Values beyond which taking an axis apart is a mistake. */
  unbound: 1024,
  /** Numbers beyond which a constant belongs into the checkpoint. */
  constant: 2 ** 20,
  /** Pairs of numbers that a rotation turns: a head of 256 has 128, and each is a number in memory and in the target. */
  pairs: 65_536,
  /** Slots of a static cache: longer contexts than any model has, and still a mask that fits into memory. */
  slots: 2 ** 24,
  /** Numbers in the ports of a session when it begins: 64 GiB of float32. */
  portNumbers: 2 ** 34,
  /** Seconds in which the file of a plugin is loaded; imports of a large package take a few. */
  pluginLoad: 30,
  /** Seconds for one pass, or one emit, of a plugin; nanoc's own take a few on the largest graphs. */
  pluginCall: 300,
  /** Characters of a pattern of a tokenizer; the longest in use have some 700. */
  pattern: 10_000,
  /** Groups within groups in one; real ones have two or three. */
  patternGroups: 50,
  /** Characters in one, classes counted once; real ones have some 60. */
  patternCharacters: 1000,
  /** Steps of the search for loops that read one text in two ways; real ones need a few hundred. */
  patternSteps: 2_000_000,
} as const;
