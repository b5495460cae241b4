/** Continues texts or token ids with a compiled model, which is open as long as tokens are read. */

import type { Device, Session } from '../compiler/ports/session.ts';
import type { Rows } from '../runtime/cache.ts';
import { generateRows, type RowsOptions, type Step } from '../runtime/generate.ts';
import { generateText, type Piece, type TextOptions } from '../runtime/generate_text.ts';
import type { Tokenizer } from '../runtime/tokenizer/tokenizer.ts';
import type { ModelFile } from './model_kinds.ts';
import { tokenizerFor } from './tokenizer_files.ts';

export interface ContinueOptions {
  readonly device?: Device;
  /** Called when the model is open, before it computes anything. */
  readonly onOpen?: () => void;
}

/** `tokenizer` may be a path; without one it is looked for beside the model. Refuses (N708, N621) what is no tokenizer, and as `generateText` does. */
export async function* continueTexts(
  model: ModelFile,
  prompts: readonly string[],
  {
    tokenizer: named,
    ...options
  }: TextOptions & ContinueOptions & { readonly tokenizer?: Tokenizer | string },
): AsyncGenerator<Piece, void, void> {
  const tokenizer = typeof named === 'object' ? named : tokenizerFor(model.path, named);
  yield* whileOpen(model, options, (session) => generateText(session, tokenizer, prompts, options));
}

/** Refuses as `generateRows` does. */
export const continueIds = (
  model: ModelFile,
  rows: Rows,
  options: RowsOptions & ContinueOptions,
): AsyncGenerator<Step, void, void> =>
  whileOpen(model, options, (session) => generateRows(session, rows, options));

async function* whileOpen<T>(
  model: ModelFile,
  { device = 'cpu', onOpen }: ContinueOptions,
  made: (session: Session) => AsyncIterable<T>,
): AsyncGenerator<T, void, void> {
  const session = await model.open(device);
  try {
    onOpen?.();
    yield* made(session);
  } finally {
    await session.close();
  }
}
