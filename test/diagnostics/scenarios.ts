/** Small situations with files, models and options, each ending in one diagnostic. */

import { copyFileSync, cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBackend } from '../../backends/index.ts';
import { irVersion } from '../../backends/onnx/versions.ts';
import { openCheckpoint } from '../../compiler/checkpoint/open_checkpoint.ts';
import { rawBytes } from '../../compiler/weights/stream.ts';
import type { Code } from '../../spec/codes.ts';
import { Refusal } from '../../spec/diagnostic.ts';
import { render } from '../../spec/render.ts';
import { changedArchive, swap } from '../cli/changed_archive.ts';
import { folder, nanoc } from '../cli/run_cli.ts';
import * as pickle from '../compiler/checkpoint/pickle_bytes.ts';
import { safetensorsBytes, torchBytes, torchZip } from '../compiler/checkpoint/torch_bytes.ts';
import { lettersTokenizer } from '../harness/letters.ts';

// each call in this process listens once more
for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0);

/** Gives what is printed; `dir` is an empty folder, which the texts call `DIR`. */
type Scenario = (dir: string) => Promise<string>;

const hostile = (name: string): string => `test/fixtures/adversarial/${name}`;
const golden = (name: string): string => `test/fixtures/golden/${name}`;
const small = [
  '--set',
  'layers=1',
  '--set',
  'dim=16',
  '--set',
  'heads=2',
  '--set',
  'vocab=32',
  '--set',
  'context=16',
];

const says = async (args: readonly string[]): Promise<string> => (await nanoc([...args, '--quiet'])).err;
const compiles =
  (...args: string[]): Scenario =>
  (dir) =>
    says(['compile', ...args, '-o', join(dir, 'm.onnx')]);
const opens = (name: string): Scenario => compiles('--checkpoint', hostile(name));

/** A checkpoint file with these bytes. */
const reads =
  (name: string, bytes: () => Uint8Array, ...more: string[]): Scenario =>
  (dir) => {
    writeFileSync(join(dir, name), bytes());
    return says(['compile', '--checkpoint', join(dir, name), ...more, '-o', join(dir, 'm.onnx')]);
  };

/** A small model, and a command on it. */
const model =
  (...args: string[]): Scenario =>
  async (dir) => {
    const path = join(dir, 'm.onnx');
    await says(['compile', 'nanochat_2025_10', ...small, '-o', path]);
    return says(args.map((arg) => (arg === 'MODEL' ? path : arg)));
  };

/** What a call of the library refuses. */
const refuses = async (call: () => unknown): Promise<string> => {
  try {
    await call();
  } catch (thrown) {
    if (thrown instanceof Refusal) return `${render(thrown.diagnostics, { color: false })}\n`;
    throw thrown;
  }
  return '';
};

const text = (dir: string, name: string, content: string): string => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};

/** A model of one table of four rows. */
const table = (more: string): string => `model m {
  ${more}
  wte: Embedding(4, 2)
  forward(tokens: int64[B, T]) -> logits: [B, T, 2] = wte(tokens)
}
`;
const floats = (...values: number[]) => ({ shape: [4, 2], data: Float32Array.from(values) });
const eight = floats(1, 2, 3, 4, 5, 6, 7, 8);

/** A spec and a checkpoint of its own. */
const binds =
  (spec: string, tensors: Readonly<Record<string, ReturnType<typeof floats>>>, ...more: string[]): Scenario =>
  (dir) => {
    writeFileSync(join(dir, 'model.pt'), torchBytes(tensors));
    const path = text(dir, 'm.nanospec', spec);
    return says(['compile', path, '--checkpoint', join(dir, 'model.pt'), ...more, '-o', join(dir, 'm.onnx')]);
  };

/** What is said under a warning's code while something compiles. */
async function warns(code: Code, dir: string, ...args: string[]): Promise<string> {
  const { err } = await nanoc(['compile', ...args, '-o', join(dir, 'm.onnx')]);
  const lines = err.split('\n');
  const from = lines.slice(lines.findIndex((line) => line.includes(`warning ${code}`)));
  const end = from.findIndex((line) => line.startsWith('writing'));
  return `${from
    .slice(0, end < 0 ? undefined : end)
    .join('\n')
    .trimEnd()}\n`;
}

