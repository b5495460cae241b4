/** nanochat's `tokenizer.pkl`: the state of a pickled tiktoken Encoding, read as data. */

import { isDict } from '../../compiler/checkpoint/pickle_opcodes.ts';
import { type Dict, type Pickled, PickleProblem, type Policy } from '../../compiler/checkpoint/pickled.ts';
import { unpickle } from '../../compiler/checkpoint/unpickle.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';

export interface Encoding {
  readonly name: string;
  /** How text is split before merging, in the regex dialect of Rust's fancy-regex. */
  readonly pattern: string;
  /** Ranks by the bytes of tokens, one UTF-16 unit for each byte. */
  readonly ranks: ReadonlyMap<string, number>;
  readonly special: ReadonlyMap<string, number>;
}

interface Instance {
  state: Pickled<Instance> | undefined;
}

const policy: Policy<Instance> = {
  globals: new Map([
    [
      'tiktoken.core Encoding',
      {
        create: (_args, self) => ({ kind: 'made', maker: self, value: { state: undefined } }),
        build: (target, state) => {
          if (target.kind !== 'made')
            throw new PickleProblem('state given to something else than an Encoding');
          target.value.state = state;
        },
      },
    ],
  ]),
};

/** The largest id that 32 bits can store, far above any tokenizer in use. */
const largestId = 2 ** 31 - 1;

export function readEncoding(bytes: Uint8Array, file: string): Encoding {
  const refuse = (why: string, hint?: string): never => {
    throw new Refusal([error('N621', why, { file, ...(hint ? { hint } : {}) })]);
  };
  const value = unpickle(bytes, policy, { file, label: 'of the tokenizer' });
  const made = typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'made';
  const state = made ? value.value.state : undefined;
  if (typeof state === 'string') {
    return refuse(
      `the tokenizer only names tiktoken's encoding ${JSON.stringify(state)}; its tokens are not in the file`,
      'give a tokenizer.json instead',
    );
  }
  if (!isDict(state)) return refuse('the pickle holds no tiktoken Encoding');
  const of = (key: string): Pickled<Instance> | undefined => state.entries.get(key);
  const [name, pattern, ranks, special] = ['name', 'pat_str', 'mergeable_ranks', 'special_tokens'].map(of);
  if (typeof pattern !== 'string') return refuse('the tokenizer has no split pattern (pat_str)');
  if (!isDict(ranks) || !isDict(special))
    return refuse('the tokenizer has no mergeable_ranks or special_tokens');
  const encoding = {
    name: typeof name === 'string' ? name : 'unnamed',
    pattern,
    ranks: table(ranks, (key) => (key instanceof Uint8Array ? latin(key) : undefined), refuse),
    special: table(special, (key) => (typeof key === 'string' ? key : undefined), refuse),
  };
  checkIds(encoding, refuse);
  return encoding;
}

type Refuse = (why: string) => never;

/** Bytes as text of the same length, so that a Map can hold them. */
export const latin = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

function table(
  { entries }: Dict<Instance>,
  read: (key: Pickled<Instance>) => string | undefined,
  refuse: Refuse,
): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [key, id] of entries) {
    const text = read(key);
    if (text === undefined || text === '') return refuse('a token that is not text');
    if (found.has(text)) refuse(`the token ${JSON.stringify(text)} stands twice`);
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > largestId)
      return refuse(`the token ${JSON.stringify(text)} has no id`);
    found.set(text, id);
  }
  return found;
}

/** Checks that every byte is a token, and that no two tokens share an id. */
function checkIds({ ranks, special }: Encoding, refuse: Refuse): void {
  const ids = new Set([...ranks.values(), ...special.values()]);
  if (ids.size !== ranks.size + special.size) refuse('two tokens have one id');
  const absent = Array.from({ length: 256 }, (_, b) => b).filter((b) => !ranks.has(String.fromCharCode(b)));
  if (absent.length > 0) refuse(`no token for the byte ${absent[0]}`);
}
