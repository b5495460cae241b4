/**
 * A TorchScript archive with one thing wrong in it is refused before it is run, and fails when its code is trusted; what is wrong
 * is named: by block, and by the line of the spec.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readArchive } from '../../backends/torchscript/read_archive.ts';
import { withTorch } from '../golden/torch_here.ts';
import { changedArchive, swap } from './changed_archive.ts';
import { bytesOf, command, fixture, folder, nanoc, root, tiny, written } from './run_cli.ts';

const checkpoint = fixture('nanochat-g4-valueembed');
const model = join(folder(), 'm.pt');
const made = await nanoc([
  'compile',
  'nanochat_2026_01',
  '--checkpoint',
  checkpoint,
  '--target',
  'torchscript',
  '-o',
  model,
]);

const labelOf = (weight: string): string => readArchive(model).tensors.get(weight)!.storage.label;

/** Fields of `/proc/PID/stat` behind the name, which may hold anything. */
const statOf = (pid: string): readonly string[] => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  } catch {
    return []; // it has ended
  }
};
const childrenOf = (parent: number): readonly string[] =>
  readdirSync('/proc').filter((name) => /^\d+$/.test(name) && statOf(name)[1] === String(parent));
/** In hundredths of a second. */
const processorTime = (pid: string): number => Number(statOf(pid)[11] ?? 0);

async function failure(path: string, ...more: string[]): Promise<string> {
  const { code, out, err } = await nanoc(['verify', path, ...more]);
  assert.is(code, 1, out + err);
  assert.match(out, 'FAILED');
  return err;
}

/** What a trusted archive fails with; it is not run before it is trusted. */
async function trusted(path: string): Promise<string> {
  const { code, out, err } = await nanoc(['verify', path]);
  assert.is(code, 1);
  assert.is(out, '');
  assert.match(err, 'error N709');
  return failure(path, '--trust-code');
}

