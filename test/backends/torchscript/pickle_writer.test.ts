/** Pickles against Python's own machine for them, and what LibTorch's reader does not check itself. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Pickled, type PickledTensor, pickle } from '../../../backends/torchscript/pickle_writer.ts';
import { product } from '../../../spec/tensor.ts';
import { hasPython, inPython } from './in_python.ts';

const tensor = (key: string, shape: readonly number[], more: Partial<PickledTensor> = {}): PickledTensor => ({
  ...{ what: 'tensor', dtype: 'float32', shape, key },
  bytes: 4 * product(shape),
  ...more,
});
const object = (name: string, attributes: Readonly<Record<string, Pickled>>): Pickled => ({
  ...{ what: 'object', module: '__torch__.nanoc', name },
  attributes: new Map(Object.entries(attributes)),
});

/** Reads with classes that keep what they are given; the same object twice has the same number. */
const script = `
import io, json, pickle, pickletools, sys
data = sys.stdin.buffer.read()
ops = sorted({op.name for op, _, _ in pickletools.genops(data)})
seen = []
class Made:
    def __init__(self, *a): self.args = a
    def __setstate__(self, state): self.__dict__.update(state)
class Reader(pickle.Unpickler):
    def find_class(self, module, name):
        if name.startswith("_rebuild"): return lambda *a: Made(*a)
        if name == "OrderedDict": return dict
        return type(name, (Made,), {})
    def persistent_load(self, id): return [id[0], id[1].__name__, id[2], id[3], id[4]]
def show(x):
    if not isinstance(x, Made): return x
    if x.__dict__.get("args"):
        if not any(x is s for s in seen): seen.append(x)
        number = next(i for i, s in enumerate(seen) if x is s)
        return ["tensor", number] + [list(a) if isinstance(a, tuple) else a for a in x.args]
    return {"class": type(x).__name__, **{k: show(v) for k, v in x.__dict__.items() if k != "args"}}
print(json.dumps({"ops": ops, "root": show(Reader(io.BytesIO(data)).load())}))`;

/** All that LibTorch 1.13 reads. */
const readable = (
  'PROTO GLOBAL BINPUT LONG_BINPUT BINGET LONG_BINGET EMPTY_TUPLE EMPTY_DICT MARK BINUNICODE BININT BININT1 LONG1 ' +
  'BINPERSID TUPLE NEWFALSE NEWTRUE NONE NEWOBJ REDUCE SETITEMS BUILD STOP'
).split(' ');

if (hasPython()) {
  test('a tree of modules comes back, tied tensors as one', () => {
    const tied = tensor('0', [40, 6]);
    const head = object('Linear', { weight: tied, training: false, _is_full_backward_hook: null });
    const root = object('Model', { wte: object('Embedding', { weight: tied }), head, on: true });
    const { ops, root: read } = inPython(script, pickle(root)) as { ops: string[]; root: unknown }; // what the script prints
    const shown = () => [
      'tensor',
      0,
      ['storage', 'FloatStorage', '0', 'cpu', 240],
      0,
      [40, 6],
      [6, 1],
      false,
      {},
    ];
    assert.equal(read, {
      class: 'Model',
      wte: { class: 'Embedding', weight: shown() },
      head: { class: 'Linear', weight: shown(), training: false, _is_full_backward_hook: null },
      on: true,
    });
    assert.equal(
      ops.filter((op) => !readable.includes(op)),
      [],
    );
  });

  test('scalars, empty tensors, every dtype and sizes beyond 31 bits', () => {
    const large = 2 ** 31 + 2;
    const root = object('Model', {
      a: tensor('0', []),
      b: tensor('1', [0, 3]),
      c: tensor('2', [large], { dtype: 'bfloat16', bytes: 2 * large }),
      d: tensor('3', [300], { dtype: 'float16', bytes: 600 }),
      e: tensor('4', [2], { dtype: 'int64', bytes: 16 }),
      f: tensor('5', [70_000], { dtype: 'bool', bytes: 70_000 }),
    });
    const { root: read } = inPython(script, pickle(root)) as { root: Record<string, unknown[]> }; // what the script prints
    assert.equal(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((k) => [read[k]![2], read[k]![4], read[k]![5]]),
      [
        [['storage', 'FloatStorage', '0', 'cpu', 1], [], []],
        [
          ['storage', 'FloatStorage', '1', 'cpu', 0],
          [0, 3],
          [3, 1],
        ],
        [['storage', 'BFloat16Storage', '2', 'cpu', large], [large], [1]],
        [['storage', 'HalfStorage', '3', 'cpu', 300], [300], [1]],
        [['storage', 'LongStorage', '4', 'cpu', 2], [2], [1]],
        [['storage', 'BoolStorage', '5', 'cpu', 70_000], [70_000], [1]],
      ],
    );
  });

  test('more values than one byte can number', () => {
    const weights = Array.from({ length: 400 }, (_, i) => tensor(String(i), [2]));
    const twice = [...weights, ...weights].map((w, i) => [`w${i}`, w] as const);
    const { root: read } = inPython(script, pickle(object('M', Object.fromEntries(twice)))) as {
      root: Record<string, unknown[]>;
    }; // what the script prints
    assert.is(read['w399']![1], 399);
    assert.is(read['w799']![1], 399);
    assert.is(read['w400']![1], 0);
  });
}

test('a tensor that does not fit its record is a bug', () => {
  const wrong = tensor('0', [4, 5], { bytes: 76 });
  assert.throws(() => pickle(object('M', { wrong })), /float32 \[4, 5\] does not fit its record of 76 bytes/);
});

test.run();
