/** A spec under way: blocks, and beside each what the files do not say. */

import type { Known } from './families.ts';
import type { NormKind } from './norm_kind.ts';
import type { Sizes } from './sizes.ts';

export interface Block {
  readonly name: string;
  /** Compile-time parameters: `i`, the number of the layer. */
  readonly params: readonly string[];
  /** Lines before `forward`. */
  readonly members: readonly string[];
  /** `(x) = down(up(x))`, or a signature and statements in braces; absent where nothing calls it. */
  readonly forward?: string;
  /** What was taken for granted; the model runs, and may be wrong. */
  readonly assumed: readonly string[];
  /** What is certainly missing; the spec is refused until someone writes it. */
  readonly lacks: readonly string[];
}

/** What nothing in the files tells. */
export type Said = Pick<Block, 'assumed' | 'lacks'>;

/** Taken for granted where names or the family tell whose code it is; elsewhere it would be a guess, and is missing. */
export const granted = (known: boolean, assumed: string, question: string): Said =>
  known ? { assumed: [assumed], lacks: [] } : { assumed: [], lacks: [question] };

export const nothingSaid: Said = { assumed: [], lacks: [] };

export interface Draft {
  readonly sizes: Sizes;
  readonly family: Known;
  /** The row of the first token in the table of positions. */
  readonly firstPosition: number;
  readonly blocks: Block[];
  /** Matrices of the layers are stored [in, out], as GPT-2 does. */
  readonly transposed: boolean;
  /** Of norms without a bias. */
  readonly norm: NormKind;
  /** Heads lean towards near tokens: `alibi` is their bias. */
  readonly alibi: boolean;
  /** Names tell which numbers of a head are a pair: Hugging Face's do. */
  readonly pairs: 'halves' | undefined;
  /** How many rotary tables turn queries and keys; two where windows have one of their own. */
  readonly tables: 0 | 1 | 2;
  /** How the activation is called in the language. */
  readonly activation: (gated: boolean) => { readonly fn: string } & Said;
}

/** The name under which it can be used: one that is there already, if it says the same. */
export function addBlock({ blocks }: Draft, added: Block): string {
  const block = added.params.includes('i') ? { ...added, members: added.members.map(recounted) } : added;
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

/** A list in a block that has the number of its layer as `i` counts by another name. */
const recounted = (line: string): string =>
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
