/** A tokenizer whose token i is one character, for models with a vocabulary too small for bytes. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from '../cli/run_cli.ts';

/** Letters that stand for themselves in GPT-2's alphabet of bytes. */
const letters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + ((i + 32) % 94)));

export const lettersOf = (tokens: readonly number[]): string => tokens.map((t) => letters[t]!).join('');

/** Path of a folder with `tokenizer.json` and its config; token 0 pads. */
export function lettersTokenizer(vocab: number): string {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
  const tokens = letters.slice(0, vocab);
  const json = {
    ...{ version: '1.0', added_tokens: [], normalizer: null, post_processor: null },
    pre_tokenizer: byteLevel,
    decoder: byteLevel,
    model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((t, i) => [t, i])), merges: [] },
  };
  const config = { tokenizer_class: 'PreTrainedTokenizerFast', pad_token: letters[0] };
  const path = folder();
  writeFileSync(join(path, 'tokenizer.json'), JSON.stringify(json));
  writeFileSync(join(path, 'tokenizer_config.json'), JSON.stringify(config));
  return path;
}
