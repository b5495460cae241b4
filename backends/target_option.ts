/** What a target can be told: options that it declares, and their values. */

export type OptionValue = string | number;

/** An option of a target: what is typed for it, and what it may be. */
export interface TargetOption {
  /** As help has it after the name: `<n>`. */
  readonly value: string;
  readonly doc: string;
  /** One of these words; */
  readonly choices?: readonly string[];
  /** or a whole number from the first to the last of these. */
  readonly range?: { readonly least: number; readonly most: number };
  /** What it is when left out; without one, the target or the layout says. */
  readonly default?: OptionValue;
}

export interface EmitOptions {
  /** Base name of the model file, for the name of the data file beside it. */
  readonly fileName: string;
  /** What the target declares, by name. */
  readonly [option: string]: OptionValue | undefined;
}

/** The option `metadata`, which targets share that can keep the manifest beside the model. */
export const metadata = {
  value: '<kind>',
  doc: 'the spec and the manifest in the model, or their hash; hash in a layout, full elsewhere',
  choices: ['full', 'hash'],
} as const satisfies TargetOption;

export type Metadata = (typeof metadata.choices)[number];
