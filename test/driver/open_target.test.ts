/** A target of a user's own that is open on both sides: its files are recognised, run, looked into and verified by its backend. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backends } from '../../backends/index.ts';
import { decode, encode } from '../../backends/onnx/schema.ts';
import { flagOf } from '../../driver/target_options.ts';
import { folder, lines, nanoc, nanocProcess, root, written } from '../cli/run_cli.ts';

const backend = join(root, 'examples/extend/gzip_backend.ts');
const plugin = ['--plugin', backend];
const spec = ['nanochat', ...['layers=1', 'dim=32', 'heads=2', 'vocab=61'].flatMap((set) => ['--set', set])];
const model = join(folder(), 'model.onnx.gz');
const made = await nanoc(['compile', ...spec, '--target', backend, '-o', model, '--json']);

test('a file of a target with options is written, and its options are told', async () => {
  assert.is(made.code, 0, made.err);
  const [told] = lines(made.out).map((line) => JSON.parse(line));
  assert.equal([told.target, told.needs, told.level], ['onnx_gzip', 'gunzip, then opset 21', 6]);
  const fast = join(folder(), 'fast.onnx.gz');
  const option = ['--target-option', 'level=1'];
  assert.is((await nanoc(['compile', ...spec, '--target', backend, ...option, '-o', fast])).code, 0);
  assert.equal(gunzipSync(readFileSync(fast)), gunzipSync(readFileSync(model)));
  assert.not(readFileSync(fast).equals(readFileSync(model)));
});

test('it is verified, run and inspected as one of ours', async () => {
  const plain = join(folder(), 'model.onnx');
  assert.is((await nanoc(['compile', ...spec, '-o', plain])).code, 0);
  const verified = await nanoc(['verify', model, ...plugin, '--json']);
  assert.is(verified.code, 0, verified.err);
  assert.ok(lines(verified.out).length > 10);
  const run = ['--tokens', '1,2,3', '-n', '12'];
  assert.is((await nanoc(['run', model, ...plugin, ...run])).out, (await nanoc(['run', plain, ...run])).out);
  const { out } = await nanoc(['inspect', model, ...plugin]);
  assert.match(out, /^gzip of opset 21, IR 10, cache dynamic/m);
  assert.is((await nanoc(['verify', ...spec, '--target', backend])).code, 0);
});

test('a wrong number in it is found, and the line of the spec that it comes from', async () => {
  const proto = decode('ModelProto', gunzipSync(readFileSync(model))) as {
    readonly graph: { readonly initializer: { readonly name: string; readonly rawData: Uint8Array }[] };
  };
  const weight = proto.graph.initializer.find(({ name }) => name.endsWith('attn.c_v.weight'));
  assert.ok(weight, proto.graph.initializer.map(({ name }) => name).join(' '));
  weight.rawData.set(new Uint8Array(new Float32Array([9]).buffer));
  const changed = join(folder(), 'changed.onnx.gz');
  writeFileSync(changed, gzipSync(encode('ModelProto', proto)));
  const { code, err } = await nanoc(['verify', changed, ...plugin, '--seed', '0']);
  assert.is(code, 1);
  assert.match(err, /nanochat_2026_03\.nanospec:\d+:\d+/);
});

test('without its backend, and where it is damaged, that is said', async () => {
  // Here its backend is known by now.
  const { code, err } = nanocProcess(['run', model, '--tokens', '1']);
  assert.is(code, 1, err);
  assert.match(err, /is compressed with gzip, not a compiled model/);
  const damaged = written('damaged.onnx.gz', 'no gzip');
  for (const [args, said] of [
    [['verify', damaged, ...plugin], /error N\d+: .*damaged\.onnx\.gz/],
    [
      ['inspect', written('cut.onnx.gz', readFileSync(model).subarray(0, 999)), ...plugin],
      /error N512: read of/,
    ],
  ] as const) {
    const ran = await nanoc(args);
    assert.is(ran.code, 1, ran.err);
    assert.match(ran.err, said);
  }
});

test('an option that a target does not read, or cannot be that, is refused with what it reads', async () => {
  for (const [args, said] of [
    [
      ['--target', backend, '--opset', '20'],
      /--opset means nothing to onnx_gzip\nhint: it is for --target onnx/,
    ],
    [
      ['--target', backend, '--target-option', 'levle=3'],
      /has no option `levle`\nhint: did you mean `level`/,
    ],
    [
      ['--target', backend, '--target-option', 'level=0'],
      /`level` of onnx_gzip cannot be 0\nhint: it wants a whole number from 1 to 9/,
    ],
    [['--target', backend, '--target-option', 'level'], /say name=value/],
    [['--target', 'torchscript', '--target-option', 'depth=1'], /it reads minLibtorch, metadata/],
  ] as const) {
    const ran = await nanoc(['compile', ...spec, ...args, '-o', `${folder()}/`]);
    assert.is(ran.code, 2, ran.err);
    assert.match(ran.err, said);
  }
});

test('a file of any name is known by what it holds, when it is written and afterwards', async () => {
  for (const name of ['model', 'model.bin', 'model.v2']) {
    const path = join(folder(), name);
    const wrote = await nanoc(['compile', ...spec, '-o', path, '--verify']);
    assert.is(wrote.code, 0, wrote.err);
    for (const args of [
      ['verify', path],
      ['run', path, '--tokens', '1', '-n', '2'],
      ['inspect', path],
    ]) {
      const ran = await nanoc(args);
      assert.is(ran.code, 0, `${args}: ${ran.err}`);
    }
  }
  const archive = join(folder(), 'archive');
  assert.is((await nanoc(['compile', ...spec, '--target', 'torchscript', '-o', archive])).code, 0);
  assert.match((await nanoc(['inspect', archive])).out, 'storage float32');
  assert.match((await nanoc(['check', archive])).err, 'is a compiled model, not a spec');
  const other = written('noise', Buffer.from([8, 10, 58, 200, 1, 0, 0, 0]));
  for (const [verb, said] of [
    ['run', 'is a binary file, not a compiled model'],
    ['inspect', 'is a binary file, not a spec'],
  ] as const)
    assert.match((await nanoc([verb, other, ...(verb === 'run' ? ['--tokens', '1'] : [])])).err, said);
});

test('a target that a plugin brings is listed with its options, and can be named', async () => {
  const { out } = await nanoc(['targets', ...plugin]);
  assert.match(out, /^ {2}onnx_gzip +ONNX in one file that gzip has compressed$/m);
  assert.match(out, /^ {4}--target-option level=<n> +how hard gzip tries, 1 to 9 \[default 6\]$/m);
  assert.match(out, /^ {4}--opset <n> +ONNX operator set, 17 to 26 \[default 21\]$/m);
  const rows = lines((await nanoc(['targets', '--json', ...plugin])).out).map((line) => JSON.parse(line));
  assert.equal(rows.find(({ name }) => name === 'onnx_gzip')?.options.level.range, { least: 1, most: 9 });
  const help = (await nanoc(['compile', ...plugin, '--help'])).out.replace(/\s+/g, ' ');
  assert.match(help, 'torchscript, onnx_gzip; default onnx]');
  assert.match(help, 'level=<n>: how hard gzip tries, 1 to 9 [default 6]');
  const path = join(folder(), 'm.onnx.gz');
  assert.is((await nanoc(['compile', ...spec, ...plugin, '--target', 'onnx_gzip', '-o', path])).code, 0);
  assert.equal(readFileSync(path), readFileSync(model));
  const none = nanocProcess(['compile', '--help', '--plugin', 'absent.mjs']);
  assert.is(none.code, 1);
  assert.match(none.err, 'N512: absent.mjs cannot be loaded');
  assert.match(nanocProcess(['targets']).out, /^(?!.*onnx_gzip)/s);
});

test('help has every option that a target declares', async () => {
  const { out } = await nanoc(['compile', '--help']);
  for (const { options = {} } of backends)
    for (const option of Object.keys(options)) assert.match(out, flagOf(option));
});

test.run();
