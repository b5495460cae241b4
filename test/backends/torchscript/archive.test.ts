/** Archives as LibTorch sees them: keys, tied weights, operators, and calls with what may be left out left out. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { operators, type Release } from '../../../backends/torchscript/operators.ts';
import { openCheckpoint } from '../../../compiler/checkpoint/open_checkpoint.ts';
import { randomRows } from '../../../runtime/verify/verify_run.ts';
import { fixture, make } from '../../golden/compile_fixture.ts';
import { type TorchHere, withTorch } from '../../golden/torch_here.ts';
import { archiveOf, compileSmall, specs } from './small_models.ts';

interface Look {
  readonly keys: Readonly<Record<string, readonly [dtype: string, shape: readonly number[]]>>;
  /** Names whose tensor another name has, too. */
  readonly shared: Readonly<Record<string, string>>;
  readonly parameters: readonly string[];
  readonly trained: boolean;
  readonly buffers: readonly string[];
  readonly operators: readonly string[];
  readonly schema: string;
  readonly manifest: string;
  readonly printed: string;
  readonly code: string;
}

function python<T>({ python: command }: TorchHere, script: string, input: unknown): T {
  const path = fileURLToPath(new URL(`./${script}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(command, [path], {
    input: JSON.stringify(input),
    encoding: 'utf8',
  });
  assert.is(status, 0, stderr);
  return JSON.parse(stdout) as T; // what the scripts beside this file print
}

const look = (torch: TorchHere, ...archives: readonly Uint8Array[]): readonly Look[] =>
  python(
    torch,
    'look_inside.py',
    archives.map((bytes) => torch.file('model.pt', bytes)),
  );

/** Of the parts that a table of tensor operators need not name. */
const isTensorOperator = (kind: string): boolean => kind.startsWith('aten::') && !scalars.has(kind);
/** On Python numbers and lists. */
const scalars = new Set(
  ['__getitem__', '__isnot__', '__is__', 'append', 'floordiv'].map((name) => `aten::${name}`),
);

/** What a checkpoint does not tell. */
const specOf: Readonly<Record<string, string>> = {
  'nanochat-g4-valueembed': 'nanochat_2026_01',
  'nanochat-g5-softcap20': 'nanochat_2026_03_softcap20',
};

const known = (name: string): Release | undefined =>
  Object.entries(operators).find(([n]) => n === name)?.[1].since;

await withTorch((torch) => {
  test('the keys of every fixture are its own, with rotary tables beside them', () => {
    const names = readdirSync(fixture('')).filter((name) => name.startsWith('nanochat-'));
    const archives = names.map((n) => make(fixture(n), specOf[n], { target: 'torchscript' }).bytes);
    look(torch, ...archives).forEach((seen, i) => {
      const tensors = openCheckpoint(fixture(names[i]!)).tensors;
      const own = Object.entries(seen.keys).filter(([key]) => !key.startsWith('rope.'));
      assert.equal(own.map(([key]) => key).sort(), [...tensors.keys()].sort());
      for (const [key, [, shape]] of own) assert.equal(shape, tensors.get(key)!.shape, key);
      assert.equal(seen.buffers, ['rope.cos', 'rope.sin']);
      assert.not(seen.trained);
    });
    assert.ok(names.length >= 9);
  });

  test('tied weights are one parameter under two names', () => {
    const [seen] = look(torch, archiveOf(compileSmall('examples/gpt2')));
    const [[other, first] = ['', '']] = Object.entries(seen!.shared);
    assert.is(Object.keys(seen!.shared).length, 1);
    assert.equal([other, first].sort(), ['lm_head.weight', 'wte.weight']);
    assert.is(seen!.parameters.filter((p) => p === other || p === first).length, 1);
    const [apart] = look(torch, archiveOf(compileSmall('examples/nanochat_2026_03')));
    assert.equal(apart!.shared, {});
  });

  test('every operator of every spec is in the table', () => {
    const forms = [{}, { cache: 'static', slots: 16 }, { storage: 'bfloat16' }] as const;
    const archives = specs.flatMap((spec) => forms.map((form) => archiveOf(compileSmall(spec, form))));
    const seen = new Set(look(torch, ...archives).flatMap((l) => l.operators));
    for (const kind of [...seen].filter(isTensorOperator))
      assert.is(known(kind.slice('aten::'.length)), '1.13', kind);
    assert.ok(seen.has('aten::index_copy_') && seen.has('aten::sort'), [...seen].join(' '));
  });

  test('modules are called as the spec calls its blocks, and print so', () => {
    const [seen] = look(torch, archiveOf(compileSmall('examples/nanochat_2026_03')));
    for (const block of ['Layer', 'Attention', 'Mlp', 'Linear', 'Embedding', 'Rotary'])
      assert.match(seen!.printed, `original_name=${block}\n`.trim());
    assert.match(seen!.code, 'self.resid_lambdas');
    assert.is(seen!.manifest, 'nanochat_2026_03');
  });

  for (const form of [{}, { cache: 'static', slots: 16 }] as const) {
    const name = 'cache' in form ? 'static' : 'dynamic';
    test(`cache ${name}: what a caller leaves out is put in`, () => {
      const compiled = compileSmall('examples/nanochat_2026_03', form);
      const model = torch.file('model.pt', archiveOf(compiled));
      const tokens = randomRows(2, 9, 61, 4);
      const seen = python<Readonly<Record<string, unknown>>>(torch, 'try_forward.py', { model, tokens });
      const number = (key: string): number => Number(seen[key]);
      for (const same of ['defaults', 'positions of a padded text', 'pads are not seen', 'one step more'])
        assert.ok(number(same) <= 1e-5, `${same}: ${seen[same]}`);
      assert.ok(number('pads matter') > 1e-3, 'padding shows where it is not said');
      assert.is(seen['finite'], true);
      assert.is(seen['buffers stay in place'], name === 'static');
      const keys = ['float32', [2, 2, name === 'static' ? 16 : 0, 16]];
      assert.equal(seen['cache'], [...Array(8).fill(keys), ['float32', [2, 1, 64]]]);
      assert.equal(seen['half cache'], ['torch.bfloat16']);
    });
  }
});

test('the bytes of a tensor are those of the checkpoint', () => {
  const { bytes } = make(fixture('nanochat-g1-mha'), undefined, { target: 'torchscript' });
  const { tensors } = openCheckpoint(fixture('nanochat-g1-mha'));
  for (const [key, { storage }] of tensors) {
    const stored = readFileSync(storage.file).subarray(storage.offset, storage.offset + storage.bytes);
    const at = Buffer.from(bytes).indexOf(stored);
    assert.ok(at > 0, `${key} is not there`);
    assert.is(at % 64, 0, `${key} at ${at}`);
  }
});

test('a second compile gives the same bytes', () => {
  const once = (): Uint8Array => archiveOf(compileSmall('examples/nanochat_2026_03'));
  assert.ok(Buffer.from(once()).equals(once()));
});

test.run();
