/** Models of the commit before manifests had versions: they open, run and are verified, with the line that compiles them again; newer ones are refused. */

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { upgrades } from '../../backends/manifest_versions.ts';
import { manifestIn, manifestOf } from '../../backends/onnx/manifest_in.ts';
import { decode, encode } from '../../backends/onnx/schema.ts';
import { parseManifest } from '../../backends/parse_manifest.ts';
import { checkArchive } from '../../backends/torchscript/check_archive.ts';
import { readArchive } from '../../backends/torchscript/read_archive.ts';
import { withFile } from '../../compiler/checkpoint/file_node.ts';
import { readEntry, readZip } from '../../compiler/checkpoint/zip_node.ts';
import { version } from '../../compiler/generated/version.ts';
import { type Manifest, manifestVersion } from '../../compiler/ports/manifest.ts';
import { compileAgain } from '../../driver/compile_again.ts';
import { openModel } from '../../driver/model_kinds.ts';
import { Refusal } from '../../spec/diagnostic.ts';
import { changedArchive, swap } from '../cli/changed_archive.ts';
import { folder, lines, nanoc, root, written } from '../cli/run_cli.ts';
import { wordsOf } from '../docs/command_lines.ts';
import { withTorch } from '../golden/torch_here.ts';

const older = join(root, 'test/fixtures/older_models');
const weights = join(older, 'weights.safetensors');
const sets = 'vocab=16 context=16 layers=1 heads=2 dim=8 bias=false'
  .split(' ')
  .map((set) => `--set ${set}`)
  .join(' ');

/** The models, what `run` says from the tokens 1 and 2, and how they were compiled. */
const models = {
  'random.onnx': { said: '9 9 9 9 9', from: '--seed 7', form: '' },
  'bound.onnx': {
    said: '8 10 15 8 8',
    from: '--checkpoint PATH',
    form: '--dtype f16 --cache static:12 --logits last --opset 18 --metadata hash ',
  },
  'random.pt': { said: '9 9 9 9 9', from: '--seed 7', form: '--target torchscript ' },
  'bound_torch.pt': {
    said: '8 10 15 8 8',
    from: '--checkpoint PATH',
    form: '--cache none --target torchscript --metadata hash ',
  },
} as const;
type Name = keyof typeof models;

/** With what lies beside it, in a folder of its own. */
function copied(name: Name): string {
  const path = join(folder(), name);
  copyFileSync(join(older, name), path);
  const beside = name.replace(/\.\w+$/, '.nanoc.json');
  if (models[name].from !== '--seed 7') copyFileSync(join(older, beside), join(path, '..', beside));
  return path;
}

const lineOf = (name: Name, path: string, from: string = models[name].from): string =>
  `nanoc compile nanogpt ${from} ${sets} ${models[name].form}-o ${path} --force`;

/** What `verify` says before anything else. */
const warningOf = (name: Name, path: string, from?: string): string =>
  [
    `${path}: warning N710: the manifest of the model is of version 0`,
    'expected version 1, which this nanoc writes',
    `hint: nanoc ${version} (manifest version 0) made the model; compile it again: ${lineOf(name, path, from)}`,
    '',
  ].join('\n');

function checksOf(name: Name): void {
  test(`${name} runs, is inspected, and is verified with the line that compiles it again`, async () => {
    const path = copied(name);
    const run = ['--tokens', '1,2', '-n', '5', '--temperature', '0'];
    const ran = await nanoc(['run', path, ...run]);
    assert.is(ran.code, 0, ran.err);
    assert.is(ran.out.trim(), models[name].said);
    assert.not.match(ran.err, 'N710');
    const verified = await nanoc(['verify', path]);
    assert.is(verified.code, 0, verified.err);
    assert.match(verified.out, 'all agree');
    assert.ok(verified.err.startsWith(warningOf(name, path)), verified.err);
    const told = await nanoc(['inspect', path]);
    assert.match(told.out, `made by nanoc ${version} (manifest version 0) from nanogpt.nanospec`);
    assert.is(JSON.parse((await nanoc(['inspect', path, '--json'])).out).manifest.version, 0);
  });

  test(`${name}: that line gives the same model with a manifest of this version`, async () => {
    const path = copied(name);
    const from = models[name].from === '--seed 7' ? '--seed 7' : `--checkpoint ${weights}`;
    const named = from === '--seed 7' ? [] : wordsOf(from);
    const said = await nanoc(['verify', path, ...named]);
    assert.ok(said.err.includes(warningOf(name, path, from)), said.err);
    const before = readFileSync(path);
    const again = await nanoc(wordsOf(lineOf(name, path, from)).slice(1));
    assert.is(again.code, 0, again.err);
    assert.equal(withoutManifest(readFileSync(path), name), withoutManifest(before, name));
    assert.not(readFileSync(path).equals(before));
    const { manifest } = openModel(path);
    const old = openModel(join(older, name)).manifest;
    assert.equal(manifest, { ...old, version: manifestVersion, ...withNewRows(name, old) });
    const verified = await nanoc(['verify', path, '--json']);
    assert.is(verified.code, 0, verified.err);
    assert.not.match(verified.out, 'N710');
  });
}

