/** Every layout, with every target that it takes: what is written is found again by its folder alone. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Backend } from '../../backends/backend.ts';
import type { Layout } from '../../backends/layout/layout.ts';
import { dtypeWords } from '../../driver/compile_options.ts';
import { loadPlugins } from '../../driver/plugins/extensions.ts';
import { clientOf, layouts, openable } from '../../driver/registry.ts';
import { folder, lines, nanoc, nanocProcess, written } from '../cli/run_cli.ts';
import { withTorch } from '../golden/torch_here.ts';
import { lettersTokenizer } from '../harness/letters.ts';

/** A layout that puts the model where none of ours does, and takes what nobody else takes. */
const shelf = written(
  'shelf.mjs',
  `export const layouts = [{
    name: 'shelf', otherNames: ['rack'], doc: 'a shelf for each model', caches: ['dynamic'],
    statesAsLayers: false, padsUncached: false, wantsTokenizer: true, suffixes: { bfloat16: '-brain' },
    modelFolder: 'shelves/*/top', sign: 'shelves/*/label.txt', targets: { onnx: {}, torchscript: {} },
    around({ name, tokenizer }) {
      const file = (name, bytes) => ({ name, size: bytes.length, chunks: () => [bytes] });
      return [
        file(\`shelves/\${name}/label.txt\`, new TextEncoder().encode(name)),
        file('tokenizer.json', tokenizer.json),
      ];
    },
  }];`,
);
const spec = 'nanochat_2025_10';
const small = [spec, ...['layers=1', 'dim=32', 'heads=2', 'vocab=61'].flatMap((size) => ['--set', size])];
const letters = ['--tokenizer', lettersTokenizer(61)];
const plugin = ['--plugin', shelf];

await loadPlugins([shelf]);

/** What a command line says to write such a folder, in the first form of cache that the client can carry. */
function asked(layout: Layout, target: Backend, dtype: string): readonly string[] {
  const cache = clientOf(layout, target)?.byPosition ? 'none' : layout.caches.at(-1)!;
  return [
    ...[...small, '--layout', layout.name, '--target', target.name, '--dtype', dtype, '--cache', cache],
    ...(layout.wantsTokenizer ? letters : []),
  ];
}

async function laid(layout: Layout, target: Backend, dtype: string): Promise<readonly [string, string]> {
  const out = join(folder(), 'laid');
  const made = await nanoc(['compile', ...asked(layout, target, dtype), '-o', out, '--json']);
  assert.is(made.code, 0, made.err);
  const { path } = JSON.parse(lines(made.out).at(-1)!);
  return [out, path];
}

const wordOf = (storage: string): string =>
  Object.keys(dtypeWords).find((word) => dtypeWords[word as keyof typeof dtypeWords] === storage)!;

const inspected = async (path: string) => JSON.parse((await nanoc(['inspect', path, '--json'])).out);

const pairs = layouts().flatMap((layout) => openable().map((target) => ({ layout, target })));

for (const { layout, target } of pairs) {
  const title = `${layout.name} of ${target.name}`;
  if (!clientOf(layout, target)) {
    test(`${title} is refused with the targets that there are`, async () => {
      const { code, err } = await nanoc(['compile', ...asked(layout, target, 'f32'), '-o', folder()]);
      assert.is(code, 2, err);
      assert.match(err, `--layout ${layout.name} takes no ${target.name}`);
    });
    continue;
  }
  for (const dtype of ['float32', ...Object.keys(layout.suffixes)].map(wordOf)) {
    test(`${title} in ${dtype} is found by its folder`, async () => {
      const [out, path] = await laid(layout, target, dtype);
      assert.ok(existsSync(path), path);
      const found = await inspected(out);
      assert.equal(found, await inspected(path));
      assert.is(wordOf(found.manifest.storage), dtype);
    });
  }
}

