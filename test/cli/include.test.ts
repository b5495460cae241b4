/** What a spec may include, and that a compiled model needs none of the files again. */

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folder, nanoc, type Ran } from './run_cli.ts';

const mlp = '## A part.\nblock Mlp(d) {\n  up: Linear(d, d)\n  forward(x: [..., d]) -> [..., d] = up(x)\n}\n';
const including = (...paths: readonly string[]): string => {
  const lines = paths.map((path, i) => `include ${JSON.stringify(path)} as part${i}\n`).join('');
  const body = paths.map((_, i) => `  m${i}: part${i}.Mlp(dim${i === 0 ? '' : ', 24'})\n`).join('');
  const value = paths.reduce((inner, _, i) => `m${i}(${inner})`, 'wte(tokens)');
  return `${lines}## Small.\nmodel small {
  config { dim = 16 }
  wte: Embedding(50, dim)
${body}  forward(tokens: int64[B, T]) -> logits: [B, T, 50] = linear(${value}, wte.weight)
}\n`;
};

/** A folder `own` for specs, and others beside it. */
function place(files: Readonly<Record<string, string>>): string {
  const dir = folder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

const secret = 'SECRET=swordfish';
const check = (dir: string, ...more: readonly string[]): Promise<Ran> =>
  nanoc(['check', join(dir, 'own/m.nanospec'), ...more]);

test('a file beside the spec or below it is included, and a link that stays there', async () => {
  for (const path of ['part.nanospec', './deeper/../deeper/part.nanospec', 'link.nanospec']) {
    const dir = place({
      'own/m.nanospec': including(path),
      'own/part.nanospec': mlp,
      'own/deeper/part.nanospec': mlp,
    });
    symlinkSync('deeper/part.nanospec', join(dir, 'own/link.nanospec'));
    const { code, err } = await check(dir);
    assert.is(code, 0, `${path}: ${err}`);
  }
});

test('what lies elsewhere is neither read nor quoted, by whatever way it is named', async () => {
  const dir = place({ 'secret.nanospec': secret, 'own/secret.txt': secret, 'own/part.nanospec': '' });
  symlinkSync('../secret.nanospec', join(dir, 'own/link.nanospec'));
  symlinkSync('..', join(dir, 'own/up'));
  const outside = 'lies outside the folder of the spec';
  for (const [path, said] of [
    ['../secret.nanospec', outside],
    ['./x/../../secret.nanospec', outside],
    ['../absent.nanospec', outside], // nor is it told whether it is there
    ['link.nanospec', outside],
    ['up/secret.nanospec', outside],
    ['secret.txt', 'is no .nanospec file'],
    ['../../../../../../../etc/passwd', 'is no .nanospec file'],
    ['', 'is no .nanospec file'],
  ] as const) {
    writeFileSync(join(dir, 'own/m.nanospec'), including(path));
    const { code, out, err } = await check(dir);
    assert.is(code, 1, path);
    assert.ok(err.includes(`error N221: \`${path}\` ${said}`), err);
    assert.not.match(out + err, /swordfish|root:/);
  }
  writeFileSync(join(dir, 'own/m.nanospec'), including('link.nanospec'));
  const opened = await check(dir, '--include-folder', dir);
  assert.match(opened.err, 'SECRET'); // so the words above could have been seen
});

test('an included file includes by the same rule', async () => {
  const dir = place({
    'own/m.nanospec': including('part.nanospec'),
    'own/part.nanospec': 'include "../secret.nanospec" as s\n',
    'secret.nanospec': secret,
  });
  const { code, err } = await check(dir);
  assert.is(code, 1);
  assert.match(err, /part\.nanospec:1:9 error N221/);
  assert.not.match(err, 'swordfish');
});

test('a flag opens another folder, for every verb that reads specs', async () => {
  const dir = place({ 'own/m.nanospec': including('../common/part.nanospec'), 'common/part.nanospec': mlp });
  const spec = join(dir, 'own/m.nanospec');
  const open = ['--include-folder', join(dir, 'common')];
  for (const [verb, ...more] of [
    ['check'],
    ['inspect'],
    ['verify'],
    ['compile', '-o', join(dir, 'm.onnx')],
  ] as const) {
    const [closed, opened] = [
      await nanoc([verb, spec, ...more]),
      await nanoc([verb, spec, ...more, ...open]),
    ];
    assert.is(closed.code, 1, verb);
    assert.ok(closed.err.includes(`--include-folder ${join(dir, 'common')}`), closed.err);
    assert.is(opened.code, 0, opened.err);
  }
  const wrong = await nanoc(['check', spec, '--include-folder', join(dir, 'absent')]);
  assert.is(wrong.code, 1);
  assert.match(wrong.err, 'absent: no such folder');
});

test('a model of a spec with includes is verified without its files, and does not tell where they lay', async () => {
  const dir = place({
    'own/m.nanospec': including('deeper/part.nanospec', 'llama.nanospec'),
    'own/deeper/part.nanospec': `include "more.nanospec" as more\n${mlp}`,
    'own/deeper/more.nanospec': 'include "llama.nanospec" as llama\n',
  });
  const model = join(folder(), 'm.onnx');
  const made = await nanoc(['compile', join(dir, 'own/m.nanospec'), '-o', model]);
  assert.is(made.code, 0, made.err);
  const verified = await nanoc(['verify', model]);
  assert.is(verified.code, 0, verified.err);
  const text = readFileSync(model, 'latin1');
  assert.match(text, '"deeper/more.nanospec"');
  assert.not.match(text, /"(?:\.\.\/)[^"]*\.nanospec"/);
});

test.run();
