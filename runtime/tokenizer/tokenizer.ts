/** What turns text into tokens and back, whatever files it was read from. */

export interface DecodeStream {
  /** Text that is certain so far: a character whose bytes are not all there waits. */
  push(token: number): string;
  /** What still waits. */
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
  /** Marks where a text begins, if there is such a token; whether a text gets it is said by `around`. */
  readonly bos?: number;
  /** What the tokenizer by itself puts around a text. */
  readonly around: Around;
  /** End a text or an answer. */
  readonly stops: readonly number[];
  /** Nothing in the text is a special token unless `special` says so; nothing is put around it. */
  encode(text: string, options?: { readonly special?: boolean }): number[];
  decode(tokens: Iterable<number>): string;
  decodeStream(): DecodeStream;
}
