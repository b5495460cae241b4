/** What people see: no line is wider than their terminal, and colours where they are wanted. */

import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { barLine, makeIo } from '../../cli/output/io.ts';
import { table } from '../../cli/output/table.ts';
import { wrapped } from '../../cli/output/terminal.ts';
import { columnsOf, shortened } from '../../driver/text_columns.ts';
import { command, nanoc, root } from './run_cli.ts';

const widths = [40, 80, 200] as const;
const path = 'writing /data/模型/checkpoints/a-very-long-name-of-a-folder/nanochat_2026_03.onnx';

test('a bar fits its line, with room for one column, whatever is written', () => {
  for (const width of [10, ...widths])
    for (const label of ['writing m.onnx', path])
      for (const share of [0, 0.31, 1]) {
        const line = barLine(label, share, '742 MB of 2.2 GB, 13 s left', width);
        assert.ok(columnsOf(line) < width, `${columnsOf(line)} of ${width}: ${line}`);
        if (width >= 40) assert.match(line, '742 MB of 2.2 GB, 13 s left');
      }
  assert.match(barLine('writing m.onnx', 0.5, '1 MB of 2 MB, 1 s left', 80), '[============            ]');
});

test('what is said while a bar stands takes its line', async () => {
  const { isTTY, write } = process.stderr;
  const { CI, TERM } = process.env;
  const said: string[] = [];
  delete process.env['CI'];
  process.env['TERM'] = 'xterm';
  process.stderr.isTTY = true;
  process.stderr.write = (text: string | Uint8Array): boolean => said.push(String(text)) > 0;
  try {
    const io = makeIo({ json: false, quiet: false, color: 'never' });
    const bar = io.progress('writing m.onnx', 100);
    await wait(600); // it shows itself where something takes longer
    bar.at(50);
    io.note('interrupted');
  } finally {
    process.stderr.isTTY = isTTY;
    process.stderr.write = write;
    for (const [name, value] of Object.entries({ CI, TERM }))
      if (value !== undefined) process.env[name] = value;
  }
  assert.match(said[0]!, '[====');
  assert.equal(said.slice(1), ['\r\u001b[2K', 'interrupted\n']);
});

test('text is measured by what it takes on the screen', () => {
  assert.is(columnsOf('模型'), 4);
  assert.is(columnsOf('e\u0301'), 1);
  assert.is(columnsOf('\u001b[32mok\u001b[0m'), 2);
  assert.is(shortened('transformer.h.11.attn', 11), 'trans….attn');
  assert.ok(columnsOf(shortened(path, 21)) <= 21);
  assert.equal(wrapped('模型 模型 a', 5), ['模型', '模型', 'a']);
  assert.equal(wrapped('abcdefgh i', 3), ['abc', 'def', 'gh', 'i']);
});

const columns = [{ title: 'check' }, { title: 'what' }, { title: 'max abs', align: 'right' as const }];
const rows = [
  ['reference', '3 rows of 17 tokens in pieces of 3 + 1 + 5 + 2 + 3 + 1', '6.7e-6'],
  ['golden', '模型', '0'],
];

test('a table that is too wide breaks its widest column, and becomes a list where that is not enough', () => {
  for (const width of [12, ...widths]) {
    const lines = table(columns, rows, width).split('\n');
    for (const line of lines) assert.ok(columnsOf(line) <= width, line);
    assert.match(lines.join(' ').replace(/ +/g, ' '), '6.7e-6');
  }
  assert.is(
    table(columns, rows, 45),
    [
      'check      what                       max abs',
      'reference  3 rows of 17 tokens in      6.7e-6',
      '           pieces of 3 + 1 + 5 + 2 +',
      '           3 + 1',
      'golden     模型                             0',
    ].join('\n'),
  );
  const names = [['a.long.name.of.a.weight', 'some words that can be broken', '1']];
  assert.match(table(columns, names, 50), 'a.long.name.of.a.weight  some words that   ');
  assert.is(table(columns, rows, 24).split('\n')[0], 'reference');
  assert.is(table(columns, rows).split('\n').length, 3, 'a pipe gets whole lines');
});

/** The same on a terminal of so many columns; undefined where there is no `script` of util-linux. */
function onTerminal(width: number, args: readonly string[], more = ''): string | undefined {
  const line = [process.execPath, ...command(args)].map((word) => `'${word}'`).join(' ');
  const ran = spawnSync('script', ['-qec', `stty cols ${width} rows 50; ${more} ${line}`, '/dev/null'], {
    ...{ cwd: root, encoding: 'utf8', input: '' },
  });
  return ran.error ? undefined : ran.stdout.replaceAll('\r', '');
}

