/** Continues texts, token ids or conversations with a compiled model. */

import type { Device, Session } from '../compiler/ports/session.ts';
import type { Rows } from '../runtime/cache.ts';
import { type Chat, type ChatOptions, chat } from '../runtime/chat.ts';
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

interface WithTokenizer {
  /** It, or a path; without one it is looked for beside the model. */
  readonly tokenizer?: Tokenizer | string;
}

/** Refuses (N708, N621) what is no tokenizer, and as `generateText` does. */
export async function* continueTexts(
  model: ModelFile,
  prompts: readonly string[],
  { tokenizer: named, ...options }: TextOptions & ContinueOptions & WithTokenizer,
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

/** Conversations with a model, which is open until `close`. */
export interface Conversations {
  begin(): Chat;
  close(): Promise<void>;
}

/** Refuses (N708, N621) what is no tokenizer, and one without the tokens of a conversation. */
export async function openChat(
  model: ModelFile,
  {
    tokenizer: named,
    device = 'cpu',
    ...options
  }: ChatOptions & WithTokenizer & Pick<ContinueOptions, 'device'>,
): Promise<Conversations> {
  const tokenizer = typeof named === 'object' ? named : tokenizerFor(model.path, named);
  const session = await model.open(device);
  return { begin: () => chat(session, tokenizer, options), close: () => session.close() };
}

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
