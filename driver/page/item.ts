/** What a page shows one below the other: single steps, and blocks of them. */

import type { Step } from './html_step.ts';

export type Item = Step | Block;

export interface Block {
  readonly kind: 'block';
  /** Names of all blocks that this one stands for, in order. */
  readonly names: readonly string[];
  readonly path: string;
  /** How often its content is repeated. */
  readonly times: number;
  /** How many different layers its content consists of, when a sequence of them is repeated. */
  readonly by: number;
  /** Operators in its content, counted once. */
  readonly ops: number;
  readonly parameters: number;
  readonly gives: string;
  readonly content: readonly Item[];
}
