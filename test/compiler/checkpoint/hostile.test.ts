/** Files made to mislead: each is refused with words, or loads what it truly holds; nothing hangs, grows, runs or throws otherwise. */

import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCheckpoint } from '../../../compiler/checkpoint/open_checkpoint.ts';
import { rawBytes } from '../../../compiler/weights/stream.ts';
import { refusal } from '../../harness/refusal.ts';
import { inFolder } from './in_folder.ts';
import * as p from './pickle_bytes.ts';
import { safetensorsBytes, torchBytes, torchZip } from './torch_bytes.ts';
import { type Part, zipBytes } from './zip_bytes.ts';

/** Opens and reads everything, which is never more than a few times what the file holds. */
function load(bytes: Uint8Array, name: string): void {
  inFolder({ [name]: bytes }, (folder) => {
    let read = 0;
    for (const tensor of openCheckpoint(join(folder, name)).tensors.values())
      for (const chunk of rawBytes(tensor)) {
        read += chunk.byteLength;
        assert.ok(read <= 16 * bytes.length, `${read} bytes from a file of ${bytes.length}`);
      }
  });
}

function refused(title: string, bytes: () => Uint8Array, words: RegExp, name = 'm.pt'): void {
  test(title, () => {
    const said = refusal(() => load(bytes(), name)).diagnostics.map((d) => `${d.code} ${d.message}`);
    assert.is(said.length, 1);
    assert.match(said[0]!, words);
  });
}

const w = { key: '0', elements: 4, shape: [2, 2], strides: [2, 1] };
const data: Part = { name: 'm/data/0', data: Buffer.alloc(16) };
const entry = (spec: Partial<p.TensorSpec> = {}) => [p.text('w'), p.tensor({ ...w, ...spec })] as const;
const state = (spec: Partial<p.TensorSpec> = {}): Buffer => p.stateDict(entry(spec));
/** A state dict whose one value is this. */
const holding = (value: Uint8Array): Buffer => torchZip(p.stateDict([p.text('w'), value]), [data]);
const pickled = (...code: readonly (string | Uint8Array)[]): Buffer =>
  torchZip(p.bytes(p.proto, ...code), [data]);

test('the file that all others are bent from loads', () => {
  load(torchZip(state(), [data]), 'm.pt');
  load(zipBytes([{ name: 'm/data.pkl', data: state(), deflate: true }, data]), 'm.pt');
});

// Archives

const zip = (pickle: Partial<Part>, storage: Partial<Part> = {}): Buffer =>
  zipBytes([
    { name: 'm/data.pkl', data: state(), ...pickle },
    { ...data, ...storage },
  ]);
refused(
  'a pickle that says it unpacks to 4 GB',
  () => zip({ deflate: true, lie: { size: 0xfffffffe } }),
  /N603 .*limit/,
);
refused(
  'a bomb: a thousand times what it says',
  () => zip({ data: Buffer.alloc(50_000_000), deflate: true, lie: { size: 400 } }),
  /N603 .*does not unpack to the 400/,
);
refused('a bomb that says so', () => zip({ data: Buffer.alloc(80_000_000), deflate: true }), /N603 .*limit/);
refused('entries that overlap', () => zip({}, { lie: { header: 0 } }), /N603 .*(no header|overlap)/);
refused(
  'entries within entries',
  () => {
    const inner = zipBytes([{ name: 'm/data/0', data: Buffer.alloc(16) }]).subarray(0, 30 + 8 + 16);
    const pickle = Buffer.concat([state(), inner]);
    const at = 30 + 'm/data.pkl'.length + state().length;
    return zipBytes([
      { name: 'm/data.pkl', data: pickle },
      { ...data, lie: { header: at } },
    ]);
  },
  /N603 .*overlap/,
);
refused(
  'two entries of one name',
  () => zipBytes([{ name: 'm/data.pkl', data: state() }, data, data]),
  /N603 .*two entries/,
);
for (const name of ['../m/data/0', '/m/data/0', 'm/../../data/0', 'm\\data\\0', 'm/data/0\0'])
  refused(`an entry named ${JSON.stringify(name)}`, () => zip({}, { name }), /N603 .*outside the archive/);
