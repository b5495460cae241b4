/** One answer of a conversation, gathered while it is made. */

import type { ChatPiece } from './chat.ts';
import type { End } from './generate.ts';
import { type Summary, speedOf } from './speed.ts';

export interface Answer extends Summary {
  readonly text: string;
  /** Calls of tools; absent where there were none. */
  readonly tools?: readonly NonNullable<ChatPiece['tool']>[];
  /** Absent where no token came. */
  readonly end?: End | 'interrupted';
}

/** Reads pieces until the last, or until `isEnough` is true after one. */
export async function gatherAnswer(
  pieces: AsyncIterable<ChatPiece>,
  isEnough: (piece: ChatPiece) => boolean,
): Promise<Answer> {
  const speed = speedOf();
  const tools: NonNullable<ChatPiece['tool']>[] = [];
  let text = '';
  let end: Answer['end'];
  for await (const piece of pieces) {
    speed.token();
    text += piece.text;
    if (piece.tool) tools.push(piece.tool);
    end = piece.end;
    if (!isEnough(piece)) continue;
    end = 'interrupted';
    break;
  }
  return {
    text,
    ...(tools.length > 0 ? { tools } : {}),
    ...(end === undefined ? {} : { end }),
    ...speed.summary(),
  };
}
