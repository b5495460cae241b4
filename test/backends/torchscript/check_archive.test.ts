/** Archives that nanoc wrote are what their specs compile to, byte for byte; one changed in any entry is refused before LibTorch. */

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkArchive } from '../../../backends/torchscript/check_archive.ts';
import { readArchive } from '../../../backends/torchscript/read_archive.ts';
import { zipFile } from '../../../backends/torchscript/zip_writer.ts';
import { withFile } from '../../../compiler/checkpoint/file_node.ts';
import { readEntry, readZip } from '../../../compiler/checkpoint/zip_node.ts';
import type { Diagnostic } from '../../../spec/diagnostic.ts';
import { swap } from '../../cli/changed_archive.ts';
import { written } from '../../cli/run_cli.ts';
import { fixture, make } from '../../golden/compile_fixture.ts';
import { refusal } from '../../harness/refusal.ts';
import { archiveOf, compileSmall, specs } from './small_models.ts';

const checked = (path: string) => checkArchive(readArchive(path));

for (const spec of specs) {
  test(`${spec}: every form of it passes`, () => {
    for (const form of [
      {},
      { cache: 'static', slots: 16 },
      { cache: 'none', logits: 'last' },
      { storage: 'bfloat16' },
    ] as const) {
      const bytes = archiveOf(compileSmall(spec, form), form.storage ? {} : { minLibtorch: '2.0' });
      const { model, rewritten } = checked(written('m.pt', bytes));
      assert.ok(rewritten.offsets.size > 0);
      assert.ok(rewritten.archive.length < readFileSync(model).length);
    }
  });
}

const name = 'nanochat-g4-valueembed';
const { bytes } = make(fixture(name), 'nanochat_2026_01', { target: 'torchscript' });
const path = written('m.pt', bytes);

test('an archive of a checkpoint passes, and its tensors lie where they are said to', () => {
  const { tensors } = readArchive(path);
  const { offsets } = checked(path).rewritten;
  assert.ok(offsets.size > 20);
  for (const [tensor, offset] of offsets) assert.is(tensors.get(tensor)?.storage.offset, offset, tensor);
});

type Records = Map<string, Uint8Array>;

function rewritten(change: (records: Records) => void): Uint8Array {
  const records: Records = withFile(
    path,
    (file) =>
      new Map([...readZip(file).entries].map(([n, e]) => [n, Uint8Array.from(readEntry(file, e, 2 ** 26))])),
  );
  change(records);
  const zip = zipFile([...records].map(([n, b]) => ({ name: n, size: b.length, chunks: () => [b] })));
  return Buffer.concat([...zip.chunks()].map((c) => Uint8Array.from(c)));
}

const changedText =
  (entry: string, change: (text: string) => string) =>
  (records: Records): void => {
    const bytes = records.get(`archive/${entry}`)!;
    records.set(`archive/${entry}`, Buffer.from(change(Buffer.from(bytes).toString('latin1')), 'latin1'));
  };

function refused(bytes: Uint8Array): Diagnostic {
  const changed = written('m.pt', bytes);
  const found = refusal(() => checked(changed)).diagnostics[0]!;
  assert.is(found.file ?? changed, changed);
  return found;
}

const code = 'code/__torch__/nanoc.py';
const more = '\ndef more(x: Tensor) -> Tensor:\n  return torch.from_file("/tmp/x", True, 10)\n';

