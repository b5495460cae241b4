/** What a page shows one below the other: single steps, and blocks of them. */

import type { Step } from './html_step.ts';

export type Item = Step | Block;

export interface Block {
  readonly kind: 'block';
  /** Of every block that this one stands for, in their order. */
  readonly names: readonly string[];
  readonly path: string;
  /** How many times in a row its content is there. */
  readonly times: number;
  /** How many layers its content is, where they differ and return in the same order. */
  readonly by: number;
  /** Of its content once. */
  readonly ops: number;
  readonly parameters: number;
  readonly gives: string;
  readonly content: readonly Item[];
}
