/** A tokenizer, whatever files it was read from. */

export interface DecodeStream {
  /** Adds a token and returns the text that is certain: a character with missing bytes is held back. */
  push(token: number): string;
  /** The text that was held back. */
  end(): string;
}

export interface Around {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export interface Tokenizer {
  /** One more than the largest id. */
  readonly vocab: number;
  readonly special: ReadonlyMap<string, number>;
  /** The token that marks the beginning of a text, if there is one; `around` says whether texts get it. */
  readonly bos?: number;
  /** Tokens that the tokenizer itself puts around a text. */
  readonly around: Around;
  /** Tokens that end a text or an answer. */
  readonly stops: readonly number[];
  /** Encodes a text, with nothing put around it. Special tokens are recognised in it only with `special`. */
  encode(text: string, options?: { readonly special?: boolean }): number[];
  decode(tokens: Iterable<number>): string;
  decodeStream(): DecodeStream;
}