/** A twin for each kind of entry: what is done to it, and what is said of it. */
const twins: Readonly<Record<string, readonly [(records: Records) => void, RegExp]>> = {
  'a line more in forward': [
    changedText(code, swap(/( +)(return .*)\n*$/, '$1x9 = torch.from_file("/tmp/x", True, 10)\n$1$2\n')),
    /line \d+ of code\/__torch__\/nanoc\.py, class nanochat_2026_01/,
  ],
  'another operand in a block': [
    changedText(code, swap('gate = 2.0 *', 'gate = 3.0 *')),
    /class \w+, for transformer\.h\.1\.attn and transformer\.h\.3\.attn/,
  ],
  'another sign in a function': [
    changedText(code, swap('a * cos - b * sin', 'a * cos + b * sin')),
    /line \d+ of .*, function \w+/,
  ],
  'a function more': [changedText(code, (text) => text + more), /function more/],
  'a class more': [
    changedText(code, (text) => `${text}\nclass More(Module):\n  training : bool\n`),
    /class More/,
  ],
  'a class with a method that loading calls': [
    changedText(
      code,
      swap('  training : bool\n', '  training : bool\n  def __setstate__(self, x: Tensor):\n    pass\n'),
    ),
    /of code\/__torch__\/nanoc\.py, class/,
  ],
  'a line above all blocks': [
    changedText(code, (text) => `op_version_set = 1\n${text}`),
    /^code\/__torch__\/nanoc\.py of the archive is not/,
  ],
  'a function twice': [
    changedText(code, (text) => text + text.slice(0, text.indexOf('\n\n') + 1)),
    /code\/__torch__\/nanoc\.py/,
  ],
  'a comment': [changedText(code, (text) => `${text}# nothing\n`), /code\/__torch__\/nanoc\.py/],
  'a class that data.pkl names otherwise': [
    changedText('data.pkl', swap('c__torch__.nanoc\n', 'c__torch__.other\n')),
    /^data\.pkl of the archive/,
  ],
  'a tensor that data.pkl says otherwise of': [
    changedText('data.pkl', swap('\x89ccollections', '\x88ccollections')),
    /^data\.pkl of the archive/,
  ],
  constants: [changedText('constants.pkl', () => '\x80\x02).X'), /^constants\.pkl of the archive/],
  'another version of the format': [changedText('version', () => '3\n'), /^version of the archive/],
  'another order of bytes': [changedText('byteorder', () => 'big'), /^byteorder of the archive/],
  'the spec beside the manifest': [
    changedText('extra/nanochat_2026_01.nanospec', (text) => `${text} `),
    /^extra\/nanochat_2026_01\.nanospec of the archive/,
  ],
  'a manifest of other ports': [
    changedText('extra/nanoc.json', swap('"fill":0', '"fill":1')),
    /^extra\/nanoc\.json of the archive/,
  ],
  'a manifest with an entry more': [
    changedText('extra/nanoc.json', swap('{', '{"more":1,')),
    /^extra\/nanoc\.json of the archive/,
  ],
  'a manifest of another hash of its spec': [
    changedText('extra/nanoc.json', swap(/"sha256":"./, '"sha256":"x')),
    /^extra\/nanoc\.json of the archive/,
  ],
  'code in a file more': [
    (records) => void records.set('archive/code/__torch__/other.py', Buffer.from(more)),
    /no entry "archive\/code\/__torch__\/other\.py"/,
  ],
  'an entry that differs in case only': [
    (records) => void records.set('archive/Data.pkl', records.get('archive/data.pkl')!),
    /no entry "archive\/Data\.pkl"/,
  ],
  'an entry in another folder': [
    (records) => void records.set('other/data.pkl', records.get('archive/data.pkl')!),
    /no entry "other\/data\.pkl"/,
  ],
  'an entry of debugging that torch unpickles': [
    (records) => void records.set(`archive/${code}.debug_pkl`, Buffer.from('\x80\x02N.')),
    /no entry "archive\/code\/__torch__\/nanoc\.py\.debug_pkl"/,
  ],
  'a tensor less': [(records) => void records.delete('archive/data/3'), /N607|data\/3/],
  'a tensor more': [(records) => void records.set('archive/data/999', Buffer.alloc(4)), /no entry/],
  'entries in another order': [
    (records) => {
      const version = records.get('archive/version')!;
      records.delete('archive/version');
      records.set('archive/version', version);
    },
    /the zip around its entries is not as nanoc writes it/,
  ],
};

for (const [what, [change, said]] of Object.entries(twins)) {
  test(`${what}: refused`, () => {
    const { code: number, message, hint } = refused(rewritten(change));
    assert.match(message, said);
    if (number === 'N709') assert.match(hint ?? '', '--trust-code');
    else assert.is(number, 'N704');
  });
}

test('an archive that was only put together again passes', () => {
  assert.ok(
    checked(
      written(
        'm.pt',
        rewritten(() => {}),
      ),
    ),
  );
});

/** Where the directory of a small zip begins, and in it the entry of `name`. */
function directoryEntry(bytes: Buffer, entry: string): number {
  const at = bytes.lastIndexOf(entry);
  return at - 46;
}

test('headers of a zip that say two things are refused', () => {
  const good = Buffer.from(bytes);
  const local = good.indexOf('archive/constants.pkl') - 30;
  const central = directoryEntry(good, 'archive/constants.pkl');
  for (const [at, value] of [
    [local + 8, 8], // the method, in the local header only
    [local + 6, 0], // its flags
    [local + 18, 9], // the packed size, which the directory has
    [local + 30, 65], // the name
    [central + 4, 63], // who wrote it
    [central + 8, 0], // flags
    [central + 38, 1], // rights of the file
    [good.length - 2, 1], // the length of a comment
  ] as const) {
    const changed = Buffer.from(good);
    changed[at] = value;
    const { code: number, message } = refused(changed);
    assert.ok(['N704', 'N709'].includes(number), `${at}: ${message}`);
  }
  const before = Buffer.concat([Buffer.from('PK'), good]);
  const after = Buffer.concat([good, Buffer.from('more')]);
  for (const changed of [before, after]) assert.ok(refused(changed));
});

test('an archive of another version is named as that', () => {
  const other = (text: string) => text.replace(/"producer":"nanoc [\d.]+"/, '"producer":"nanoc 0.0.9"');
  const same = rewritten(changedText('extra/nanoc.json', other));
  assert.ok(checked(written('m.pt', same)), 'it compiles to the same');
  const { message, found, hint } = refused(
    rewritten((records) => {
      changedText('extra/nanoc.json', other)(records);
      changedText(code, swap('gate = 2.0 *', 'gate = 2. *'))(records);
    }),
  );
  assert.match(
    message,
    /m\.pt was made by nanoc 0\.0\.9, and nanoc \d\S+ compiles its spec to something else/,
  );
  assert.match(found ?? '', ', for transformer.h.1.attn');
  assert.match(hint ?? '', 'compile it again');
});

test('a manifest that no compiler can take is refused as such', () => {
  for (const [from, to] of [
    ['"cache":"dynamic"', '"cache":"static","slots":1000000000000'],
    ['"storage":"float32"', '"storage":"float16"'],
    [/"name":"layers","value":\d+/, '"name":"layers","value":1e9'],
    [/"name":"\w+","value":\d+/, '"name":"nothing","value":1'],
    [/"text":"/, '"text":"model x { '],
    [/"context":\d+/, '"context":1000000000000000'],
  ] as const) {
    const { code: number, message } = refused(rewritten(changedText('extra/nanoc.json', swap(from, to))));
    assert.ok(['N704', 'N709'].includes(number), message);
  }
});

test.run();
