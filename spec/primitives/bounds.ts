/** Whether values are bounded whatever the activations are; a product of two that are not can leave the range of a narrow dtype. */

export interface Bounded {
  readonly below: boolean;
  readonly above: boolean;
}

/** The bounds of a result, from those of the operands. A bound may be missed, but none may be claimed that does not hold. */
export type Bounds<A> = (inputs: readonly Bounded[], attrs: A) => Bounded;

export const both: Bounded = { below: true, above: true };
export const neither: Bounded = { below: false, above: false };

export const isBounded = ({ below, above }: Bounded): boolean => below && above;

export const always: Bounds<unknown> = () => both;
/** Also for sums of many, and for what a small divisor makes large. */
export const unbounded: Bounds<unknown> = () => neither;
export const all: Bounds<unknown> = (inputs) => ({
  below: inputs.every((x) => x.below),
  above: inputs.every((x) => x.above),
});
export const ofFirst: Bounds<unknown> = ([x]) => x!;
export const onlyBoth: Bounds<unknown> = (inputs) => (inputs.every(isBounded) ? both : neither);
/** Never far below zero, and as large as the operand. */
export const fromBelow: Bounds<unknown> = ([x]) => ({ below: true, above: x!.above });
/** Never below zero, and perhaps without end. */
export const onlyBelow: Bounds<unknown> = () => ({ below: true, above: false });
