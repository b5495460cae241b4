/**
 * What elaboration computes with: nodes of the graph, and values of a body beside it (the step of a scan, one expert), of which
 * only the sink that records the body knows what they stand for.
 */

import { Bug } from '../../spec/diagnostic.ts';
import type { NodeId } from './ir.ts';

export interface BodyValue {
  readonly kind: 'body';
}

export type GraphValue = NodeId | BodyValue;

export const isBodyValue = (value: GraphValue): value is BodyValue => typeof value === 'object';

/** The node of a value that no body holds. */
export function nodeOf(value: GraphValue): NodeId {
  if (isBodyValue(value)) throw new Bug('a value of a body is used outside of it');
  return value;
}

/** The values of one body, and what each stands for; equal contents are one value. */
export interface BodyValues<T> {
  recorded(content: T): BodyValue;
  contentOf(value: BodyValue): T;
  holds(value: GraphValue): value is BodyValue;
}

export function bodyValues<T extends NonNullable<unknown>>(): BodyValues<T> {
  const values = new Map<T, BodyValue>();
  const contents = new Map<BodyValue, T>();
  return {
    recorded(content) {
      const known = values.get(content);
      if (known) return known;
      const value: BodyValue = { kind: 'body' };
      values.set(content, value);
      contents.set(value, content);
      return value;
    },
    contentOf(value) {
      const content = contents.get(value);
      if (content === undefined) throw new Bug('a value of one body is used in another');
      return content;
    },
    holds: (value): value is BodyValue => isBodyValue(value) && contents.has(value),
  };
}
