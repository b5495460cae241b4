/** A method as lines: statements with their names filled in, and the places in the spec that they come from. */

import type { NodeId } from '../../compiler/graph/ir.ts';
import { Bug } from '../../spec/diagnostic.ts';
import { withNames } from './expr.ts';
import { statement } from './line_breaks.ts';

export interface Statement {
  readonly text: string;
  readonly defines: readonly NodeId[];
  readonly reads: readonly NodeId[];
  readonly comment?: string | undefined;
}

export interface MethodText {
  readonly lines: readonly string[];
  /** The same without comments: equal texts are the same code. */
  readonly plain: readonly string[];
}

export function methodText(
  head: string,
  statements: readonly Statement[],
  names: ReadonlyMap<NodeId, string>,
): MethodText {
  const nameOfValue = (id: NodeId): string => names.get(id) ?? unnamed(id);
  const write = (comments: boolean): string[] => {
    let before: string | undefined;
    return [
      ...statement(head, '  ', undefined),
      ...statements.flatMap(({ text, comment }) => {
        const fresh = comments && comment !== before ? comment : undefined;
        before = comment ?? before;
        return statement(withNames(text, nameOfValue), '    ', fresh);
      }),
    ];
  };
  return { lines: write(true), plain: write(false) };
}

const unnamed = (id: NodeId): never => {
  throw new Bug(`%${id} is read where it has no name`);
};