refused('an encrypted entry', () => zip({}, { lie: { flags: 1 } }), /N603 .*encrypted/);
refused('an unknown way of packing', () => zip({}, { lie: { method: 93 } }), /N603 .*method 93/);
refused('a storage that is packed', () => zip({}, { deflate: true }), /N603 .*compressed/);
refused(
  'sizes of 2 ** 62 in the 64-bit field',
  () => zip({}, { lie: { wide: [2n ** 62n, 2n ** 62n] } }),
  /N603 .*not believable/,
);
refused(
  'sizes beyond the file in the 64-bit field',
  () => zip({}, { lie: { wide: [2n ** 50n, 2n ** 50n] } }),
  /N603 /,
);
const ending = (lie: Parameters<typeof zipBytes>[1]): Buffer =>
  zipBytes([{ name: 'm/data.pkl', data: state() }, data], lie);
refused('a directory of 65,000 entries', () => ending({ count: 65_000 }), /N603 .*not believable/);
refused('a directory outside the file', () => ending({ start: 0xfffffff0 }), /N603 .*outside the file/);
refused('a directory of 4 GB', () => ending({ bytes: 0xfffffff0 }), /N603 .*outside the file/);
for (const [what, wide] of Object.entries({
  'a count of 2 ** 63': { count: 2n ** 63n, bytes: 100n, start: 0n },
  'a start of 2 ** 53 + 1': { count: 2n, bytes: 100n, start: 2n ** 53n + 1n },
  'a place for itself past the end': { count: 2n, bytes: 100n, start: 0n, at: 2n ** 40n },
}))
  refused(`a 64-bit end record with ${what}`, () => ending({ wide }), /N603 /);
refused(
  'end records that contradict each other',
  () => ending({ wide: { count: 2n, bytes: 100n, start: 0n }, count: 1 }),
  /N603 .*contradict/,
);
refused('nothing but an end record', () => zipBytes([]), /N602 .*data.pkl/);

// Globals and calls

for (const [module, name] of [
  ['posix', 'system'],
  ['nt', 'system'],
  ['os', 'popen'],
  ['subprocess', 'Popen'],
  ['builtins', 'eval'],
  ['builtins', 'exec'],
  ['builtins', 'getattr'],
  ['__builtin__', 'apply'],
  ['torch', 'load'],
  ['torch.hub', 'load'],
  ['torch._utils', '_rebuild_wrapper_subclass'],
  ['collections', 'OrderedDict.__reduce__'],
  ['__main__', 'constructor'],
  ['toString', 'valueOf'],
] as const) {
  const call = p.reduce(p.global(module, name), p.tuple(p.text('true')));
  const words = new RegExp(`N605 .*wants ${module}\\.${name.replaceAll('.', '\\.')},.*nothing was executed`);
  refused(`a call of ${module}.${name}`, () => holding(call), words);
  const stacked = p.bytes(p.text(module), p.text(name), '\x93', p.tuple(), 'R');
  refused(`a call of ${module}.${name} by a computed name`, () => holding(stacked), words);
  refused(`${module}.${name} in a bare pickle`, () => p.bytes(p.proto, call, '.'), words);
}
refused(
  'a global that is called and is no function',
  () => holding(p.reduce(p.global('torch', 'FloatStorage'), p.tuple())),
  /N606 .*not to be called/,
);
refused(
  'NEWOBJ of a function',
  () => holding(p.bytes(p.global('torch._utils', '_rebuild_tensor_v2'), ')\x81')),
  /N606/,
);
refused('a call of a text', () => holding(p.reduce(p.text('os.system'), p.tuple())), /N606 .*not a global/);
refused(
  'a call with a list',
  () => holding(p.reduce(p.global('collections', 'OrderedDict'), p.list())),
  /N606 .*not a tuple/,
);
refused('BUILD on a text', () => holding(p.bytes(p.text('x'), '}b')), /N606 .*takes none/);
refused('BUILD on a plain dict', () => holding(p.bytes('}}b')), /N606 .*takes none/);
for (const code of ['o', '\x82', '\x83', '\x84', '\x92', 'P', '2', '\x97', '\xff'])
  refused(
    `opcode ${Buffer.from(code, 'latin1').toString('hex')}`,
    () => pickled(p.text('x'), code, '.'),
    /N606 .*(opcode|ends)/,
  );
