/** What the ONNX target may be told. */

import { type EmitOptions, metadata, type TargetOption } from '../target_option.ts';
import { opsets } from './versions.ts';

export const options = {
  opset: {
    value: '<n>',
    doc: 'ONNX operator set',
    range: opsets,
    default: opsets.usual,
  },
  external: {
    value: '<when>',
    doc: 'ONNX weights in a file of their own, which runtimes map instead of copying it; auto: above 16 MB; link: in the checkpoint itself, unread, under a second name',
    choices: ['auto', 'always', 'never', 'link'],
    default: 'auto',
  },
  dataLimit: {
    value: '<MB>',
    doc: 'ONNX weights beside the model: the most that one file holds before the next one begins; 2000 in a layout for pages',
    range: { least: 1, most: 1_000_000 },
  },
  metadata,
} as const satisfies Readonly<Record<string, TargetOption>>;

export const opsetOf = ({ opset = options.opset.default }: Partial<EmitOptions>): number => Number(opset);
