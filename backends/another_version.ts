/** Whether another nanoc made a model, and how every message says so. */

import { version } from '../compiler/generated/version.ts';
import { type Manifest, manifestVersion } from '../compiler/ports/manifest.ts';

type Made = Pick<Manifest, 'producer' | 'version'>;

const mine: Made = { producer: `nanoc ${version}`, version: manifestVersion };

export const isOther = ({ producer, version: own }: Made): boolean =>
  producer !== mine.producer || own !== mine.version;

/** Whether the manifest is of a format that this nanoc reads and no longer writes. */
export const isOlder = (made: Made): boolean => made.version < mine.version;

/** `nanoc 0.1.0`; with the version of its manifest where that is another. */
export const makerOf = (made: Made): string =>
  isOlder(made) ? `${made.producer} (manifest version ${made.version})` : made.producer;

/** The nanoc that runs, to be set beside a maker. */
export const thisNanoc = (beside: Made): string =>
  isOlder(beside) ? `${mine.producer} (manifest version ${mine.version})` : mine.producer;

/** The hint of every message about such a model; `line` compiles it. */
export const againHint = (made: Made, line: string): string =>
  `${makerOf(made)} made the model; compile it again: ${line}`;