const twoTables = `model m {
  wte.weight:  [4, 2]
  head.weight: [4, 2]
  forward(tokens: int64[B, T]) -> logits: [B, T, 4] = linear(take(wte.weight, tokens), head.weight)
}
`;

/** A golden checkpoint with entries of its config changed. */
function altered(dir: string, name: string, change: Readonly<Record<string, unknown>>): string {
  cpSync(golden(name), dir, { recursive: true });
  const path = join(dir, 'config.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
  return dir;
}

export const scenarios: Partial<Record<Code, Scenario>> = {
  N402: compiles('nanochat', '--explain', 'fold_everything'),
  N221: (dir) =>
    says([
      'check',
      text(dir, 'm.nanospec', 'include "../../../../../../../../../../etc/a.nanospec" as a\nmodel m {}'),
    ]),
  N501: () => refuses(() => findBackend('onxn')),
  N503: () => refuses(() => irVersion(16)),
  N504: async (dir) => {
    text(dir, 'm.onnx', 'something');
    return compiles('nanochat_2025_10', ...small)(dir);
  },
  N505: (dir) => says(['compile', 'nanochat_2025_10', ...small, '-o', join(text(dir, 'file', ''), 'm.onnx')]),
  N506: compiles('nanochat_2025_10', '--external', 'never'),
  N507: () => says(['check', 'nanochatt']),
  N509: binds(table(''), { 'wte.weight': floats(1, 2, 3, 4, 5, 6, 7, 1e6) }, '--dtype', 'f16'),
  N510: compiles(),
  N514: compiles('nanochat_2025_10', ...small, '--external', 'link'),
  N601: compiles('--checkpoint', 'no/such/folder'),
  N602: opens('empty-file'),
  N603: opens('truncated-zip'),
  N604: opens('wrong-crc'),
  N605: opens('pickle-os-system'),
  N606: reads('model.pt', () => torchZip(pickle.bytes(pickle.proto, 'R.'))),
  N607: opens('short-storage'),
  N608: opens('missing-key'),
  N609: opens('extra-key'),
  N610: opens('wrong-shape'),
  N611: opens('meta-missing-field'),
  N612: opens('meta-layer-mismatch'),
  N613: opens('meta-bad-json'),
  N614: opens('st-bad-json'),
  N615: reads('model.safetensors', () =>
    safetensorsBytes(
      { 'wte.weight': { dtype: 'F8_E4M3', shape: [2], data_offsets: [0, 2] } },
      Buffer.alloc(2),
    ),
  ),
  N616: async (dir) => {
    const args = ['compile', '--checkpoint', hostile('nan-weights'), '-o', join(dir, 'm.onnx')];
    const { err } = await nanoc(args);
    return err.slice(err.indexOf(hostile('nan-weights'), err.indexOf('writing')));
  },
  N617: binds(table('checkpoint { tied "lm_head.weight" = wte.weight }'), {
    'wte.weight': eight,
    'lm_head.weight': floats(1, 2, 3, 4, 5, 6, 7, 9),
  }),
  N511: (dir) =>
    compiles(
      ...[
        'nanochat_2026_03',
        ...small,
        '--set',
        'dim=32',
        '--layout',
        'genai',
        '--tokenizer',
        lettersTokenizer(32),
      ],
      ...['-o', join(dir, 'laid')],
    )(dir),
  N512: (dir) => compiles('nanochat', '--target', text(dir, 'mine.mjs', 'export default 7'))(dir),
  N513: (dir) => {
    const file = join(dir, 'model.safetensors');
    const header = { 'wte.weight': { dtype: 'F32', shape: [1, 2], data_offsets: [0, 8] } };
    writeFileSync(file, safetensorsBytes(header, Buffer.alloc(8)));
    return says(['new', join(dir, 'drafted'), '--from-checkpoint', file]);
  },
  N618: compiles('--checkpoint', golden('nanochat-g4-valueembed')),
  N619: (dir) => {
    text(
      dir,
      'meta_000000.json',
      JSON.stringify({
        model_config: { sequence_len: 8, vocab_size: 4, n_layer: 1, n_head: 1, n_kv_head: 1, n_embd: 2 },
      }),
    );
    const keys = [
      'transformer.wte.weight',
      'lm_head.weight',
      'bigram_embed.embed.weight',
      'transformer.h.0.attn.c_q.weight',
    ];
    const tensors = Object.fromEntries(keys.map((key) => [key, eight]));
    writeFileSync(join(dir, 'model_000000.pt'), torchBytes(tensors));
    return compiles('--checkpoint', dir)(dir);
  },
  N620: compiles('nanochat', '--set', 'layer=2'),
  N621: (dir) =>
    compiles('nanochat_2025_10', ...small, '--tokenizer', text(dir, 'tokenizer.pkl', 'words'))(dir),
  N622: reads('model.pt', () =>
    torchZip(pickle.bytes(pickle.proto, pickle.global('torch.nn.modules.linear', 'Linear'), '.')),
  ),
  N623: (dir) =>
    refuses(() => {
      const copy = join(dir, 'model.safetensors');
      copyFileSync(`${hostile('control-safetensors')}/model.safetensors`, copy);
      const { tensors } = openCheckpoint(copy);
      truncateSync(copy, 4096);
      for (const tensor of tensors.values()) for (const _ of rawBytes(tensor));
    }),
  N624: (dir) => warns('N624', dir, '--checkpoint', altered(dir, 'hf-llama', { logits_soft_cap: 30 })),
  N625: (dir) => {
    const zeros = { ...eight, data: new Float32Array(8) };
    const path = join(dir, 'model.pt');
    writeFileSync(path, torchBytes({ 'wte.weight': eight, 'head.weight': zeros }));
    return warns('N625', dir, text(dir, 'm.nanospec', twoTables), '--checkpoint', path);
  },
  N626: (dir) => {
    const path = join(dir, 'model.pt');
    writeFileSync(path, torchBytes({ 'module.wte.weight': eight, 'module.head.weight': eight }));
    return warns('N626', dir, text(dir, 'm.nanospec', twoTables), '--checkpoint', path);
  },
  N627: (dir) => {
    const rope_parameters = { rope_theta: 1e308 };
    return warns('N627', dir, '--checkpoint', altered(dir, 'hf-llama', { rope_parameters }));
  },
  N701: async () => {
    const name = golden('nanochat-g1-mha');
    const files = ['--checkpoint', name, '--golden', `${name}/io.safetensors`];
    const said = await says(['verify', 'nanochat_2025_10', ...files, '--atol', '1e-12', '--no-bisect']);
    return said.replace(/\d+ of/, 'N of').replace(/0\.0{4,}\d+/, '0.00000...'); // as processors round
  },
  N703: model('run', 'MODEL', '--tokens', '1', '--device', 'cuda'),
  N704: (dir) => says(['run', text(dir, 'm.onnx', 'not a model'), '--tokens', '1']),
  N705: model('run', 'MODEL', '--tokens', '1,99'),
  N706: model('run', 'MODEL', '--tokens', Array.from({ length: 200 }, () => 1).join(',')),
  N707: (dir) => says(['verify', 'nanochat_2025_10', ...small, '--golden', join(dir, 'io.safetensors')]),
  N708: model('run', 'MODEL', '--prompt', 'Once'),
  N709: async (dir) => {
    const path = join(dir, 'm.pt');
    await says(['compile', 'nanochat_2025_10', ...small, '--target', 'torchscript', '-o', path]);
    copyFileSync(changedArchive(path, { code: swap('x.size(', 'x.numel(') }), path);
    return says(['run', path, '--tokens', '1']);
  },
  N710: async (dir) => {
    const path = join(dir, 'm.onnx');
    copyFileSync('test/fixtures/older_models/random.onnx', path);
    return (await nanoc(['verify', path])).err;
  },
};

export async function scene(code: Code): Promise<string> {
  const dir = folder();
  const said = (await scenarios[code]?.(dir)) ?? '';
  // newer versions of Node add this to what JSON.parse says
  return said.replaceAll(dir, 'DIR').replaceAll(/ \(line \d+ column \d+\)/g, '');
}
