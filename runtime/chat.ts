/**
 * A conversation in nanochat's format, its cache kept from turn to turn: only what is new is fed. A turn is
 * `<|user_start|>` text `<|user_end|><|assistant_start|>` answer `<|assistant_end|>`, after one `<|bos|>` at the beginning.
 */

import type { Session } from '../compiler/ports/session.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import { append } from '../spec/long_list.ts';
import type { Tensor } from '../spec/tensor.ts';
import { type Decoder, decoder } from './cache.ts';
import { calculate } from './calculator.ts';
import { continueRows, type GenerateOptions, type Step } from './generate.ts';
import { conversation, conversationTokens } from './tokenizer/chat_template.ts';
import { type TextStream, textStream } from './tokenizer/text_stream.ts';
import type { Tokenizer } from './tokenizer/tokenizer.ts';

export interface ChatOptions extends GenerateOptions {
  /** Text that is put before the first message, with an empty line between, as nanochat does. */
  readonly system?: string;
  /** The calculator answers when the model calls it; true when left out. */
  readonly tools?: boolean;
}

/** A token of an answer. */
export interface ChatPiece extends Step {
  /** Text of the answer; empty while a tool is called and answers. */
  readonly text: string;
  /** Set when a tool was called: its code, and its result if it had one. */
  readonly tool?: { readonly code: string; readonly result?: string };
}

export interface Chat {
  /** The answer to a message, token by token; only one at a time. An answer that the caller stops reading counts as said. Refuses (N705, N706). */
  say(message: string): AsyncGenerator<ChatPiece, void, void>;
  /** Tokens of the conversation so far. */
  tokens(): readonly number[];
}

const toolNames = {
  callStart: '<|python_start|>',
  callEnd: '<|python_end|>',
  answerStart: '<|output_start|>',
  answerEnd: '<|output_end|>',
} as const;

type Ids<N> = { readonly [K in keyof N]: number };

function idsOf<N extends Readonly<Record<string, string>>>(
  tokenizer: Tokenizer,
  wanted: N,
): Ids<N> | undefined {
  const found = Object.entries(wanted).map(([key, name]) => [key, tokenizer.special.get(name)] as const);
  return found.some(([, id]) => id === undefined) ? undefined : (Object.fromEntries(found) as Ids<N>);
}

/** Refuses (N708) a tokenizer without the tokens that nanochat's conversations are made of. */
export function chat(session: Session, tokenizer: Tokenizer, options: ChatOptions): Chat {
  const format = idsOf(tokenizer, conversation) ?? refuseFormat(tokenizer);
  const cache = decoder(session);
  const said: number[] = [];
  let fed = 0;
  let turns = 0;
  const opening = (message: string): readonly number[] => {
    const whole = turns === 0 && options.system ? `${options.system}\n\n${message}` : message;
    const last = said.at(-1);
    const ended = said.length === 0 || last === format.assistantEnd;
    return [
      ...(said.length === 0 ? [format.bos] : []),
      ...(ended ? [] : [format.assistantEnd]),
      format.userStart,
      ...tokenizer.encode(whole),
      format.userEnd,
      format.assistantStart,
    ];
  };
  async function* say(message: string): AsyncGenerator<ChatPiece, void, void> {
    const added = opening(message);
    const logits = await feedAll(cache, [...said.slice(fed), ...added]);
    append(said, added);
    fed = said.length;
    const seed = (options.seed ?? 42) + turns++;
    const stop = [format.assistantEnd, format.bos, ...(options.stop ?? [])];
    const turn = answer(tokenizer, options.tools ?? true);
    const force = (_row: number, token: number) => turn.force(token);
    for await (const step of continueRows(cache, logits, [said], { ...options, seed, stop, force })) {
      fed = cache.length();
      said.push(step.token);
      yield { ...step, ...turn.piece(step, stop.includes(step.token)) };
    }
  }
  return { say, tokens: () => said };
}

const feedAll = (cache: Decoder, tokens: readonly number[]): Promise<Tensor> => cache.prefill([tokens]);

function refuseFormat({ special }: Tokenizer): never {
  const missing = conversationTokens.filter((name) => !special.has(name));
  throw new Refusal([
    error('N708', 'the tokenizer has not the tokens of a conversation', {
      expected: conversationTokens.join(', '),
      found: `none named ${missing.join(', ')}`,
      hint: 'nanoc chat speaks the format of nanochat; nanoc run continues any text',
    }),
  ]);
}

/** Follows one answer: its text, and calls of the tool in it. */
function answer(tokenizer: Tokenizer, tools: boolean) {
  const tool = tools ? idsOf(tokenizer, toolNames) : undefined;
  const stream: TextStream = textStream(tokenizer.decodeStream());
  let code: number[] | undefined;
  let answering = false;
  let call: ChatPiece['tool'];
  const answerOf = (asked: readonly number[]): readonly number[] => {
    const text = tokenizer.decode(asked);
    const result = calculate(text);
    call = { code: text, ...(result === undefined ? {} : { result }) };
    return result === undefined ? [] : [tool!.answerStart, ...tokenizer.encode(result), tool!.answerEnd];
  };
  return {
    /** The tokens of the tool's result, if this token ends a call of it. */
    force(token: number): readonly number[] {
      if (token === tool?.callStart) code = [];
      else if (token === tool?.callEnd && code) {
        const asked = code;
        code = undefined;
        return answerOf(asked);
      } else code?.push(token);
      return [];
    },
    piece({ token, end }: Step, isStop: boolean): Pick<ChatPiece, 'text' | 'tool'> {
      const silent = isStop || code !== undefined || answering || isTool(token);
      if (token === tool?.answerStart) answering = true;
      else if (token === tool?.answerEnd) answering = false;
      if (!silent) stream.push(token);
      const made = call;
      call = undefined;
      return { text: stream.take() + (end ? stream.end() : ''), ...(made ? { tool: made } : {}) };
    },
  };
  function isTool(token: number): boolean {
    return tool !== undefined && Object.values(tool).includes(token);
  }
}