refused('INST of a forbidden global', () => pickled("(S'true'\niposix\nsystem\n."), /N605 .*posix.system/);
refused('INST of a known global', () => pickled('(icollections\nOrderedDict\n.'), /N606 .*not to be called/);
refused(
  'a stride that is negative',
  () => holding(p.bytes(p.tensor({ ...w, strides: [-2, 1] }))),
  /N606 .*"w"/,
);

// Stack, memo, sizes

refused('an empty stack', () => pickled('.'), /N606 .*nothing left/);
refused('a tuple without a mark', () => pickled('t.'), /N606 .*no mark/);
refused('values left over', () => pickled('NN.'), /N606 .*left on the stack/);
refused('a pop across a mark', () => pickled('N(0.'), /N606 .*nothing left/);
refused(
  'a second pickle behind the first',
  () => torchZip(Buffer.concat([state(), state()]), [data]),
  /N606 .*after the end/,
);
refused('no end', () => torchZip(state().subarray(0, -1), [data]), /N606 .*ends in the middle/);
refused('a memo number that was never set', () => pickled('h\x05.'), /N606 .*never set/);
refused(
  'a memo number of 2 ** 32 - 1',
  () => pickled('Nr\xff\xff\xff\xff.'),
  /N606 .*memo number 4294967295/,
);
refused(
  'tuples within tuples within tuples',
  () => pickled('N', '\x85'.repeat(1_000_000), '.'),
  /N606 .*nested/,
);
refused('marks without end', () => pickled('('.repeat(1_000_000), '.'), /N606 .*nested/);
refused(
  'a list that holds itself, as a tensor',
  () => holding(p.bytes(']q\x01h\x01a')),
  /N602 .*a list, not a tensor/,
);
refused('a dict that holds itself, as a config', () => pickled('}q\x01X\x06\0\0\0configh\x01s.'), /N602 /);
refused(
  'doublings of a list',
  () => pickled(']q\0', `](h\0h\0eq\x01`, '](h\x01h\x01e'.repeat(100_000), '.'),
  /N606|N602/,
);
refused('a text of 4 GB', () => pickled('X\xff\xff\xff\xff.'), /N606 .*ends in the middle/);
refused('a text of 2 ** 63 bytes', () => pickled('\x8d', Buffer.alloc(7), '\x80.'), /N606 .*length of/);
refused('a text that is not UTF-8', () => pickled('X\x02\0\0\0\xff\xfe.'), /N606 .*UTF-8/);
refused('an integer of 2 GB', () => pickled('\x8b\xff\xff\xff\x7f.'), /N606 .*integer of/);
refused('an integer of 100,000 digits', () => pickled('L', '9'.repeat(100_000), 'L\n.'), /N606 /);
refused('a line without an end', () => pickled('c', 'x'.repeat(100_000)), /N606 /);
refused('five million values', () => pickled('N'.repeat(5_000_000), '.'), /N606 .*more than/);
refused('items set on a tensor', () => holding(p.bytes(p.tensor(w), 'NNs')), /N606 .*not a dict/);
refused('items appended to a dict', () => holding(p.bytes('}Na')), /N606 .*not a list/);
refused('a key without a value', () => pickled('}(Nu.'), /N606 .*key without/);
refused('a list as a key', () => pickled('}]Ns.'), /N606 .*as a key/);
refused('a protocol of the future', () => torchZip(p.bytes('\x80\x09N.'), [data]), /N606 .*protocol/);

// Storages and tensors

const persistent = (id: Uint8Array): Buffer =>
  holding(
    p.reduce(
      p.global('torch._utils', '_rebuild_tensor_v2'),
      p.tuple(p.bytes(id, 'Q'), p.int(0), p.tuple(), p.tuple()),
    ),
  );
