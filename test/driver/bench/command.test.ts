/** `nanoc bench` as it is typed: table, JSON, page, refusals, and Ctrl-C. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { command, folder, lines, nanoc, root } from '../../cli/run_cli.ts';
import { fixture } from '../../golden/compile_fixture.ts';
import { withTorch } from '../../golden/torch_here.ts';

const home = folder();
const model = join(home, 'a.onnx');
const set = ['layers=1', 'dim=32', 'heads=2', 'vocab=97', 'context=4096'].flatMap((entry) => [
  '--set',
  entry,
]);
const made = await nanoc(['compile', 'nanochat_2025_10', ...set, '-o', model]);
const few = ['--context', '4,8', '--rounds', '3', '--steps', '2'];

test('a table has a line for each model and place, with the machine below', async () => {
  assert.is(made.code, 0, made.err);
  const other = join(home, 'other.onnx');
  copyFileSync(model, other);
  const { code, out, err } = await nanoc(['bench', model, other, ...few]);
  assert.is(code, 0, err);
  const said = lines(out);
  assert.match(said[0]!, /a\.onnx: nanochat_2025_10, .* onnxruntime-node cpu; loaded in \d+ ms/);
  assert.is(said.filter((line) => /^\S+\.onnx +[48] tokens +\d/.test(line)).length, 4, out);
  assert.is(said.filter((line) => / times, /.test(line)).length, 2, 'against the first');
  assert.match(out, /hardware threads, memory read at \d[\d.]* [MG]B a second/);
  assert.match(out, 'medians of 3 rounds, 2 steps after each prompt');
});

test('--json is one value, and --html a page that is not overwritten unasked', async () => {
  const page = join(home, 'page.html');
  const { code, out, err } = await nanoc(['bench', model, ...few, '--json', '--html', page]);
  assert.is(code, 0, err);
  const report = JSON.parse(out);
  assert.equal([report.rounds, report.steps, report.models.length], [3, 2, 1]);
  assert.equal(
    report.models[0].figures.map((f: { readonly context: number }) => f.context),
    [4, 8],
  );
  assert.match(readFileSync(page, 'utf8'), '<svg ');
  const again = await nanoc(['bench', model, '--rounds', '9999999', '--html', page]); // before anything is measured
  assert.is(again.code, 1);
  assert.match(again.err, 'N504');
});

test('what cannot be measured is refused with a reason', async () => {
  const text = join(home, 'text.onnx');
  writeFileSync(text, 'a text');
  for (const [args, code, said] of [
    [['bench'], 2, "missing required argument 'model'"],
    [['bench', join(home, 'none.onnx')], 1, 'N704'],
    [['bench', text], 1, 'N704'],
    [['bench', 'nanochat'], 1, 'is the name of a spec'],
    [['bench', model, '--context', '0'], 2, 'a whole number of at least 1'],
    [['bench', model, '--context', '8,x'], 2, 'a whole number of at least 1'],
    [['bench', model, '--batch', ''], 2, 'a whole number of at least 1'],
    [['bench', model, '--rounds', '0'], 2, 'a whole number of at least 1'],
    [['bench', model, '--context', '50000'], 1, 'hint: --context 40944'],
    [['bench', model, '--html', '-'], 2, 'standard output'],
    [['bench', model, '--device', 'gpu'], 2, 'did you mean cuda?'],
    [['bench', model, '--contexts', '8'], 2, 'Did you mean --context?'],
  ] as const) {
    const ran = await nanoc(args);
    assert.is(ran.code, code, `${args.join(' ')}: ${ran.err}`);
    assert.match(ran.err, said, args.join(' '));
  }
});

test('a target that a plugin brings is measured like any other', async () => {
  const plugin = join(root, 'examples/extend/gzip_backend.ts');
  const out = join(home, 'zipped.onnx.gz');
  const compiled = await nanoc([
    ...['compile', 'nanochat_2025_10', ...set, '--plugin', plugin, '--target', 'onnx_gzip', '-o', out],
  ]);
  assert.is(compiled.code, 0, compiled.err);
  const { code, err } = await nanoc(['bench', out, model, ...few, '--plugin', plugin]);
  assert.is(code, 0, err);
});

/** Rounds beyond any patience, with a page at the end. */
const endless = (page: string) => ['bench', model, '--context', '4', '--rounds', '9999999', '--html', page];

/** Starts it, and sends a signal once it has said something that fits. */
async function interrupted(page: string, signal: NodeJS.Signals, after: RegExp) {
  const child = spawn(process.execPath, command(endless(page)), {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk) => void out.push(String(chunk)));
  child.stderr.on('data', (chunk) => {
    err.push(String(chunk));
    if (after.test(err.join(''))) child.kill(signal);
  });
  const [code] = await once(child, 'close');
  return { code, out: out.join(''), err: err.join('') };
}

test('Ctrl-C shows the rounds that are complete, writes the page whole and ends with 130', async () => {
  const page = join(folder(), 'page.html');
  const { code, out, err } = await interrupted(page, 'SIGINT', /^1 of 9999999 rounds[^\n]*\n$/);
  assert.is(code, 130, err);
  assert.match(out, /medians of \d+ rounds? of 9999999, interrupted/, err);
  assert.match(readFileSync(page, 'utf8'), '</html>');
  assert.equal(readdirSync(join(page, '..')), ['page.html']);
});

test('SIGTERM ends it with 143 and leaves nothing', async () => {
  const page = join(folder(), 'page.html');
  const { code, err } = await interrupted(page, 'SIGTERM', /^1 of 9999999 rounds[^\n]*\n$/);
  assert.is(code, 143, err);
  assert.not.ok(existsSync(page));
});

await withTorch((_, test) => {
  test('a TorchScript archive and a folder of a layout take turns with the model', async () => {
    const [archive, tree] = [join(folder(), 'm.pt'), join(folder(), 'tree')];
    const from = ['--checkpoint', fixture('nanochat-g1-mha')];
    assert.is((await nanoc(['compile', ...from, '--target', 'torchscript', '-o', archive])).code, 0);
    assert.is((await nanoc(['compile', ...from, '--layout', 'triton', '-o', tree])).code, 0);
    const { code, out, err } = await nanoc([
      'bench',
      archive,
      tree,
      '--context',
      '8',
      '--rounds',
      '2',
      '--steps',
      '2',
    ]);
    assert.is(code, 0, err);
    assert.match(out, 'm.pt');
    assert.match(out, 'tree');
  });
});

test.run();
