/**
 * Values of a body (the step of a scan, one expert) while it is being recorded. A sink hands them to the elaborator as node ids,
 * among those of the graph around the body; they are told apart by lying below zero, which no node of a graph does.
 */

import type { NodeId } from './ir.ts';

/** The value that stands for entry `index` of the body: 0 becomes -1, 1 becomes -2. */
export const bodyValue = (index: number): NodeId => -1 - index;

export const isBodyValue = (value: NodeId): boolean => value < 0;

/** The entry that a value of the body stands for. */
export const bodyIndex = (value: NodeId): number => -1 - value;
