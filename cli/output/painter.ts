/** Colours for verdicts, if colours are enabled. */

import { type IoOptions, wantsColor } from './io.ts';

export interface Painter {
  good(text: string): string;
  bad(text: string): string;
}

export function painter({ color }: Pick<IoOptions, 'color'>, stream: { readonly isTTY?: boolean }): Painter {
  const wanted = wantsColor(color, stream);
  const paint = (code: string) => (text: string) => (wanted ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { good: paint('32'), bad: paint('31;1') };
}
