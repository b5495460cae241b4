/**
 * tiktoken's rank files (`cl100k_base.tiktoken`, Llama 3's `tokenizer.model`): a line for each token, its bytes in base64 and
 * its rank. The split pattern and the special tokens are not in the file; they go with the encoding, which is known by its
 * name or by how many ranks it has.
 */

import { error, Refusal } from '../../spec/diagnostic.ts';
import { type Encoding, latin } from './tiktoken_pickle.ts';

/** Split patterns from OpenAI's, Meta's and Alibaba's own code. */
const patterns = {
  gpt2: String.raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s`,
  cl100k: String.raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`,
  o200k: [
    String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?`,
    String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?`,
    String.raw`\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  ].join('|'),
  llama3: String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  qwen: String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
} as const;

interface Known {
  readonly name: string;
  readonly ranks: number;
  readonly pattern: string;
  readonly special: readonly (readonly [name: string, id: number])[];
}

/** Llama 3 keeps 256 ids after its ranks; those without a name of their own are counted, the third and fourth apart. */
const llama3Special = (): Known['special'] => {
  const named: Readonly<Record<number, string>> = {
    0: 'begin_of_text',
    1: 'end_of_text',
    4: 'finetune_right_pad_id',
    6: 'start_header_id',
    7: 'end_header_id',
    8: 'eom_id',
    9: 'eot_id',
    10: 'python_tag',
  };
  let reserved = 0;
  return Array.from({ length: 256 }, (_, i) => {
    const name = named[i] ?? `reserved_special_token_${reserved++}`;
    return [`<|${name}|>`, 128_000 + i] as const;
  });
};

const end = '<|endoftext|>';
const known: readonly Known[] = [
  { name: 'gpt2', ranks: 50_256, pattern: patterns.gpt2, special: [[end, 50_256]] },
  { name: 'r50k_base', ranks: 50_256, pattern: patterns.gpt2, special: [[end, 50_256]] },
  { name: 'p50k_base', ranks: 50_280, pattern: patterns.gpt2, special: [[end, 50_256]] },
  {
    name: 'cl100k_base',
    ranks: 100_256,
    pattern: patterns.cl100k,
    special: [
      [end, 100_257],
      ['<|fim_prefix|>', 100_258],
      ['<|fim_middle|>', 100_259],
      ['<|fim_suffix|>', 100_260],
      ['<|endofprompt|>', 100_276],
    ],
  },
  {
    name: 'o200k_base',
    ranks: 199_998,
    pattern: patterns.o200k,
    special: [
      [end, 199_999],
      ['<|endofprompt|>', 200_018],
    ],
  },
  { name: 'llama3', ranks: 128_000, pattern: patterns.llama3, special: llama3Special() },
  {
    name: 'qwen',
    ranks: 151_643,
    pattern: patterns.qwen,
    special: [
      [end, 151_643],
      ['<|im_start|>', 151_644],
      ['<|im_end|>', 151_645],
    ],
  },
];

/** Whether a file begins like a rank file: base64, a space, a number. */
export const looksLikeRanks = (bytes: Uint8Array): boolean =>
  /^[A-Za-z0-9+/]+=*[ \t]\d+\r?\n/.test(latin(bytes.subarray(0, 400)));

/** Refuses (N621) a file that is damaged, or whose encoding neither its name nor its size tells. */
export function readRanks(bytes: Uint8Array, file: string): Encoding {
  const refuse = (why: string, found?: string, hint?: string): never => {
    throw new Refusal([error('N621', why, { file, ...(found ? { found } : {}), ...(hint ? { hint } : {}) })]);
  };
  const ranks = new Map<string, number>();
  const ids = new Set<number>();
  for (const [i, line] of latin(bytes).split('\n').entries()) {
    if (line.trim() === '') continue;
    const [, word, id] = /^([A-Za-z0-9+/]+=*)[ \t](\d{1,9})\r?$/.exec(line) ?? [];
    if (!word || !id) return refuse(`line ${i + 1} is no token and its rank`, line.slice(0, 60));
    const token = atob(word);
    if (ranks.has(token) || ids.has(Number(id)))
      return refuse(`line ${i + 1} gives a token or a rank again`, line);
    ranks.set(token, Number(id));
    ids.add(Number(id));
  }
  for (let b = 0; b < 256; b++) if (!ranks.has(String.fromCharCode(b))) refuse(`no token for the byte ${b}`);
  const name = file.replace(/^.*[/\\]/, '').toLowerCase();
  const of = known.find((k) => name.includes(k.name)) ?? known.find((k) => k.ranks === ranks.size);
  if (!of) {
    const names = known.map((k) => k.name).join(', ');
    return refuse(
      'which encoding these ranks belong to is not known',
      `${ranks.size} ranks`,
      `name the file after it (${names}), as in cl100k_base.tiktoken; or give a tokenizer.json`,
    );
  }
  const free = of.special.filter(([, id]) => !ids.has(id));
  return { name: of.name, pattern: of.pattern, ranks, special: new Map(free) };
}
