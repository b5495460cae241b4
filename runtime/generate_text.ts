/** Text in, text out: prompts encoded, tokens decoded as they come, ended at stop tokens and at stop texts. */

import { error, Refusal } from '../spec/diagnostic.ts';
import { generateRows, type RowsOptions, type Step } from './generate.ts';
import type { Session } from './session.ts';
import { type TextStream, textStream } from './text_stream.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface TextOptions extends Omit<RowsOptions, 'until'> {
  /** End a row before they are shown; they may begin and end within tokens. */
  readonly stopTexts?: readonly string[];
  /** Special tokens written in a prompt count as such. */
  readonly special?: boolean;
}

/** One token of one row, and the text that is certain with it; joined, the texts of a row are its whole text. */
export interface Piece extends Step {
  readonly text: string;
}

/** `bos`, where there is one, and the text; refuses (N705) what is nothing at all. */
export function promptTokens(tokenizer: Tokenizer, text: string, special = false): readonly number[] {
  const begin = tokenizer.bos === undefined ? [] : [tokenizer.bos];
  const tokens = [...begin, ...tokenizer.encode(text, { special })];
  if (tokens.length > 0) return tokens;
  throw new Refusal([
    error('N705', 'the prompt has no tokens', {
      hint: 'this tokenizer has no token that begins a text: give some text',
    }),
  ]);
}

/** Continues every prompt; the tokenizer's own stops are added to `stop`. Refuses (N705, N706) as `generate` does. */
export async function* generateText(
  session: Session,
  tokenizer: Tokenizer,
  prompts: readonly string[],
  { stopTexts = [], special = false, ...options }: TextOptions,
): AsyncGenerator<Piece, void, void> {
  const rows = prompts.map((text) => promptTokens(tokenizer, text, special));
  const streams: TextStream[] = [];
  const of = (row: number): TextStream => (streams[row] ??= textStream(tokenizer.decodeStream(), stopTexts));
  const stop = [...tokenizer.stops, ...(options.stop ?? [])];
  const until = (row: number, token: number): boolean => of(row).push(token);
  for await (const step of generateRows(session, rows, { ...options, stop, until })) {
    const stream = of(step.row);
    yield { ...step, text: step.end ? stream.take() + stream.end() : stream.take() };
  }
}
