/** Text in, text out: prompts encoded, tokens decoded as they come, ended at stop tokens and at stop texts. */

import type { Session } from '../compiler/ports/session.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import { generateRows, type RowsOptions, type Step } from './generate.ts';
import { type TextStream, textStream } from './tokenizer/text_stream.ts';
import type { Tokenizer } from './tokenizer/tokenizer.ts';

export interface TextOptions extends Omit<RowsOptions, 'until'> {
  /** Texts that end a row and are not shown; they may begin and end inside tokens. */
  readonly stopTexts?: readonly string[];
  /** Whether special tokens that are spelled out in a prompt count as special tokens. */
  readonly special?: boolean;
  /** Whether a prompt begins with the token that marks a beginning; `auto` when left out. */
  readonly bos?: Bos;
}

/** What is put around a prompt: what the tokenizer puts by itself, its `bos` in any case, or nothing. */
export const bosChoices = ['auto', 'always', 'never'] as const;
export type Bos = (typeof bosChoices)[number];

/** One token of one row, with the text that became certain with it; the texts of a row add up to its whole text. */
export interface Piece extends Step {
  readonly text: string;
}

/** Tokens of the text and of what belongs around it; refuses (N705) an empty prompt. */
export function promptTokens(
  tokenizer: Tokenizer,
  text: string,
  { special = false, bos = 'auto' }: Pick<TextOptions, 'special' | 'bos'> = {},
): readonly number[] {
  const { before, after } = bos === 'never' ? { before: [], after: [] } : tokenizer.around;
  const begin = bos === 'always' && before.length === 0 ? [bosOf(tokenizer)] : before;
  const tokens = [...begin, ...tokenizer.encode(text, { special }), ...after];
  if (tokens.length > 0) return tokens;
  const hint =
    tokenizer.bos === undefined
      ? 'this tokenizer has no token that begins a text: give some text'
      : 'this tokenizer begins no text with a token of its own: give some text, or --bos always';
  throw new Refusal([error('N705', 'the prompt has no tokens', { hint })]);
}

function bosOf({ bos }: Tokenizer): number {
  if (bos !== undefined) return bos;
  throw new Refusal([
    error('N705', 'the tokenizer has no token that begins a text', {
      hint: 'leave out --bos always; with --special, a prompt may name any token',
    }),
  ]);
}

/** Continues every prompt; the tokenizer's own stops are added to `stop`. Refuses (N705, N706) as `generate` does. */
export async function* generateText(
  session: Session,
  tokenizer: Tokenizer,
  prompts: readonly string[],
  { stopTexts = [], special, bos, ...options }: TextOptions,
): AsyncGenerator<Piece, void, void> {
  const around = { ...(special === undefined ? {} : { special }), ...(bos === undefined ? {} : { bos }) };
  const rows = prompts.map((text) => promptTokens(tokenizer, text, around));
  const streams: TextStream[] = [];
  const of = (row: number): TextStream => (streams[row] ??= textStream(tokenizer.decodeStream(), stopTexts));
  const stop = [...tokenizer.stops, ...(options.stop ?? [])];
  const until = (row: number, token: number): boolean => of(row).push(token);
  for await (const step of generateRows(session, rows, { ...options, stop, until })) {
    const stream = of(step.row);
    yield { ...step, text: step.end ? stream.take() + stream.end() : stream.take() };
  }
}