/** Of new rows, which models of before manifests had versions do not give: the fields of a manifest that tell of them. */
function withNewRows(name: string, { ports, outputs }: Manifest): Pick<Manifest, 'ports' | 'outputs'> {
  if (name.endsWith('.pt')) return { ports, outputs };
  const named = ports.map((p) => ({ ...p, newRows: p.input.replace('past_', 'new_') }));
  const rows = named.map(({ newRows, dtype, shape, axis }) => ({
    ...{ name: newRows, dtype },
    shape: shape.map((n, i) => (i === axis ? 'sequence_length' : n)),
  }));
  return { ports: named, outputs: [...outputs, ...rows] };
}

interface Named {
  name: string;
}
interface Proto {
  metadataProps: { readonly key: string }[];
  readonly graph: {
    readonly node: (Named & { input?: string[]; output: string[] })[];
    readonly initializer: Named[];
    output: Named[];
    valueInfo?: unknown;
  };
}

/** Leaves out outputs of new rows, and names values by where they come from: what is an output has the output's name. */
function numberValues(graph: Proto['graph']): void {
  const numbers = new Map<string, string>();
  const numbered = (name: string): string => {
    if (!numbers.has(name)) numbers.set(name, `${numbers.size}`);
    return numbers.get(name)!;
  };
  for (const node of graph.node) {
    if (node.input) node.input = node.input.map(numbered);
    node.output = node.output.map(numbered);
    node.name = '';
  }
  for (const tensor of graph.initializer) tensor.name = numbered(tensor.name);
  graph.output = graph.output.filter(({ name }) => !name.startsWith('new_'));
  delete graph.valueInfo;
}

/** What a model is besides its manifest, as a text. */
function withoutManifest(bytes: Buffer, name: string): string {
  if (name.endsWith('.onnx')) {
    const proto = decode('ModelProto', bytes) as unknown as Proto;
    proto.metadataProps = proto.metadataProps.filter(({ key }) => !/^nanoc\.manifest/.test(key));
    numberValues(proto.graph);
    return Buffer.from(encode('ModelProto', proto as never)).toString('latin1');
  }
  return withFile(written(name, bytes), (file) =>
    [...readZip(file).entries]
      .filter(([entry]) => !entry.endsWith('extra/nanoc.json'))
      .map(([entry, at]) => `${entry} ${Buffer.from(readEntry(file, at, at.size)).toString('latin1')}`)
      .join('\n'),
  );
}

checksOf('random.onnx');
checksOf('bound.onnx');
await withTorch(() => {
  checksOf('random.pt');
  checksOf('bound_torch.pt');
});

test('a page reads them, inside and beside', async () => {
  assert.is(manifestIn(readFileSync(join(older, 'random.onnx')))?.version, 0);
  const text = readFileSync(join(older, 'bound.nanoc.json'), 'utf8');
  const found = await manifestOf(readFileSync(join(older, 'bound.onnx')), { name: 'bound.onnx', text });
  assert.equal([found?.version, found?.slots, found?.storage], [0, 12, 'float16']);
});

/** An ONNX model whose manifest has been changed. */
function changedModel(change: (text: string) => string): string {
  const proto = decode('ModelProto', readFileSync(join(older, 'random.onnx'))) as {
    metadataProps: { readonly key: string; readonly value: string }[];
  };
  proto.metadataProps = proto.metadataProps.map(({ key, value }) => ({
    ...{ key, value: key === 'nanoc.manifest' ? change(value) : value },
  }));
  return written('m.onnx', encode('ModelProto', proto));
}

const withVersion = (text: string): ((manifest: string) => string) => swap('{', `{"version":${text},`);

const newer = [
  'N704: a newer nanoc made this model',
  'expected a manifest of version 1 or older',
  `found    version 7, made by nanoc ${version}`,
  'hint: open it with that nanoc, or compile the spec again with this one',
].join('\n');

