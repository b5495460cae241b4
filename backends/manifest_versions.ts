/** Versions of the manifest's format: what changed from each to the next, and how the fields of an older one become those of the newest. */

import { manifestVersion } from '../compiler/ports/manifest.ts';
import { error, Refusal } from '../spec/diagnostic.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Upgrade {
  /** What the next version says otherwise, for readers of this table. */
  readonly changed: string;
  readonly fields: (older: Fields) => Fields;
}

/** By the version that they start from; `npm test -- manifest_versions` asks for a line when the version is raised. */
export const upgrades: readonly Upgrade[] = [
  {
    changed: 'version 1 has the field `version`; no other field has another name or another meaning',
    fields: (older) => older,
  },
];

/** The fields as the newest version has them, and the version that they were written in; undefined for what is no object. */
export function upgraded(stored: unknown, file?: string): Fields | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { version: said, ...rest } = stored as Fields; // an object, as just seen
  const version = 'version' in stored ? said : 0;
  const at = file === undefined ? {} : { file };
  if ('version' in stored && !(Number.isSafeInteger(version) && Number(version) >= 1)) {
    const found = `the version ${JSON.stringify(version)}`;
    const hint = 'copy the model again, or compile it again';
    throw new Refusal([
      error('N704', 'the manifest of the model is damaged', {
        ...{ ...at, expected: 'a whole number from 1 on', found, hint },
      }),
    ]);
  }
  const from = Number(version);
  if (from > manifestVersion) {
    const { producer } = rest;
    const maker = typeof producer === 'string' && producer.length < 100 ? `, made by ${producer}` : '';
    throw new Refusal([
      error('N704', 'a newer nanoc made this model', {
        ...at,
        expected: `a manifest of version ${manifestVersion} or older`,
        found: `version ${from}${maker}`,
        hint: 'open it with that nanoc, or compile the spec again with this one',
      }),
    ]);
  }
  return {
    version: from,
    ...upgrades.slice(from).reduce((fields, step) => step.fields(fields), rest as Fields),
  };
}
