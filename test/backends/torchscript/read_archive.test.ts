import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isArchive, readArchive } from '../../../backends/torchscript/read_archive.ts';
import { zipFile } from '../../../backends/torchscript/zip_writer.ts';
import { withFile } from '../../../compiler/checkpoint/file_node.ts';
import { readEntry, readZip } from '../../../compiler/checkpoint/zip_node.ts';
import { rawBytes } from '../../../compiler/weights/stream.ts';
import { written } from '../../cli/run_cli.ts';
import { fixture, make } from '../../golden/compile_fixture.ts';
import { refusal } from '../../harness/refusal.ts';

const name = 'nanochat-g2-origmod';
const { compiled, bytes } = make(fixture(name), 'nanochat_2026_01_lambdas', { target: 'torchscript' });
const path = written('m.pt', bytes);

type Records = Map<string, Uint8Array>;

/** The archive with its records changed. */
function changed(change: (records: Records) => void): string {
  const records: Records = withFile(
    path,
    (file) =>
      new Map([...readZip(file).entries].map(([n, e]) => [n, Uint8Array.from(readEntry(file, e, 2 ** 26))])),
  );
  change(records);
  const zip = zipFile([...records].map(([n, b]) => ({ name: n, size: b.length, chunks: () => [b] })));
  return written('m.pt', Buffer.concat([...zip.chunks()].map((c) => Uint8Array.from(c))));
}

function refused(file: string): string {
  const found = refusal(() => readArchive(file)).diagnostics[0]!;
  assert.is(found.code, 'N704');
  return found.message;
}

test('the manifest is the one that was compiled', () => {
  assert.equal(readArchive(path).manifest, JSON.parse(JSON.stringify(compiled.manifest)));
  assert.is(isArchive(path), true);
  assert.is(isArchive(`${fixture(name)}model_000000.pt`), false);
  assert.is(isArchive('/nowhere.pt'), false);
});

test('every parameter is there under its own name, with the bytes that were compiled', () => {
  const { tensors } = readArchive(path);
  const params = compiled.graph.nodes.filter((n) => n.op === 'param').map((n) => String(n.attrs['name']));
  assert.ok(params.length > 20);
  for (const param of params) {
    const tensor = tensors.get(param);
    assert.ok(tensor, param);
    assert.equal(tensor.shape, compiled.weights.info(param).shape);
    const stored = Buffer.concat([...rawBytes(tensor)].map((c) => Uint8Array.from(c)));
    const given = Buffer.concat([...compiled.weights.chunks(param)].map((c) => Uint8Array.from(c)));
    assert.is(Buffer.compare(stored, given), 0, param);
  }
});

test('what is missing or damaged is said', () => {
  for (const [record, said] of [
    ['constants.pkl', 'is not a TorchScript archive'],
    ['extra/nanoc.json', 'was not written by nanoc'],
    ['data.pkl', 'has no data.pkl'],
    ['data/3', 'data/3 is not in the zip'],
  ] as const) {
    assert.match(refused(changed((records) => void records.delete(`archive/${record}`))), said);
  }
  const cut = changed((r) => void r.set('archive/data/3', r.get('archive/data/3')!.subarray(4)));
  assert.match(refused(cut), 'bytes of its storage data/3');
  assert.ok(
    refused(changed((r) => void r.set('archive/extra/nanoc.json', Buffer.from('{"model": 1}')))).length > 0,
  );
  assert.ok(refused(written('m.pt', bytes.subarray(0, bytes.length - 100))).length > 0);
  assert.ok(refused(written('m.pt', 'text')).length > 0);
});

test('a pickle that wants more than modules and tensors is refused, and nothing of it is run', () => {
  const wants = Buffer.from('\u0080\u0002cposix\nsystem\nX\u0003\u0000\u0000\u0000ls \u0085R.', 'latin1');
  assert.match(refused(changed((r) => void r.set('archive/data.pkl', wants))), 'posix.system');
  const setstate = Buffer.from('\u0080\u0002c__torch__.nanoc\nX\n)\u0081K\u0001b.', 'latin1');
  assert.match(
    refused(changed((r) => void r.set('archive/data.pkl', setstate))),
    'a module with no attributes',
  );
});

test('names that Python would mind are names like any other', () => {
  const text = (s: string) => `X${String.fromCharCode(s.length)}\u0000\u0000\u0000${s}`;
  const module = Buffer.from(
    `\u0080\u0002c__torch__.nanoc\nX\n)\u0081}(${text('__proto__')}\u0089ub.`,
    'latin1',
  );
  const { tensors } = readArchive(changed((r) => void r.set('archive/data.pkl', module)));
  assert.is(tensors.size, 0);
});

test.run();
