/** The registry of composite ops. */

import type { Attrs, Op } from '../op.ts';
import { addedOp, addedOps } from './added.ts';
import { append } from './append.ts';
import { attention } from './attention.ts';
import { gelu } from './gelu.ts';
import { gelu_tanh } from './gelu_tanh.ts';
import { layer_norm } from './layer_norm.ts';
import { linear } from './linear.ts';
import { rms_norm } from './rms_norm.ts';
import { rotary } from './rotary.ts';
import { rotary_table } from './rotary_table.ts';
import { silu } from './silu.ts';
import { softmax } from './softmax.ts';

export const ops = {
  append,
  attention,
  gelu,
  gelu_tanh,
  layer_norm,
  linear,
  rms_norm,
  rotary,
  rotary_table,
  silu,
  softmax,
} as const;

export type Composite = keyof typeof ops;

/** Of this table, and those that plugins added, whose names stand for what both kinds offer. */
export const compositeNames = (): readonly Composite[] =>
  [...Object.keys(ops), ...addedOps()] as readonly Composite[];

/** Of this table, or added by a plugin; the name stands for what both kinds offer. */
export const isComposite = (op: string): op is Composite =>
  Object.hasOwn(ops, op) || addedOp(op) !== undefined;

/** The op under a name known only when running; the caller vouches that attributes it passes are that op's own. */
export const opOf = (name: Composite): Op<Attrs> => addedOp(name) ?? (ops[name] as unknown as Op<Attrs>);