for (const [what, id] of Object.entries({
  'a text': p.text('storage'),
  'an empty tuple': p.tuple(),
  'another tag': p.tuple(
    p.text('module'),
    p.global('torch', 'FloatStorage'),
    p.text('0'),
    p.text('cpu'),
    p.int(4),
  ),
  'a type that is a text': p.tuple(
    p.text('storage'),
    p.text('FloatStorage'),
    p.text('0'),
    p.text('cpu'),
    p.int(4),
  ),
  'a type that is no storage': p.tuple(
    p.text('storage'),
    p.global('torch', 'Size'),
    p.text('0'),
    p.text('cpu'),
    p.int(4),
  ),
  'a key that is a number': p.tuple(
    p.text('storage'),
    p.global('torch', 'FloatStorage'),
    p.int(0),
    p.text('cpu'),
    p.int(4),
  ),
  'no length': p.tuple(p.text('storage'), p.global('torch', 'FloatStorage'), p.text('0'), p.text('cpu')),
  'a negative length': p.tuple(
    p.text('storage'),
    p.global('torch', 'FloatStorage'),
    p.text('0'),
    p.text('cpu'),
    p.int(-4),
  ),
}))
  refused(`a storage named by ${what}`, () => persistent(id), /N606 .*(storage of|length of)/);

for (const [what, spec, words] of [
  ['a negative stride', { strides: [-2, 1] }, /N606 .*stride of a tensor is -2/],
  ['a negative size', { shape: [-2, 2] }, /N606 .*size of a tensor is -2/],
  ['a negative offset', { start: -1 }, /N606 .*offset of a tensor is -1/],
  ['a size of 2 ** 53', { shape: [2n ** 53n, 1] }, /N606 .*9007199254740992/],
  ['a size of 2 ** 100', { shape: [2n ** 100n, 1] }, /N606 /],
  [
    'sizes whose product is no number',
    { shape: Array(40).fill(2 ** 50), strides: Array(40).fill(0) },
    /N607 /,
  ],
  ['strides that overflow', { shape: [2 ** 40, 2 ** 40], strides: [2 ** 50, 2 ** 50] }, /N607 /],
  ['an offset past the end', { start: 1 }, /N607 w needs 5 elements/],
  ['a stride past the end', { strides: [3, 1] }, /N607 w needs 5 elements/],
  ['a billion repetitions of one element', { shape: [2 ** 30], strides: [0] }, /N607 .*times over/],
  ['more sizes than strides', { strides: [1] }, /N606 .*more sizes than strides/],
  ['a hundred axes', { shape: Array(100).fill(1), strides: Array(100).fill(1) }, /N606 .*not a tuple/],
  ['a storage that says it is longer', { elements: 400 }, /N607 w wants 1600 bytes/],
  ['a storage that says it is shorter', { elements: 3 }, /N607 w wants 12 bytes/],
  ['a storage of 2 ** 60 elements', { elements: 2n ** 60n }, /N606 |N607 /],
  ['a storage that is not there', { key: '7' }, /N607 .*data\/7 is not in the zip/],
  ['a storage elsewhere', { key: '../../data.pkl' }, /N607 .*not in the zip/],
  ['complex numbers', { type: 'ComplexFloatStorage' }, /N615 .*ComplexFloat/],
] as const)
  refused(what, () => torchZip(state(spec), [data]), words);
refused(
  'a byte order of its own',
  () => torchZip(state(), [data, { name: 'm/byteorder', data: Buffer.from('middle') }]),
  /N602 .*"middle"/,
);
refused(
  'a tensor of conjugate bits',
  () =>
    holding(
      p.reduce(
        p.global('torch._utils', '_rebuild_tensor_v2'),
        p.tuple(
          p.storage(w),
          p.int(0),
          p.tuple(),
          p.tuple(),
          p.no,
          p.none,
          p.dict([p.text('conj'), p.bytes('\x88')]),
        ),
      ),
    ),
  /N606 .*conjugate/,
);

// The legacy layout

const magic = p.bytes(p.proto, '\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.');
const legacy = (root: Uint8Array, keys: Uint8Array, rest: Uint8Array): Buffer =>
  p.bytes(magic, p.proto, p.int(1001), '.', p.proto, '}.', root, p.proto, keys, '.', rest);
