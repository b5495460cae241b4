/** Operator sets that nanoc writes, and the file format each needs. */

import { error, Refusal } from '../../spec/diagnostic.ts';

/** The newest is what onnxruntime 1.30 loads; the usual one runs on onnxruntime 1.17 and later. */
export const opsets = { least: 17, most: 26, usual: 21 } as const;

/** The IR version that came with each opset: table of released versions in ONNX's docs/Versioning.md. */
const irVersions: Readonly<Record<number, number>> = {
  ...{ 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10 },
  ...{ 23: 11, 24: 12, 25: 13, 26: 13 },
};

/** The opset from which an operator is there, or what an operator says in another form; ONNX's docs/Changelog.md. */
export const since = {
  /** Axes of a reduction as an operand; those of ReduceSum are one from 13 on. */
  ReduceMean: 18,
  ReduceMax: 18,
  ReduceMin: 18,
  ReduceSumSquare: 18,
  Gelu: 20,
  RMSNormalization: 23,
  RotaryEmbedding: 23,
  Attention: 23,
} as const;

export type SinceOperator = keyof typeof since;

export const isAvailable = (operator: SinceOperator, opset: number): boolean => opset >= since[operator];

/** Refuses an opset that nanoc does not write. */
export function irVersion(opset: number): number {
  const version = irVersions[opset];
  if (version !== undefined) return version;
  throw new Refusal([
    error('N503', `opset ${opset} is not one that nanoc writes`, {
      expected: `${opsets.least} to ${opsets.most}`,
      found: String(opset),
      hint:
        opset > opsets.most
          ? `onnxruntime 1.30 loads no opset above ${opsets.most}`
          : `the default, --opset ${opsets.usual}, runs on onnxruntime 1.17 and later`,
    }),
  ]);
}
