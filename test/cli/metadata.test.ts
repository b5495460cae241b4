/** Where the manifest lies: inside a model, or beside one that holds its hash only and says nothing of the spec. */

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backends } from '../../backends/index.ts';
import { manifestIn, manifestOf } from '../../backends/onnx/manifest_in.ts';
import { readModel } from '../../backends/onnx/read_model.ts';
import { readArchive } from '../../backends/torchscript/read_archive.ts';
import { Refusal } from '../../spec/diagnostic.ts';
import { lettersTokenizer } from '../harness/letters.ts';
import { changedArchive, swap } from './changed_archive.ts';
import { folder, nanoc, nanocProcess, tiny } from './run_cli.ts';

const spec = 'nanochat_2025_10';
const small = ['--set', 'layers=2', '--set', 'dim=32', '--set', 'heads=2', '--set', 'vocab=64'];
const letters = ['--tokenizer', lettersTokenizer(61)];

async function compiled(out: string, ...more: readonly string[]): Promise<string> {
  const { code, err } = await nanoc(['compile', spec, ...small, '-o', out, ...more]);
  assert.is(code, 0, err);
  return out;
}

/** All of a folder, and where its model lies. */
const layouts: Readonly<Record<string, { readonly args: readonly string[]; readonly model: string }>> = {
  'transformers.js': { args: letters, model: 'onnx/model.onnx' },
  genai: { args: letters, model: 'model.onnx' },
  triton: { args: [], model: `${spec}/1/model.onnx` },
  'triton with an archive': {
    args: ['--target', 'torchscript', '--cache', 'none'],
    model: `${spec}/1/model.pt`,
  },
};

const laid = new Map<string, string>();
for (const [name, { args }] of Object.entries(layouts)) {
  const out = join(folder(), 'laid');
  laid.set(name, await compiled(out, '--layout', name.split(' ')[0]!, ...args));
}

/** A copy that may be changed. */
function copied(name: string): { readonly out: string; readonly model: string; readonly beside: string } {
  const [from, out] = [laid.get(name)!, folder()];
  for (const entry of readdirSync(from, { recursive: true }) as string[]) {
    const [source, target] = [join(from, entry), join(out, entry)];
    if (statSync(source).isDirectory()) mkdirSync(target, { recursive: true });
    else {
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(source, target);
    }
  }
  const model = join(out, layouts[name]!.model);
  return { out, model, beside: join(dirname(model), 'nanoc.json') };
}

const source = readFileSync(`${tiny}/../${spec}.nanospec`, 'utf8');
/** What nobody but the spec says. */
const telling = source.split('\n').filter((line) => line.trim().length > 20);

for (const [name, { model: place }] of Object.entries(layouts)) {
  test(`${name}: nothing of the spec is in the model, and all of it beside`, async () => {
    const { out, model, beside } = copied(name);
    const bytes = readFileSync(model, 'latin1');
    assert.equal(
      telling.filter((line) => bytes.includes(line.trim()) || bytes.includes(JSON.stringify(line))),
      [],
    );
    const { models } = JSON.parse(readFileSync(beside, 'utf8'));
    assert.is(models[basename(place)].manifest.spec.text, source);
    for (const path of [out, model]) {
      const inspected = await nanoc(['inspect', path, '--json']);
      assert.is(inspected.code, 0, inspected.err);
      assert.is(JSON.parse(inspected.out).manifest.spec.text, source);
    }
  });
}

test('run, verify and chat open the folder and the model in it', async () => {
  for (const name of ['transformers.js', 'genai', 'triton']) {
    const { out, model } = copied(name);
    for (const path of [out, model]) {
      const ran = await nanoc(['run', path, '--tokens', '1,2', '-n', '3']);
      assert.is(ran.code, 0, ran.err);
    }
  }
  const { out } = copied('genai');
  const { code, out: said, err } = await nanoc(['verify', out]);
  assert.is(code, 0, err);
  assert.match(said, 'all agree');
  // It reads the model and its manifest, and goes no further than the tokenizer, which is none of a chat.
  const chat = nanocProcess(['chat', out], 'hello\n');
  assert.match(chat.err, 'error N708');
});

test('a model whose manifest is gone, damaged, or of another model is refused', async () => {
  for (const name of ['transformers.js', 'triton with an archive']) {
    const { model, beside } = copied(name);
    const good = readFileSync(beside, 'utf8');
    const changed = (change: (all: Beside) => void): string => {
      const all = JSON.parse(good) as Beside; // as it was just written
      change(all);
      return JSON.stringify(all);
    };
    const own = basename(model);
    for (const [text, said] of [
      [undefined, /keeps its manifest beside it, and it is not there/],
      ['{', /keeps its manifest beside it/],
      ['null', /keeps its manifest beside it/],
      ['{"models":{"other.onnx":{}}}', /which says nothing of model/],
      [
        changed((all) => {
          all.models[own]!.manifest.vocab += 1;
        }),
        /nanoc\.json was not written with model/,
      ],
      [
        changed((all) => {
          all.models[own]!.manifest.spec.text += ' ';
        }),
        /nanoc\.json was not written with model/,
      ],
      [
        changed((all) => {
          all.models[own]!.graph_sha256 = '0';
        }),
        /model\.\w+ was changed after it was written/,
      ],
    ] as const) {
      if (text === undefined) rmSync(beside);
      else writeFileSync(beside, text);
      for (const verb of [['run', '--tokens', '1'], ['verify'], ['inspect']] as const) {
        const { code, err } = await nanoc([verb[0], model, ...verb.slice(1)]);
        assert.is(code, 1, text);
        assert.match(err.replaceAll('\n', ' '), said);
        assert.match(err, 'error N704');
      }
    }
    writeFileSync(beside, JSON.stringify(JSON.parse(good)));
    assert.is((await nanoc(['inspect', model])).code, 0, 'its layout does not count');
  }
});

