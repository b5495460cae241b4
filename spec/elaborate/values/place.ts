/** Where members belong while they are declared. */

import type * as ast from '../../ast.ts';
import type { Span } from '../../source.ts';

/** Where a member, or an entry of a list of them, belongs. */
export interface MemberPlace {
  readonly path: string;
  readonly label: string;
  /** The checkpoint's name for the path. */
  readonly key: string;
  readonly span: Span;
  /** Fills tensors that a checkpoint lacks. */
  readonly default?: number;
}

/** The block or model whose members are being declared. */
export interface Owner {
  readonly path: string;
  readonly label: string;
  readonly key: string;
  readonly default?: number;
  /** Set when it is met. */
  forward?: ast.Forward;
}