/** The folder says what its model says; with a tokenizer that lies elsewhere in it. */
async function runs(layout: Layout, target: Backend): Promise<void> {
  const [out, path] = await laid(layout, target, 'f32');
  const prompt = layout.wantsTokenizer ? ['--prompt', 'ABC'] : ['--tokens', '3,14,15'];
  const [byFolder, byFile] = [
    await nanoc(['run', out, ...prompt, '-n', '6']),
    await nanoc(['run', path, ...prompt, '-n', '6']),
  ];
  assert.is(byFolder.code, 0, byFolder.err);
  assert.ok(byFolder.out.trim().length > 2, byFolder.out);
  assert.is(byFolder.out, byFile.out);
}

const taken = pairs.filter(({ layout, target }) => clientOf(layout, target));
for (const { layout, target } of taken.filter(({ target: { file } }) => !file.isProgram))
  test(`${layout.name} of ${target.name} runs by its folder`, () => runs(layout, target));

await withTorch((_, within) => {
  for (const { layout, target } of taken.filter(({ target: { file } }) => file.isProgram))
    within(`${layout.name} of ${target.name} runs by its folder`, () => runs(layout, target));
});

test('a layout that a plugin brings is written and found by commands of their own, and by none without it', () => {
  const out = join(folder(), 'laid');
  const made = nanocProcess(['compile', ...small, ...letters, ...plugin, '--layout', 'shelf', '-o', out]);
  assert.is(made.code, 0, made.err);
  assert.is(readFileSync(join(out, `shelves/${spec}/label.txt`), 'utf8'), spec);
  const run = ['run', out, '--prompt', 'ABC', '-n', '3'];
  const ran = nanocProcess([...run, ...plugin]);
  assert.is(ran.code, 0, ran.err);
  const without = nanocProcess(run);
  assert.is(without.code, 1);
  assert.match(
    without.err,
    /N704: no model in this folder\nexpected model\.onnx, onnx.*model\.pt, NAME.1.model\.onnx/,
  );
  assert.not.match(without.err, 'shelves');
  const misspelt = nanocProcess(['compile', ...small, '--layout', 'shelf', '-o', out]);
  assert.is(misspelt.code, 2);
  assert.match(misspelt.err, /N510: unknown layout `shelf`\nhint: allowed: plain, transformers\.js/);
});

test('words of other programs for a layout, and misspelt ones, are answered with its name', async () => {
  for (const [word, name] of [
    ['hf', 'transformers.js'],
    ['HuggingFace', 'transformers.js'],
    ['tritn', 'triton'],
    ['rack', 'shelf'],
  ] as const) {
    const { code, err } = await nanoc(['compile', ...small, '--layout', word, '-o', folder()]);
    assert.is(code, 2, err);
    assert.match(err, `did you mean ${name}?`);
  }
});

test('a layout that would write elsewhere, or gives no files, is refused with its file', async () => {
  const text = readFileSync(shelf, 'utf8');
  for (const [from, to, said] of [
    [
      "modelFolder: 'shelves/*/top'",
      "modelFolder: '../top'",
      /no folder for its model\n.*outside the folder/,
    ],
    [
      "file('tokenizer.json', tokenizer.json),",
      "file('../t.json', tokenizer.json),",
      /around of .*\n.*outside/,
    ],
    ["doc: 'a shelf for each model',", '', /the layouts of .* are none\n.*modelFolder/],
    ['return [', 'return 7; [', /around of the layout shelf failed\n.*the number 7/],
    ['size: bytes.length', 'size: 1', /the file \S+ of the layout shelf failed/],
  ] as const) {
    assert.ok(text.includes(from));
    const path = written('shelf.mjs', text.replace(from, to));
    const out = join(folder(), 'laid');
    const args = ['compile', ...small, ...letters, '--plugin', path, '--layout', 'shelf', '-o', out];
    const ran = nanocProcess(args);
    assert.is(ran.code, 1, ran.err);
    assert.match(ran.err, said);
    assert.not.ok(existsSync(out));
  }
});

test.run();