interface Beside {
  readonly models: Record<
    string,
    { graph_sha256: string; readonly manifest: { vocab: number; readonly spec: { text: string } } }
  >;
}

test('a model that was changed by others is told from the one that was written', () => {
  const { model } = copied('genai');
  assert.ok(readModel(model));
  const bytes = readFileSync(model);
  bytes[bytes.indexOf('Softmax')] = 'T'.charCodeAt(0);
  writeFileSync(model, bytes);
  assert.throws(() => readModel(model), /was changed after it was written/);
  const archive = copied('triton with an archive');
  assert.ok(readArchive(archive.model));
  const changed = changedArchive(archive.model, { code: swap('torch.softmax', 'torch.log_softmax') });
  copyFileSync(changed, archive.model);
  assert.throws(() => readArchive(archive.model), /was changed after it was written/);
});

test('a second dtype of a folder keeps what is said of the first', async () => {
  const { out, beside } = copied('transformers.js');
  const args = [...letters, '--layout', 'transformers.js', '--dtype', 'f16'];
  const refused = await nanoc(['compile', spec, ...small, ...args, '-o', out]);
  assert.is(refused.code, 1);
  assert.match(refused.err, 'N504');
  await compiled(out, ...args, '--force');
  const { models } = JSON.parse(readFileSync(beside, 'utf8'));
  assert.equal(Object.keys(models).sort(), ['model.onnx', 'model_fp16.onnx']);
  for (const name of ['model.onnx', 'model_fp16.onnx'])
    assert.is((await nanoc(['run', join(out, 'onnx', name), '--tokens', '1', '-n', '1'])).code, 0);
});

test('--metadata says it for any model', async () => {
  for (const { name: target, extension } of backends.filter(({ options }) => options?.['metadata'])) {
    const dir = folder();
    const path = await compiled(join(dir, `m${extension}`), '--target', target, '--metadata', 'hash');
    assert.equal(readdirSync(dir).sort(), ['m.nanoc.json', `m${extension}`]);
    assert.not.match(readFileSync(path, 'latin1'), telling[0]!);
    assert.is((await nanoc(['inspect', path])).code, 0);
    rmSync(path);
    const again = ['compile', spec, ...small, '--target', target, '--metadata', 'hash', '-o', path];
    const refused = await nanoc(again);
    assert.is(refused.code, 1);
    assert.match(refused.err, 'm.nanoc.json exists');
    assert.equal(readdirSync(dir), ['m.nanoc.json']);
    assert.is((await nanoc([...again, '--force'])).code, 0);
    const full = await compiled(join(folder(), `m${extension}`), '--target', target);
    assert.match(readFileSync(full, 'latin1'), JSON.stringify(telling[0]!).slice(1, -1));
    assert.equal(readdirSync(dirname(full)), [basename(full)]);
  }
  const inLayout = join(folder(), 'laid');
  await compiled(inLayout, ...letters, '--layout', 'genai', '--metadata', 'full');
  assert.not.ok(readdirSync(inLayout).includes('nanoc.json'));
  assert.ok(readModel(join(inLayout, 'model.onnx')));
});

test('a page finds the manifest in either place, and refuses one of another model', async () => {
  const { model, beside } = copied('transformers.js');
  const bytes = readFileSync(model);
  const text = readFileSync(beside, 'utf8');
  assert.is(manifestIn(bytes), undefined);
  assert.is((await manifestOf(bytes, { name: 'model.onnx', text }))?.spec.text, source);
  const inside = readFileSync(await compiled(join(folder(), 'm.onnx')));
  assert.equal(await manifestOf(inside), manifestIn(inside));
  for (const other of [
    undefined,
    { name: 'm.onnx', text },
    { name: 'model.onnx', text: text.replace('"vocab"', '"vocap"') },
  ]) {
    try {
      await manifestOf(bytes, other);
      assert.unreachable();
    } catch (cause) {
      assert.instance(cause, Refusal);
    }
  }
});

test('a folder with several models wants to be told which', async () => {
  const out = folder();
  await compiled(join(out, 'a.onnx'));
  assert.is((await nanoc(['run', out, '--tokens', '1', '-n', '1'])).code, 0);
  await compiled(join(out, 'b.onnx'));
  const { code, err } = await nanoc(['run', out, '--tokens', '1']);
  assert.is(code, 1);
  assert.match(err, 'several models in this folder');
  assert.match(err, 'a.onnx, b.onnx');
});

test('no model names the folders of whoever compiled it', async () => {
  const dir = join(folder(), 'folder_of_mine');
  mkdirSync(dir);
  writeFileSync(join(dir, 'own.nanospec'), source);
  for (const { name: target } of backends) {
    const path = join(folder(), 'm');
    const args = ['compile', join(dir, 'own.nanospec'), ...small, '--target', target, '-o', path];
    assert.is((await nanoc(args)).code, 0);
    assert.not.match(readFileSync(path, 'latin1'), 'folder_of_mine');
  }
});

test.run();