test('a model of a newer version is refused, whatever it is opened for', async () => {
  const besides = join(folder(), 'bound.onnx');
  copyFileSync(join(older, 'bound.onnx'), besides);
  const text = readFileSync(join(older, 'bound.nanoc.json'), 'utf8');
  writeFileSync(
    join(besides, '../bound.nanoc.json'),
    swap('"manifest": {', '"manifest": {"version": 7,')(text),
  );
  const archive = changedArchive(join(older, 'random.pt'), { manifest: withVersion('7') });
  for (const path of [changedModel(withVersion('7')), besides, archive]) {
    for (const args of [
      ['run', path, '--tokens', '1'],
      ['verify', path],
      ['inspect', path],
    ]) {
      const ran = await nanoc(args);
      assert.is(ran.code, 1, ran.out);
      assert.ok(ran.err.includes(newer), `${args}: ${ran.err}`);
      assert.is(lines(ran.out).length, 0);
    }
  }
  const bytes = readFileSync(changedModel(withVersion('7')));
  assert.throws(
    () => manifestIn(bytes),
    (thrown: unknown) => thrown instanceof Refusal,
  );
});

test('a version that is none is a damaged manifest', async () => {
  for (const version of ['"1"', '1.5', '-1', '0', 'null', 'true', '[1]', '1e400', '9007199254740993']) {
    for (const path of [
      changedModel(withVersion(version)),
      changedArchive(join(older, 'random.pt'), { manifest: withVersion(version) }),
    ]) {
      const { code, err } = await nanoc(['inspect', path]);
      assert.is(code, 1, version);
      assert.match(
        err,
        /N704: the manifest of the model is damaged\nexpected a whole number from 1 on\nfound {4}the version /,
      );
    }
  }
});

function refused(path: string) {
  const { manifest, emit, backend } = openModel(path);
  try {
    checkArchive(readArchive(path), { again: compileAgain({ path, manifest, emit, backend }) });
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.diagnostics[0]!;
    throw thrown;
  }
  return undefined;
}

test('an older archive runs as it is where all but its manifest is what is written now, and only there', () => {
  for (const name of ['random.pt', 'bound_torch.pt'] as const)
    assert.is(refused(join(older, name)), undefined);
  const random = join(older, 'random.pt');
  const changed = changedArchive(random, { code: swap('x.size(', 'x.numel(') });
  const found = refused(changed);
  assert.is(found?.code, 'N709');
  assert.is(
    found?.message,
    `m.pt was made by nanoc ${version} (manifest version 0), and nanoc ${version} (manifest version 1) compiles its spec to something else`,
  );
  assert.is(
    found?.hint,
    `compile it again: ${lineOf('random.pt', changed)}; --trust-code gives LibTorch the file as it is, and runs its code`,
  );
  for (const change of [
    swap('"fill":0', '"fill":1'),
    swap('{', '{"more":1,'),
    swap('{', '{ '),
    swap('"passes":[', '"passes":["none",'),
  ])
    assert.is(refused(changedArchive(random, { manifest: change }))?.code, 'N709', String(change));
});

test('every version but the newest has a line in the table of upgrades', () => {
  assert.is(upgrades.length, manifestVersion);
  const fields = (text: string) => Object.keys(parseManifest(text) ?? {});
  const proto = decode('ModelProto', readFileSync(join(older, 'random.onnx'))) as {
    readonly metadataProps: readonly { readonly key: string; readonly value: string }[];
  };
  const stored = proto.metadataProps.find(({ key }) => key === 'nanoc.manifest')!.value;
  assert.equal(fields(stored), ['version', ...Object.keys(JSON.parse(stored))]);
});

test('the line is one that a shell reads as it was typed', () => {
  const { manifest, emit, backend } = openModel(join(older, 'random.onnx'));
  const value = (set: unknown) =>
    ({ name: 'kind', value: set, from: 'set' }) as (typeof manifest.config)[number];
  for (const [set, word] of [
    ['a b', "'kind=a b'"],
    ["it's", "'kind=it'\\''s'"],
    ['7', `'kind="7"'`],
    [null, 'kind=none'],
    [[1, 2], "'kind=[1,2]'"],
    [0.5, 'kind=0.5'],
  ] as const) {
    const line = compileAgain({
      ...{ path: 'm.onnx', emit, backend },
      manifest: { ...manifest, weights: 'random:0', config: [value(set)] },
    });
    assert.ok(line.startsWith(`nanoc compile nanogpt --set ${word} `), line);
  }
  const named = compileAgain(
    { ...{ path: 'm.onnx', emit, backend }, manifest: { ...manifest, context: 8, config: [] } },
    { source: 'sft', modelTag: 'd4', step: 3, plugin: ['my op.mjs'] },
  );
  assert.is(
    named,
    "nanoc compile nanogpt --source sft --model-tag d4 --step 3 --max-seq-len 8 --plugin 'my op.mjs' -o m.onnx --force",
  );
});

test.run();
