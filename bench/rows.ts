/** Every figure that `npm run bench` measures, with the bound that it is held to. */

export interface Row {
  /** What is measured, and what it is held against. */
  readonly what: string;
  readonly against: string;
  readonly floor: number;
  /** Whether the floor is the least or the most that is fine. */
  readonly bound: 'least' | 'most';
  readonly unit: 'times' | 's' | 'ms' | 'MB';
  readonly how: string;
}

const sameGraph = 'the same file in a C++ host that copies least';
const bare = 'an empty script in Node';
const stepHow =
  'Tokens a second after a prompt of so many tokens, greedy. The faster of two C++ hosts by IoBinding counts: one gives ' +
  '`present.*` back as the past, one keeps rows in buffers and takes new ones. Both use all hardware threads.';
const llamaHow =
  'node-llama-cpp without a GPU, a random Llama of equal depth, width, heads, vocabulary and parameters as a float32 GGUF.';
const specsHow =
  'Every spec that ships, at full size, with the sizes that it declares; the two that took most are measured again, and the two best runs count.';
const cpuHow =
  'Processor time of the whole command with its children, less that of an empty script, in milliseconds.';

const declared = {
  decode_short: {
    what: 'decode after a short prompt (32)',
    against: sameGraph,
    floor: 0.8,
    bound: 'least',
    unit: 'times',
    how: stepHow,
  },
  decode_middle: {
    what: 'decode after 128 tokens',
    against: sameGraph,
    floor: 0.8,
    bound: 'least',
    unit: 'times',
    how: stepHow,
  },
  decode_long: {
    what: 'decode after 1,024 tokens',
    against: sameGraph,
    floor: 0.8,
    bound: 'least',
    unit: 'times',
    how: stepHow,
  },
  decode_own: {
    what: 'decode after 1,024 tokens',
    against: 'its own speed after 32',
    floor: 0.8,
    bound: 'least',
    unit: 'times',
    how: 'The same steps as against the C++ hosts.',
  },
  llama_middle: {
    what: 'decode after 128 tokens',
    against: 'node-llama-cpp, f32',
    floor: 1.2,
    bound: 'least',
    unit: 'times',
    how: llamaHow,
  },
  llama_long: {
    what: 'decode after 1,024 tokens',
    against: 'node-llama-cpp, f32',
    floor: 1.2,
    bound: 'least',
    unit: 'times',
    how: llamaHow,
  },
  first_token: {
    what: 'first token of a prompt of 512',
    against: sameGraph,
    floor: 0.9,
    bound: 'least',
    unit: 'times',
    how: 'How many times as fast as the faster of the two C++ hosts, with an open session.',
  },
  logits: {
    what: 'first token of a prompt of 512',
    against: '`--logits last`',
    floor: 1,
    bound: 'least',
    unit: 'times',
    how: 'The file that is written with no option against one with the logits of the last token alone.',
  },
  load_time: {
    what: 'session load, time',
    against: "torch.onnx's file",
    floor: 1,
    bound: 'most',
    unit: 'times',
    how: '`InferenceSession.create` of onnxruntime-node in a process of its own, files in the page cache.',
  },
  load_memory: {
    what: 'session load, peak memory',
    against: "torch.onnx's file",
    floor: 1,
    bound: 'most',
    unit: 'times',
    how: 'The largest resident set of that process.',
  },
  compile_time: {
    what: 'compile of a d20 (2.2 GB)',
    against: '`cat a > b`',
    floor: 1.3,
    bound: 'most',
    unit: 'times',
    how: 'Seconds of the whole command; a rest before each, since a virtual machine takes freed memory back.',
  },
  compile_memory: {
    what: 'compile of a d20, peak memory',
    against: 'a bound',
    floor: 150,
    bound: 'most',
    unit: 'MB',
    how: 'The largest resident set of the process that compiles.',
  },
  version: {
    what: '`--version`, processor time',
    against: bare,
    floor: 40,
    bound: 'most',
    unit: 'ms',
    how: cpuHow,
  },
  check: {
    what: '`check` of a spec with mistakes, processor time',
    against: bare,
    floor: 120,
    bound: 'most',
    unit: 'ms',
    how: cpuHow,
  },
  front: {
    what: 'compile of the smallest model',
    against: bare,
    floor: 150,
    bound: 'most',
    unit: 'ms',
    how: 'Milliseconds of the whole command beyond those of an empty script.',
  },
  inspect_time: {
    what: '`inspect` of the slowest shipped spec',
    against: 'a bound',
    floor: 2,
    bound: 'most',
    unit: 's',
    how: specsHow,
  },
  inspect_memory: {
    what: '`inspect`, peak memory of the largest',
    against: 'a bound',
    floor: 200,
    bound: 'most',
    unit: 'MB',
    how: specsHow,
  },
  check_time: {
    what: '`check` of the slowest shipped spec',
    against: 'a bound',
    floor: 2,
    bound: 'most',
    unit: 's',
    how: specsHow,
  },
  check_memory: {
    what: '`check`, peak memory of the largest',
    against: 'a bound',
    floor: 200,
    bound: 'most',
    unit: 'MB',
    how: specsHow,
  },
  deep_compile: {
    what: 'compile of 400 layers of width 64',
    against: 'a bound',
    floor: 3,
    bound: 'most',
    unit: 's',
    how: 'nanochat_2025_10 with random weights and a vocabulary of 256.',
  },
} as const satisfies Readonly<Record<string, Row>>;

export type RowName = keyof typeof declared;
export const rows: Readonly<Record<RowName, Row>> = declared;

/** What was measured for a row. */
export type Finding =
  | {
      /** One for each round, in the unit of the row. */
      readonly values: readonly number[];
      readonly ours: string;
      readonly theirs: string;
    }
  /** Why there is no figure. */
  | { readonly skipped: string };

export type Findings = Readonly<Partial<Record<RowName, Finding>>>;
