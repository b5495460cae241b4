/** A draft as a text, and what its marks say is missing or taken for granted. */

import type { Checkpoint } from '../../compiler/checkpoint/checkpoint.ts';
import type { Diagnostic } from '../../spec/diagnostic.ts';
import { soundDraft } from './flat.ts';
import { marks, write } from './write.ts';

export interface Marked {
  readonly line: number;
  readonly kind: keyof typeof marks;
  readonly what: string;
}

export interface Drafted {
  /** A spec in canonical form. */
  readonly text: string;
  /** From its first line to its last. */
  readonly marks: readonly Marked[];
  /** Errors of the draft other than its marked gaps. */
  readonly wrong: readonly Diagnostic[];
}

/** `name` is that of the model. */
export function draft(checkpoint: Checkpoint, name: string): Drafted {
  const { page, wrong } = soundDraft(checkpoint, name);
  const text = write(page);
  return { text, marks: marked(text), wrong };
}

/** The marks in a text, from its first line to its last. */
function marked(text: string): readonly Marked[] {
  const lines = text.split('\n');
  return lines.flatMap((line, i) => {
    const bare = line.trim();
    const kind = (Object.keys(marks) as (keyof typeof marks)[]).find((k) => bare.startsWith(marks[k]));
    if (kind === undefined) return [];
    const more: string[] = [];
    for (let at = i + 1; lines[at]?.trim().startsWith('#   '); at++) more.push(lines[at]!.trim().slice(4));
    return [{ line: i + 1, kind, what: [bare.slice(marks[kind].length), ...more].join(' ') }];
  });
}
