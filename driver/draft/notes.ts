/** A draft in progress: its blocks, and for each what the files leave open. */

import type { KnownFamily } from './families.ts';
import type { NormKind } from './norm_kind.ts';
import type { PerLayerList } from './per_layer_lists.ts';
import type { Sizes } from './sizes.ts';

/** What a block computes or reads that the rest of the draft depends on. */
export type Feature = 'attention' | 'rotation' | 'alibi' | PerLayerList;

export interface Block {
  readonly name: string;
  /** Compile-time parameters: `i`, the number of the layer. */
  readonly params: readonly string[];
  /** Lines before `forward`. */
  readonly members: readonly string[];
  /** `(x) = down(up(x))`, or a signature and statements in braces; absent where nothing calls it. */
  readonly forward?: string;
  /** None when left out. */
  readonly features?: readonly Feature[];
  /** What was taken for granted; the model runs, and may be wrong. */
  readonly assumed: readonly string[];
  /** What is certainly missing; the spec is refused until someone writes it. */
  readonly lacks: readonly string[];
}

/** What the files leave open. */
export type OpenPoints = Pick<Block, 'assumed' | 'lacks'>;

/** An assumption where it is known whose code the checkpoint is from; elsewhere it would be a guess, so it counts as missing. */
export const assumedIf = (known: boolean, assumed: string, question: string): OpenPoints =>
  known ? { assumed: [assumed], lacks: [] } : { assumed: [], lacks: [question] };

export const noOpenPoints: OpenPoints = { assumed: [], lacks: [] };

export interface Draft {
  readonly sizes: Sizes;
  readonly family: KnownFamily;
  /** The row of the first token in the table of positions. */
  readonly firstPosition: number;
  readonly blocks: Block[];
  /** Matrices of the layers are stored [in, out], as GPT-2 does. */
  readonly transposed: boolean;
  /** The kind of norms without a bias. */
  readonly norm: NormKind;
  /** Attention has ALiBi's bias. */
  readonly alibi: boolean;
  /** Which numbers of a head are rotated together, where names tell, as Hugging Face's do. */
  readonly pairs: 'halves' | undefined;
  /** How many rotary tables there are; two where layers with windows have one of their own. */
  readonly tables: 0 | 1 | 2;
  /** The activation as an expression of the language, `$` its argument. */
  readonly activation: (gated: boolean) => { readonly fn: string } & OpenPoints;
}

/** Whether any block of the draft has the feature. */
export const hasFeature = ({ blocks }: Pick<Draft, 'blocks'>, feature: Feature): boolean =>
  blocks.some(({ features }) => features?.includes(feature));

/** Adds a block and returns its name; an equal block that is there already is used again. */
export function addBlock({ blocks }: Draft, added: Block): string {
  const block = added.params.includes('i') ? { ...added, members: added.members.map(withOwnIndex) } : added;
  for (let n = 1; ; n++) {
    const name = n === 1 ? block.name : `${block.name}${n}`;
    const there = blocks.find((b) => b.name === name);
    if (!there) {
      blocks.push({ ...block, name });
      return name;
    }
    if (JSON.stringify({ ...there, name: '' }) === JSON.stringify({ ...block, name: '' })) return name;
  }
}

/** Renames the index of a list in a block where `i` is the number of the layer. */
const withOwnIndex = (line: string): string =>
  line.replaceAll(
    /\[i in (range\(\d+\))([^\]]*)\](: \w+)(\(i\))?/g,
    (_, range: string, when: string, kind: string, of = '') =>
      `[entry in ${range}${when.replaceAll(/\bi\b/g, 'entry')}]${kind}${of && '(entry)'}`,
  );

/** `shared_experts` -> `SharedExperts`. */
export const blockName = (name: string): string =>
  name
    .split(/[^a-zA-Z0-9]+/)
    .filter((part) => part !== '')
    .map((part) => part[0]!.toUpperCase() + part.slice(1))
    .join('')
    .replace(/^(?=\d|$)/, 'Part');
