/** What is said when a signal ends a verb, by the verb itself or by the process that watches over it. */

const farewells: Readonly<Record<string, string>> = {
  run: 'interrupted',
  chat: 'the conversation is over',
  verify: 'interrupted; not everything was checked',
};

/** Of the others nothing stays: what they write is there as a whole, or not at all. */
export const farewellOf = (verb: string): string =>
  (Object.hasOwn(farewells, verb) && farewells[verb]) || 'interrupted; nothing was left behind';