const numel = (n: bigint): Buffer => {
  const b = Buffer.alloc(8);
  b.writeBigUInt64LE(n);
  return b;
};
const zero = p.list(p.text('0'));
test('a legacy file loads', () => load(legacy(state(), zero, p.bytes(numel(4n), Buffer.alloc(16))), 'm.pt'));
refused(
  'a legacy storage of 2 ** 63 elements',
  () => legacy(state(), zero, numel(2n ** 63n)),
  /N603 .*legacy.*truncated/,
);
refused(
  'a legacy storage that ends early',
  () => legacy(state(), zero, p.bytes(numel(4n), Buffer.alloc(15))),
  /N603 .*legacy.*truncated/,
);
refused(
  'a legacy storage that nothing lists',
  () => legacy(state(), p.list(), Buffer.alloc(0)),
  /N603 .*legacy.*does not list/,
);
refused(
  'a legacy storage listed twice',
  () =>
    legacy(
      state(),
      p.list(p.text('0'), p.text('0')),
      p.bytes(numel(4n), Buffer.alloc(16), numel(4n), Buffer.alloc(16)),
    ),
  /N603 .*twice/,
);
refused('a legacy list that is none', () => legacy(state(), p.none, Buffer.alloc(0)), /N603 .*not a list/);
refused('the magic number alone', () => magic, /N603 .*legacy/);

// safetensors

const st =
  (header: unknown, bytes = 8): (() => Buffer) =>
  () =>
    safetensorsBytes(header, Buffer.alloc(bytes));
const a = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
test('a small safetensors file loads', () =>
  load(st({ __metadata__: { format: 'pt' }, a })(), 'm.safetensors'));
for (const [what, bytes, words] of [
  [
    'a name twice',
    st('{"a": {"dtype":"F32","shape":[2],"data_offsets":[0,8]}, "a": {}}'),
    /N614 .*stands twice/,
  ],
  ['a name twice, once in disguise', st('{"a": {}, "\\u0061": {}}'), /N614 .*stands twice/],
  ['NaN', st('{"a": {"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}'), /N614 .*JSON/],
  [
    'a size of 1e400',
    st('{"a": {"dtype":"F32","shape":[1e400],"data_offsets":[0,8]}}'),
    /N614 .*list of sizes/,
  ],
  ['a size of 2 ** 53', st({ a: { ...a, shape: [2 ** 53] } }), /N614 .*list of sizes/],
  ['a negative size', st({ a: { ...a, shape: [-2] } }), /N614 /],
  ['sizes whose product overflows', st({ a: { ...a, shape: [2 ** 52, 2 ** 52] } }), /N614 .*need/],
  [
    'offsets past the end',
    st({ a: { ...a, shape: [4], data_offsets: [0, 16] } }),
    /N614 .*bytes 0 to 16 of 8/,
  ],
  ['offsets the wrong way round', st({ a: { ...a, data_offsets: [8, 0] } }), /N614 /],
  ['fewer bytes than its shape', st({ a: { ...a, shape: [3] } }), /N614 .*need 12/],
  ['a gap', st({ a: { ...a, data_offsets: [4, 12] } }, 12), /N614 .*leaves 4 bytes/],
  ['bytes left over', st({ a }, 12), /N614 .*last 4 bytes/],
  ['two tensors in one place', st({ a, b: a }), /N614 .*overlap/],
  ['an unknown dtype', st({ a: { ...a, dtype: 'F8_E4M3' } }), /N615 .*F8_E4M3/],
  ['a dtype from the prototype', st({ a: { ...a, dtype: 'constructor' } }), /N615 /],
  ['an array', st([]), /N614 .*object/],
  ['an entry that is a number', st({ a: 1 }), /N614 .*not an object/],
  ['no tensors', st({}, 0), /N602 .*no tensors/],
  ['brackets without end', st('['.repeat(200_000)), /N614 .*nested/],
  [
    'a header longer than the file',
    () => Buffer.concat([numel(1000n), Buffer.from('{}')]),
    /N614 header|N614 .*header of 1000/,
  ],
  ['a control character in a name', st({ 'a\u0007': a }), /N602 /],
] as const)
  refused(`safetensors: ${what}`, bytes, words, 'm.safetensors');

test('__proto__ is a name like any other', () => {
  inFolder(
    {
      'm.safetensors': safetensorsBytes(
        '{"__proto__": {"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
        Buffer.alloc(8),
      ),
    },
    (folder) => {
      assert.equal([...openCheckpoint(join(folder, 'm.safetensors')).tensors.keys()], ['__proto__']);
    },
  );
  load(torchBytes({ ['constructor']: { shape: [1], data: Float32Array.of(1) } }), 'm.pt');
});

test.run();