const isThere = onTerminal(80, ['--version']) !== undefined;
if (!isThere) {
  const why = 'no script (apt-get install bsdutils)';
  if (process.env['CI'] === 'true')
    test('script', () => assert.unreachable(`CI needs what is not here: ${why}`));
  else process.stdout.write(`skipped: ${why}\n`);
}
const onTerminals = isThere ? test : test.skip;

onTerminals('lists, tables and help are no wider than the terminal', () => {
  for (const width of widths)
    for (const args of [
      ['specs', 'llama'],
      ['inspect', 'nanochat', '--set', 'layers=2'],
      ['compile', '--help'],
    ]) {
      const text = onTerminal(width, args)!;
      const lines = text.split('\n');
      assert.ok(lines.length > 10, text);
      for (const line of lines.filter((l) => !/^ {2}nanoc /.test(l)))
        assert.ok(columnsOf(line) <= width, `${width}: ${line}`);
    }
});

onTerminals('a terminal gets colours, and NO_COLOR, FORCE_COLOR and --color have their say', () => {
  const args = ['check', 'nowhere.nanospec'];
  const color = '\u001b[';
  const plain = 'env -u NO_COLOR -u FORCE_COLOR TERM=xterm';
  assert.match(onTerminal(80, args, plain)!, color);
  assert.not.match(onTerminal(80, args, `${plain} NO_COLOR=1`)!, color);
  assert.not.match(onTerminal(80, [...args, '--color', 'never'], plain)!, color);
  assert.match(onTerminal(80, [...args, '--color', 'always'], `${plain} NO_COLOR=1`)!, color);
});

test('the verdicts of verify have colours where they are wanted, and its table is the same', async () => {
  const sizes = ['layers=1', 'dim=32', 'heads=2', 'vocab=97'].flatMap((size) => ['--set', size]);
  const args = ['verify', 'nanochat_2025_10', ...sizes, '--no-bisect'];
  const [good, bad] = ['\u001b[32mok\u001b[0m', '\u001b[31;1mFAILED\u001b[0m'];
  const plain = await nanoc(args);
  assert.not.match(plain.out, '\u001b[');
  const painted = await nanoc([...args, '--color', 'always']);
  assert.match(painted.out, good);
  assert.is(stripVTControlCharacters(painted.out), plain.out);
  assert.match((await nanoc(args, { env: { NO_COLOR: '', FORCE_COLOR: '1' } })).out, good);
  const failed = await nanoc([...args, '--atol', '1e-9', '--color', 'always']);
  assert.is(failed.code, 1);
  assert.match(failed.out, bad);
});

test('help has no line above 80 columns and no default that says nothing; its examples are short', async () => {
  const verbs = (await nanoc(['--help'])).out.matchAll(/^ {2}([a-z]+) (?:\[|<)/gm);
  for (const [, verb] of verbs) {
    if (verb === 'help') continue;
    const { out } = await nanoc([verb!, '--help']);
    for (const line of out.split('\n')) assert.ok(line.length <= 80, `${verb}: ${line}`);
    assert.not.match(out, /\{\}|\[\]|default: |\[default \]/);
    assert.match(out, '\nExamples:\n  ', verb);
  }
});

test('the word of another tool, or a slip, is answered with the word that is meant', async () => {
  for (const [args, meant] of [
    [['compile', '--dtype', 'fp16'], 'f16'],
    [['compile', '--dtype', 'bfloat16'], 'bf16'],
    [['compile', '--target', 'onx'], 'onnx'],
    [['verify', '--target', 'pytorch'], 'torchscript'],
    [['compile', '--cache', 'statik'], 'static'],
    [['compile', '--layout', 'transformersjs'], 'transformers.js'],
    [['run', 'm.onnx', '--device', 'gpu'], 'cuda'],
    [['specs', '--color', 'alwas'], 'always'],
  ] as const) {
    const { code, err } = await nanoc(args);
    assert.is(code, 2);
    assert.match(err, `did you mean ${meant}? allowed: `);
  }
  assert.not.match((await nanoc(['compile', '--dtype', 'complex64'])).err, 'did you mean');
});

test.run();