await withTorch(() => {
  test('the archive as it was written passes', async () => {
    assert.is(made.code, 0, made.err);
    const { code, out } = await nanoc(['verify', changedArchive(model)]);
    assert.is(code, 0, out);
    for (const check of ['reference', 'repeat', 'cache', 'window', 'batch', 'padding', 'greedy', 'finite'])
      assert.match(out, new RegExp(`^${check} .*ok$`, 'm'));
    assert.match(out, /libtorch \S+ cpu against reference: \d+ checks, all agree/);
  });

  test('one number of one weight', async () => {
    const label = labelOf('transformer.h.2.mlp.c_fc.weight');
    const path = changedArchive(model, {
      record(name, bytes) {
        if (name !== label) return;
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        view.setFloat32(400, view.getFloat32(400, true) + 0.5, true);
      },
    });
    const said = await failure(path, '--checkpoint', checkpoint);
    assert.match(
      said,
      'the first value that differs is linear in transformer.h.2.mlp.c_fc with transformer.h.2.mlp',
    );
    assert.match(said, /nanochat_20\d\d_\d\d\.nanospec:\d+:\d+ warning N701/);
  });

  test('one sign of a rotation', async () => {
    const said = await trusted(
      changedArchive(model, { code: swap('a * cos - b * sin', 'a * cos + b * sin') }),
    );
    assert.match(said, 'the first value that differs is rotary in transformer.h.0.attn; the backend');
    assert.match(said, /nanochat_2026_01\.nanospec:\d+:\d+/);
    assert.match(said, 'rope(c_');
  });

  test('one bound of a mask', async () => {
    const said = await trusted(changedArchive(model, { code: swap(/(\w+ < )33/, '$165') }));
    assert.match(
      said,
      /the code of the archive is not what its spec compiles to: line \d+ of code\/__torch__\/nanoc\.py/,
    );
    assert.match(said, 'for transformer.h.0 and 2 more');
    assert.match(said, /nanochat_2026_01\.nanospec:\d+:\d+/);
    assert.match(said, 'attention(q, k, v, window');
    assert.match(said, /found .*< 65/);
  });

  test('one port that reads the memory of another layer', async () => {
    const said = await trusted(changedArchive(model, { code: swap('past[4]', 'past[2]') }));
    assert.match(said, 'for transformer.h.2');
    assert.match(said, /expected .*past\[4\]/);
    assert.match(said, /found .*past\[2\]/);
  });

  test('code that LibTorch does not take is refused with its line', async () => {
    const path = changedArchive(model, { code: swap('a * cos - b * sin', 'a * cos - c * sin') });
    const { code, err } = await nanoc(['verify', path, '--trust-code']);
    assert.is(code, 1);
    assert.match(err, 'error N704: LibTorch cannot load the model');
    assert.match(err, /ndefined value c.*code\/__torch__\/nanoc\.py, line \d+/);
  });

  /** The archive with lines more at the beginning of the model's `forward`. */
  const beginning = (...lines: string[]): string =>
    changedArchive(model, {
      code: swap(
        /(def forward\(self, input_ids: [\s\S]*?:\n)/,
        `$1${lines.map((l) => `    ${l}\n`).join('')}`,
      ),
    });

  test('code that writes a file is not run by any verb, unless it is trusted', async () => {
    const file = join(folder(), 'made');
    const path = beginning(
      `x9 = torch.from_file(${JSON.stringify(file)}, True, 10)`,
      'input_ids = input_ids + (torch.numel(x9) - 10)',
    );
    for (const [verb, ...more] of [
      ['run', '--tokens', '1,2'],
      ['verify'],
      ['chat', '--tokenizer', `${tiny}/tokenizer`],
      ['inspect'],
    ] as const) {
      const { code, err } = await nanoc([verb, path, ...more]);
      assert.is(code, verb === 'inspect' ? 0 : 1, err);
      if (verb !== 'inspect') assert.match(err, 'error N709: the code of the archive is not');
      assert.not.ok(existsSync(file), verb);
    }
    const { code } = await nanoc(['run', path, '--tokens', '1,2', '-n', '1', '--trust-code']);
    assert.is(code, 0);
    assert.ok(existsSync(file), 'the test sees what such code does');
  });

  const endless = beginning('i9 = 0', 'while i9 >= 0:', '  i9 = 1', 'input_ids = input_ids + i9');

  test('a forward that never ends is given up at the deadline', async () => {
    const args = ['run', endless, '--tokens', '1', '--trust-code', '--deadline', '2'];
    const { code, err } = await nanoc(args);
    assert.is(code, 1);
    assert.match(err, 'error N704: the LibTorch process is gone');
    assert.match(err, 'no answer within 2 s');
    assert.match(err, '--deadline');
  });

  test('Ctrl-C ends a forward that never does, and the process it runs in', async () => {
    const args = command(['run', endless, '--tokens', '1', '--trust-code']);
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
    const said: string[] = [];
    child.stderr.on('data', (chunk) => said.push(String(chunk)));
    const ended = once(child, 'exit');
    const python = async (): Promise<string> => {
      for (;;) {
        const [pid] = childrenOf(child.pid!).filter((id) => processorTime(id) > 200);
        if (pid !== undefined || child.exitCode !== null) return pid ?? '';
        await wait(100);
      }
    };
    const pid = existsSync('/proc/self/stat') ? await python() : await wait(20_000, '');
    child.kill('SIGINT');
    const [code] = await ended;
    assert.is(code, 130, said.join(''));
    assert.match(said.join(''), 'interrupted');
    assert.not.ok(existsSync(`/proc/${pid || 'none'}/stat`));
  });

  test('bytes that are not those of the checksum are refused', async () => {
    const bytes = Uint8Array.from(bytesOf(model));
    const { offset } = readArchive(model).tensors.get('transformer.h.0.mlp.c_fc.weight')!.storage;
    bytes[offset + 3]! ^= 1;
    const { code, err } = await nanoc(['verify', written('m.pt', bytes)]);
    assert.is(code, 1);
    assert.match(err, 'error N604');
  });

  test('both targets are held against the interpreter and each other', async () => {
    const small = ['--set', 'layers=2', '--set', 'dim=64', '--set', 'heads=2', '--set', 'vocab=100'];
    const both = ['--target', 'onnx', '--target', 'torchscript'];
    const { code, out, err } = await nanoc(['verify', 'nanochat', ...small, ...both]);
    assert.is(code, 0, out + err);
    assert.match(out, /^onnxruntime-node cpu against reference: \d+ checks, all agree/m);
    assert.match(out, /^libtorch \S+ cpu against reference: \d+ checks, all agree/m);
    assert.match(out, /^peer +3 rows of 24 tokens, against onnxruntime-node cpu .*ok$/m);
    assert.match(out, /^peer +rows padded on the left, against onnxruntime-node cpu .*ok$/m);
  });

  test('a device that is not there is refused', async () => {
    const { code, err } = await nanoc(['verify', model, '--device', 'webgpu']);
    assert.is(code, 1);
    assert.match(err, 'error N703: device webgpu is not available here');
  });

  test('nanoc run goes through the session', async () => {
    const { code, out, err } = await nanoc(['run', model, '--tokens', '1,2,3', '-n', '5']);
    assert.is(code, 0, err);
    const onnx = join(folder(), 'm.onnx');
    await nanoc(['compile', 'nanochat_2026_01', '--checkpoint', checkpoint, '-o', onnx]);
    assert.is(out, (await nanoc(['run', onnx, '--tokens', '1,2,3', '-n', '5'])).out);
  });
});

test('nanoc inspect reads the archive without torch', async () => {
  const env = { NANOC_PYTHON: '/nowhere/python3' };
  const { code, out, err } = await nanoc(['inspect', model], { env });
  assert.is(code, 0, err);
  assert.match(out, 'nanochat_2026_01, made by nanoc');
  assert.match(
    out,
    /^forward\(self, input_ids: Tensor, past: List\[Tensor\], attention_mask: Optional\[Tensor\]=None/m,
  );
  assert.match(
    out,
    /^past_key_values\.0\.key +float32\[batch_size, 2, past_sequence_length, 16\] +transformer\.h\.0\.attn\.k/m,
  );
  const json = JSON.parse((await nanoc(['inspect', model, '--json'], { env })).out);
  assert.ok(json.tensors.some((t: { name: string }) => t.name === 'transformer.h.3.attn.c_q.weight'));
  assert.is(json.manifest.cache, 'dynamic');
});

test('what is no archive of ours is refused', async () => {
  const weights = await nanoc(['run', `${checkpoint}/model_000000.pt`, '--tokens', '1']);
  assert.is(weights.code, 1);
  assert.match(weights.err, /N704: .* is not a TorchScript archive/);
  for (const [path, said] of [
    [
      changedArchive(model, {
        record: (name, bytes) => void (name.startsWith('extra/nanoc') && bytes.fill(32)),
      }),
      'was not written by nanoc',
    ],
    [written('m.pt', 'text'), 'N704'],
    ['/nowhere.pt', 'N704'],
  ] as const) {
    for (const verb of ['verify', 'run'] as const) {
      const { code, err } = await nanoc([verb, path, ...(verb === 'run' ? ['--tokens', '1'] : [])]);
      assert.is(code, 1, path + err);
      assert.match(err, 'N704');
      assert.match(err, said);
    }
  }
});

test('without torch, verify and run say how to get it', async () => {
  const { code, err } = await nanoc(['run', model, '--tokens', '1'], {
    env: { NANOC_PYTHON: '/nowhere/python3', NANOC_LIBTORCH: '' },
  });
  assert.is(code, 1);
  assert.match(err, 'error N702');
  assert.match(err, 'apt-get install python3-torch');
});

test.run();
