/** Passes and targets of a user's own: those of examples/extend at work, and what is said of bad ones. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backends } from '../../backends/index.ts';
import { torchscript } from '../../backends/torchscript/index.ts';
import { folder, lines, nanoc, nanocProcess, root, tiny, written } from './run_cli.ts';

const extend = join(root, 'examples/extend');
const small = ['nanochat', '--set', 'layers=2', '--set', 'dim=64', '--set', 'heads=2', '--set', 'vocab=97'];

test('a backend of a file writes what it makes of the graph', async () => {
  const out = join(folder(), 'model.dot');
  const ran = await nanoc([
    'compile',
    ...small,
    '--target',
    join(extend, 'dot_backend.ts'),
    '-o',
    out,
    '--json',
  ]);
  assert.is(ran.code, 0, ran.err);
  const [told] = lines(ran.out).map((l) => JSON.parse(l));
  assert.equal([told.target, told.needs], ['dot', 'dot -Tsvg']);
  const text = readFileSync(out, 'utf8');
  assert.match(text, /^digraph "nanochat_2026_03" \{/);
  assert.match(text, 'subgraph "cluster_transformer.h.1.attn" {');
  const [nodes, edges] = [[...text.matchAll(/^ +n\d+ \[/gm)], [...text.matchAll(/^ +n(\d+) -> n(\d+);/gm)]];
  assert.is(nodes.length, told.nodes);
  assert.ok(edges.length >= nodes.length - 40 && edges.every(([, a, b]) => Number(a) < Number(b)));
  assert.is(text.split('{').length, text.split('}').length);
});

test('a pass of a file runs, says what it did, and keeps every choice', async () => {
  const from = ['--checkpoint', `${tiny}/base_checkpoints/d4`];
  const plugin = ['--plugin', join(extend, 'greedy_pass.ts')];
  const [capped, free] = [join(folder(), 'a.onnx'), join(folder(), 'b.onnx')];
  assert.is((await nanoc(['compile', ...from, '-o', capped])).code, 0);
  const ran = await nanoc(['compile', ...from, ...plugin, '-o', free]);
  assert.is(ran.code, 0, ran.err);
  const said = async (path: string) => (await nanoc(['run', path, '--prompt', 'ROMEO:', '-n', '30'])).out;
  assert.is(await said(free), await said(capped));
  const count = async (path: string): Promise<number> =>
    JSON.parse((await nanoc(['inspect', path, '--json'])).out).nodes.Tanh ?? 0;
  assert.equal([await count(capped), await count(free)], [1, 0]);
  const explained = await nanoc(['compile', ...from, ...plugin, '--explain', 'drop_final_softcap']);
  assert.match(explained.out, /logits: %\d+ gives way to %\d+/);
  // The numbers are not those of the spec, and verify says so.
  assert.is((await nanoc(['verify', free, '--no-bisect'])).code, 1);
});

test('a spec with ops of a file is inspected, and what passes of a file did is on its page', async () => {
  const spec = join(extend, 'shrunk.nanospec');
  assert.match((await nanoc(['inspect', spec])).err, /error N20\d: .*`shrink`/);
  const ran = await nanoc(['inspect', spec, '--plugin', join(extend, 'shrink_op.ts')]);
  assert.is(ran.code, 0, ran.err);
  // The table of embeddings, and two layers of two matrices.
  assert.match(ran.out, `(${100 * 32 + 2 * 2 * 32 * 128})`);
  const page = join(folder(), 'page.html');
  const shown = [...small, '--plugin', join(extend, 'greedy_pass.ts'), '--html', page];
  assert.is((await nanoc(['inspect', ...shown])).code, 0);
  assert.match(readFileSync(page, 'utf8'), /drop_final_softcap<.*tanh −1</);
});

test('an op of a file has a name in the language and in the graph, and means what it says', async () => {
  const [spec, plugin] = [join(extend, 'shrunk.nanospec'), ['--plugin', join(extend, 'shrink_op.ts')]];
  const graph = await nanoc(['compile', spec, ...plugin, '--emit', 'graph']);
  assert.is(graph.code, 0, graph.err);
  assert.match(graph.out, /= shrink\(%\d+\) by=0.5: float32\[B, T, 128\]/);
  for (const { name } of backends) {
    const ran = await nanoc(['verify', spec, ...plugin, '--target', name]);
    if (name !== torchscript.name || !/N702|N703|python/i.test(ran.err)) assert.is(ran.code, 0, ran.err);
  }
  const out = join(folder(), 'shrunk.onnx');
  assert.is((await nanoc(['compile', spec, ...plugin, '-o', out])).code, 0);
  // Where no plugin has been loaded yet.
  const without = nanocProcess(['verify', out]);
  assert.match(without.err, /N201: unknown name `shrink`/);
  assert.match(without.err, /hint: an op of a plugin\? name its file with --plugin/);
  const more = written('twin.nanospec', readFileSync(spec, 'utf8').replace('by=0.5', 'by=0.25'));
  const other = join(folder(), 'twin.onnx');
  assert.is((await nanoc(['compile', more, ...plugin, '-o', other])).code, 0);
  const said = async (path: string) => (await nanoc(['run', path, '--tokens', '1,2,3', '-n', '20'])).out;
  assert.is.not(await said(out), await said(other));
  const text = (body: string) =>
    written('s.nanospec', readFileSync(spec, 'utf8').replace('shrink(up(x), by=0.5)', body));
  for (const [body, wanted] of [
    ['shrink(up(x), by=x)', /N312/],
    ['shrink(up(x), on=1)', /N202/],
    ['shrink()', /N204/],
    ['shrink(1)', /N314/],
  ] as const) {
    const wrong = await nanoc(['check', text(body), ...plugin]);
    assert.is(wrong.code, 1, body);
    assert.match(wrong.err, wanted);
  }
});

test('what is no extension is refused with its file', async () => {
  const as = (name: string, text: string): string => written(name, text);
  const opText = (name: string): string =>
    `export const ops = [{ name: '${name}', doc: 'x', inputs: ['x'], infer: ([x]) => x, decompose: (e, [x]) => x }];`;
  for (const [args, code, said] of [
    [['--target', './absent.mjs'], 1, /N512: .*absent\.mjs cannot be loaded/],
    [['--target', as('a.mjs', 'export default 7')], 1, /is no backend\n.*\n.*number/],
    [['--target', as('b.mjs', 'export default { name: "x" }')], 1, /an object with name/],
    [['--target', as('c.mjs', 'export default {')], 1, /SyntaxError/],
    [['--target', as('d.mjs', 'throw new RangeError("too much")')], 1, /RangeError: too much/],
    [['--target', as('e.mjs', 'import "no-such-package"')], 1, /no-such-package/],
    [['--plugin', as('f.mjs', 'export const passes = []')], 1, /extends nothing/],
    [['--plugin', as('g.mjs', 'export const passes = [{}]')], 1, /the passes of .* are none/],
    [['--plugin', as('h.mjs', 'export const other = 1')], 1, /extends nothing/],
    [['--plugin', as('i.mjs', opText('gelu'))], 1, /an op named `gelu` already/],
    [['--plugin', as('j.mjs', opText('My Op'))], 1, /small letters/],
    [['--plugin', as('k.mjs', 'export const ops = [1]')], 1, /the ops of .* are none/],
    [['--target', 'caffe'], 2, /allowed: onnx/],
  ] as const) {
    const ran = await nanoc(['compile', ...small, ...args, '-o', `${folder()}/`]);
    assert.is(ran.code, code, `${args}: ${ran.err}`);
    assert.match(ran.err, said);
  }
  const dot = await nanoc(['verify', ...small, '--target', join(extend, 'dot_backend.ts')]);
  assert.is(dot.code, 2);
  assert.match(dot.err, 'nothing here runs what dot writes');
});

test('a plugin anywhere gets the library that runs, and not the bundle of another day', async () => {
  const pass = "export const passes = [{ name: 'p', doc: 'x', keepsScopes: true, run: (graph) => graph }];";
  const text = `import { backends } from 'nanospec';\nglobalThis.seenByPlugin = backends;\n${pass}`;
  const ran = await nanoc(['check', 'nanochat', '--plugin', written('own.mjs', text)]);
  assert.is(ran.code, 0, ran.err);
  assert.is((globalThis as { readonly seenByPlugin?: unknown }).seenByPlugin, backends); // as the plugin leaves it
});

test('a pass that breaks the graph is named', async () => {
  const text = `export const passes = [{
    name: 'careless', doc: 'Forgets where nodes came from.', keepsScopes: true,
    run: (graph) => ({ ...graph, origins: [] }),
  }];`;
  const ran = await nanoc([
    'compile',
    ...small,
    '--plugin',
    written('careless.mjs', text),
    '-o',
    `${folder()}/`,
  ]);
  assert.is(ran.code, 1);
  assert.match(ran.err, /careless\.mjs: error N512: the pass careless failed/);
});

test('code of a user that fails is said with its file and line, and never called a bug of nanoc', async () => {
  const text = (by: string): string =>
    `model m { wte: Embedding(9, 4) forward(tokens: int64[B, T]) -> logits: [B, T, 4] = ${by}(wte(tokens)) }`;
  const op = (rules: string): string =>
    `export const ops = [{ name: 'twice', doc: 'x', inputs: ['x'], ${rules} }];`;
  const pass = (run: string): string =>
    `export const passes = [{ name: 'p', doc: 'x', keepsScopes: true, ${run} }];`;
  const backend = `export default { name: 'b', doc: 'x', extension: '.b', needs: () => '', passes: () => [],
    emit() { null.x; } };`;
  for (const [option, code, said] of [
    [
      '--plugin',
      op('infer: ([x]) => x,\n decompose: (e) => e.nope()'),
      /decompose of .* twice failed\n.*, at \w+\.mjs:2:\d+/,
    ],
    ['--plugin', op('infer: ([x]) => x, decompose() {}'), /it gives nothing/],
    [
      '--plugin',
      op('infer: () => ({}), decompose: (e, [x]) => x'),
      /infer of .* twice failed\n.*it must give a type/,
    ],
    [
      '--plugin',
      op("infer: ([x]) => x, decompose: (e, [x]) => e.make('reduce_sum', [x], { axis: 2 })"),
      /it gives float32\[B, T, 1\] where infer says float32\[B, T, 4\]/,
    ],
    ['--plugin', pass("run() { throw new Error('boom'); }"), /the pass p failed\n.*Error: boom, at/],
    ['--target', backend, /emit of the backend b failed\n.*TypeError/],
  ] as const) {
    const spec = written('s.nanospec', text(code.includes('ops =') ? 'twice' : 'silu'));
    const path = written('own.mjs', code);
    const ran = await nanoc(['compile', spec, option, path, '-o', `${folder()}/`]);
    assert.is(ran.code, 1, ran.err);
    assert.match(ran.err, said);
  }
});

test('a backend that gives something else than files is said with its file and with what it gave', async () => {
  const ok = `{ name: 'm.x', size: 2, chunks: () => [new Uint8Array(2)] }`;
  const outside = folder();
  for (const [gives, said] of [
    ['undefined', /it gives undefined, not \{ files, diagnostics \}/],
    ['Promise.resolve({})', /it gives a promise/],
    [`{ files: [${ok}] }`, /its diagnostics are undefined, not a list/],
    [`{ files: [${ok}], diagnostics: ['oh'] }`, /one of its diagnostics is the text "oh"/],
    ['{ files: [], diagnostics: [] }', /its files are an empty list/],
    ['{ files: [7], diagnostics: [] }', /one of its files is the number 7/],
    [`{ files: [${ok}, ${ok}], diagnostics: [] }`, /two of its files are named m\.x/],
    [`{ files: [${ok.replace('m.x', '../m.x')}], diagnostics: [] }`, /"\.\.\/m\.x" lies outside the folder/],
    [`{ files: [${ok.replace('m.x', `${outside}/m.x`)}], diagnostics: [] }`, /lies outside the folder/],
    [
      `{ files: [${ok.replace('size: 2', 'size: "2"')}], diagnostics: [] }`,
      /the size of m\.x is the text "2"/,
    ],
    [`{ files: [${ok.replace('size: 2', 'size: 3')}], diagnostics: [] }`, /2 bytes, where its size says 3/],
    [`{ files: [${ok.replace('[new', '[7, new')}], diagnostics: [] }`, /a chunk is the number 7, not bytes/],
    [
      `{ files: [${ok.replace('[new Uint8Array(2)]', '7')}], diagnostics: [] }`,
      /N512: the file m\.x .* failed/,
    ],
  ] as const) {
    const out = folder();
    const text = `export default { name: 'b', doc: 'x', extension: '.x', needs: () => '', passes: () => [], emit: () => (${gives}) };`;
    const path = written('own.mjs', text);
    const ran = await nanoc(['compile', ...small, '--target', path, '-o', `${out}/`]);
    assert.is(ran.code, 1, `${gives}: ${ran.err}`);
    assert.match(ran.err, /own\.mjs: error N512/);
    assert.match(ran.err, said);
    assert.equal([readdirSync(out), readdirSync(outside)], [[], []], gives);
  }
  for (const [part, said] of [
    ['passes: () => [7]', /passes of the backend b failed\n.*a list of 1, not a list of passes/],
    ['passes: () => undefined', /it gives undefined, not a list of passes/],
    [
      "passes: () => [{ name: 'p', doc: 'x', keepsScopes: true, run() {} }]",
      /the pass p failed\n.*not a graph/,
    ],
    ['needs: () => ({})', /needs of the backend b failed\n.*not text/],
  ] as const) {
    const rest = "name: 'b', doc: 'x', extension: '.x', needs: () => '', passes: () => []";
    const text = `export default { ${rest}, ${part}, emit: () => ({ files: [${ok}], diagnostics: [] }) };`;
    const ran = await nanoc([
      'compile',
      ...small,
      '--target',
      written('own.mjs', text),
      '-o',
      `${folder()}/`,
    ]);
    assert.is(ran.code, 1, `${part}: ${ran.err}`);
    assert.match(ran.err, said);
  }
});

test.run();
