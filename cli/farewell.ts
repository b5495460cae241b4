/** The message when a signal ends a verb, printed by the verb or by the supervising process. */

const farewells: Readonly<Record<string, string>> = {
  run: 'interrupted',
  chat: 'the conversation is over',
  bench: 'interrupted before a round was complete',
  verify: 'interrupted; not everything was checked',
};

/** The message for a verb; the default says that nothing was left, since files are written whole or not at all. */
export const farewellOf = (verb: string): string =>
  (Object.hasOwn(farewells, verb) && farewells[verb]) || 'interrupted; nothing was left behind';
