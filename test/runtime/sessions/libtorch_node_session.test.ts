import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { BoundaryTensor, Manifest } from '../../../compiler/ports/manifest.ts';
import { findPythons } from '../../../runtime/sessions/find_python_node.ts';
import { libtorchSession, startLibtorch } from '../../../runtime/sessions/libtorch_node_session.ts';
import { program } from '../../../runtime/sessions/libtorch_program.ts';
import type { Diagnostic } from '../../../spec/diagnostic.ts';
import { tensor } from '../../../spec/tensor.ts';
import { withTorch } from '../../golden/torch_here.ts';
import { refusalOf } from '../../harness/refusal.ts';
import { tinyManifest } from '../tiny_session.ts';
import { smallArchive } from './small_archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'nanoc-python-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** A program that stands for a Python; `say` writes a message as the real one does. */
function stand(name: string, body: string): string {
  const path = join(folder, name);
  const say =
    'const say = (t) => { const b = Buffer.from(t); const n = Buffer.alloc(4); n.writeUInt32LE(b.length);' +
    ' process.stdout.write(Buffer.concat([n, b])); };';
  writeFileSync(path, `#!${process.execPath}\n${say}\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

const refused = async (work: Promise<unknown>): Promise<Diagnostic> =>
  (await refusalOf(work)).diagnostics[0]!;

const noTorch = stand('no_torch', "say('missing No module named torch')");
const dies = stand('dies', "console.error('out of luck'); process.exit(3)");
const manifest = tinyManifest({ cache: 'none' });
const trusted = { model: 'm.pt', manifest, trustCode: true } as const;

test('without a Python, or without torch in any, it says how to get it', async () => {
  for (const [pythons, said] of [
    [[], 'no python3 on the PATH'],
    [[join(folder, 'nowhere')], 'ENOENT'],
    [[noTorch, dies], 'No module named torch'],
    [[noTorch, dies], 'exit code 3: out of luck'],
  ] as const) {
    const { code, found, hint } = await refused(startLibtorch({ pythons, native: '' }));
    assert.is(code, 'N702');
    assert.match(found ?? '', said);
    assert.match(hint ?? '', 'apt-get install python3-torch');
    assert.match(hint ?? '', 'NANOC_PYTHON');
  }
});

test('the C++ program is asked where no Python has torch', async () => {
  const native = stand(
    'native',
    "if (process.argv.length === 2) say('ready 9.9 (C++)'); process.stdin.resume()",
  );
  const host = await startLibtorch({ pythons: [noTorch], native });
  assert.is(host.version, '9.9 (C++)');
  await host.close();
});

test('the first Python that has torch is taken', async () => {
  const answers = stand(
    'answers',
    "say('ready 9.9'); process.stdin.on('data', () => say('loaded\\ninput_ids Tensor'))",
  );
  const session = await libtorchSession({ ...trusted, pythons: [noTorch, dies, answers] });
  assert.is(session.label, 'libtorch 9.9 cpu');
  await session.close();
});

test('the process is told how many threads it has, and keeps those that the environment says', async () => {
  const tells = stand(
    'tells',
    "say('ready ' + process.env.OMP_NUM_THREADS + ' ' + process.env.MKL_NUM_THREADS)",
  );
  const told = async (options: { readonly threads?: number }): Promise<string> => {
    const host = await startLibtorch({ pythons: [tells], ...options });
    await host.close();
    return host.version;
  };
  assert.is(await told({ threads: 3 }), '3 3');
  const before = process.env['OMP_NUM_THREADS'];
  process.env['OMP_NUM_THREADS'] = '7';
  assert.is(await told({}), '7 7');
  delete process.env['OMP_NUM_THREADS'];
  assert.is(await told({}), `${availableParallelism()} ${availableParallelism()}`);
  if (before !== undefined) process.env['OMP_NUM_THREADS'] = before;
});

test('a process that dies in the middle is said to be gone, with its last words', async () => {
  const python = stand(
    'dies_later',
    "say('ready 9.9'); process.stdin.once('data', () => { console.error('killed by me'); process.exit(9); })",
  );
  const { code, file, found } = await refused(libtorchSession({ ...trusted, pythons: [python] }));
  assert.is(code, 'N704');
  assert.is(file, 'm.pt');
  assert.is(found, 'it ended with exit code 9: killed by me');
});

test('a process that does not answer is given up', async () => {
  const python = stand('hangs', "say('ready 9.9'); setInterval(() => {}, 1000)");
  const refusal = await refused(libtorchSession({ ...trusted, pythons: [python], callSeconds: 0.5 }));
  assert.is(refusal.code, 'N704');
  assert.is(refusal.found, 'no answer within 0.5 s');
  assert.match(refusal.hint ?? '', '--deadline');
});

test('code that nobody has checked or trusts is not given to any process', async () => {
  const { code, hint } = await refused(libtorchSession({ model: 'm.pt', manifest, pythons: [dies] }));
  assert.is(code, 'N709');
  assert.match(hint ?? '', 'checkArchive');
});

test('an aborted signal ends the process in the middle of a call', async () => {
  const asked = join(folder, 'asked');
  const python = stand(
    'hangs_too',
    `say('ready 9.9'); process.stdin.once('data', () => require('fs').writeFileSync(${JSON.stringify(asked)}, ''));` +
      ' setInterval(() => {}, 1000)',
  );
  const abort = new AbortController();
  const opened = refused(libtorchSession({ ...trusted, pythons: [python], signal: abort.signal }));
  while (!existsSync(asked)) await wait(20);
  abort.abort();
  const { found, hint } = await opened;
  assert.is(found, 'it ended with signal SIGKILL');
  assert.match(hint ?? '', 'memory');
});

test('NANOC_PYTHON comes before the PATH, where every python3 counts', () => {
  const [a, b] = ['a', 'b'].map((name) => join(folder, name)) as [string, string];
  for (const path of [a, b]) {
    mkdirSync(path);
    writeFileSync(join(path, 'python3'), '');
    chmodSync(join(path, 'python3'), 0o755);
  }
  writeFileSync(join(folder, 'python3'), 'not to be run');
  chmodSync(join(folder, 'python3'), 0o644);
  const env = { PATH: [folder, a, b, a].join(delimiter) };
  assert.equal(findPythons(env), [join(a, 'python3'), join(b, 'python3')]);
  assert.equal(findPythons({ ...env, NANOC_PYTHON: '/x/python' }), ['/x/python']);
  assert.equal(findPythons({}), []);
});

const named = (...names: readonly string[]): readonly BoundaryTensor[] =>
  names.map((name) => ({ name, dtype: 'float32', shape: [] }));
const five: Manifest = { ...manifest, outputs: named('x2', 'i2', 'h2', 'w2', 'b2') };
const method = `  def forward(self, x: Tensor, i: Tensor, h: Tensor, w: Tensor, b: Tensor, more: Optional[Tensor]=None) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    if more is not None:
      x = x + more
    return x + 1., i + 1099511627776, h.clone(), w + w, torch.logical_not(b)`;
const feeds = {
  x: tensor('float32', [2], [1.5, -2]),
  i: tensor('int64', [2, 1], [-1, 2 ** 41]),
  h: tensor('float16', [2], [0.25, -3]),
  w: tensor('bfloat16', [], [0.5]),
  b: tensor('bool', [2], [1, 0]),
  extra: tensor('bool', [1], [1]),
};

await withTorch(({ host, file, python }) => {
  test('it ends with the process that started it, though its streams stay open', async () => {
    // Held open from here, what it reads never ends.
    const source = `const { spawn } = require('node:child_process');
      spawn(process.argv[1], ['-c', process.argv[2]], { stdio: 'inherit' });
      setInterval(() => {}, 1000);`;
    const between = spawn(process.execPath, ['-e', source, python, program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const closed = once(between, 'close');
    const [greeting] = await once(between.stdout, 'data');
    assert.match(String(greeting), 'ready');
    between.kill('SIGKILL');
    await closed; // its output is closed when Python has ended
  });

  test('a torch.py in the folder where somebody looks at a model is not run', () => {
    const here = mkdtempSync(join(folder, 'here-'));
    for (const name of ['torch.py', 'struct.py', 'ctypes.py'])
      writeFileSync(join(here, name), "open('made', 'w').close()");
    const input = Buffer.alloc(0);
    const { stdout } = spawnSync(python, ['-c', program], { cwd: here, input });
    assert.match(stdout.toString('latin1'), 'ready ');
    assert.not.ok(existsSync(join(here, 'made')));
  });

  const model = file('five.pt', smallArchive(method));

  test('carries five kinds of numbers there and back, of any rank', async () => {
    const session = await host.open({ model, manifest: five });
    const { x2, i2, h2, w2, b2 } = await session.run(feeds);
    assert.equal([...x2!.data], [2.5, -1]);
    assert.equal([...i2!.data], [2 ** 40 - 1, 2 ** 41 + 2 ** 40]);
    assert.equal([...h2!.data], [0.25, -3]);
    assert.equal([...w2!.data], [1]);
    assert.equal([...b2!.data], [0, 1]);
    assert.equal(
      [x2, i2, h2, w2, b2].map((t) => t!.dtype),
      ['float32', 'int64', 'float16', 'bfloat16', 'bool'],
    );
    assert.equal([i2!.shape, w2!.shape], [[2, 1], []]);
    const empty = tensor('float32', [0], []);
    assert.is((await session.run({ ...feeds, x: empty }))['x2']!.data.length, 0);
    await session.close();
  });

  test('an argument that may be left out is, and is heard when it is there', async () => {
    const session = await host.open({ model, manifest: five });
    const { x2 } = await session.run({ ...feeds, more: tensor('float32', [1], [10]) }, ['x2']);
    assert.equal([...x2!.data], [12.5, 9]);
    await session.close();
  });

  test('gives only what is asked for', async () => {
    const session = await host.open({ model, manifest: five });
    assert.equal(Object.keys(await session.run(feeds, ['i2', 'logits'])), ['i2']);
    await session.close();
  });

  test('calls made at once are answered each with its own', async () => {
    const session = await host.open({ model, manifest: five });
    const all = await Promise.all(
      [1, 2, 3].map((n) => session.run({ ...feeds, x: tensor('float32', [1], [n]) }, ['x2'])),
    );
    assert.equal(
      all.map((o) => o['x2']!.data[0]),
      [2, 3, 4],
    );
    await session.close();
  });

  test('what torch has against a call is one line, and the next call goes well', async () => {
    const session = await host.open({ model, manifest: five });
    const said = async (wrong: typeof feeds): Promise<string> => {
      try {
        await session.run(wrong);
      } catch (cause) {
        return cause instanceof Error ? cause.message : String(cause);
      }
      return '';
    };
    const more = tensor('float32', [3], [1, 2, 3]);
    const message = await said({ ...feeds, more } as typeof feeds);
    assert.match(message, /^The size of tensor a \(2\) must match.*\(code\/__torch__\/test\.py, line 8\)$/);
    const { x, ...without } = feeds;
    assert.is(await said(without as typeof feeds), 'the call gives no x');
    assert.equal([...(await session.run(feeds))['x2']!.data], [2.5, -1]);
    assert.ok(x);
    await session.close();
  });

  test('a manifest that lists something else is not believed', async () => {
    const session = await host.open({ model, manifest: { ...five, outputs: named('x2') } });
    try {
      await session.run(feeds);
      assert.unreachable();
    } catch (cause) {
      assert.match(String(cause), 'it gives 5 tensors, and its manifest lists 1');
    }
    await session.close();
  });

  test('names the file that is no archive, and what is wrong with its code', async () => {
    const wrong = [
      file('text.pt', Buffer.from('text')),
      file('bad.pt', smallArchive('  def forward(self, x):\n    return y')),
    ];
    for (const [path, said] of [
      [wrong[0]!, /./],
      [wrong[1]!, /ndefined value y/],
      ['/nowhere.pt', /./],
      ['/now\narchive 0', /a line break in its name/],
    ] as const) {
      const diagnostic = await refused(host.open({ model: path, manifest: five }));
      assert.is(diagnostic.code, 'N704');
      assert.is(diagnostic.file, path);
      assert.match(diagnostic.found ?? '', said);
      assert.not.match(diagnostic.found ?? '', '\n');
    }
  });

  test('a device that is not here is refused, not replaced', async () => {
    const devices = existsSync('/dev/nvidiactl') ? ['webgpu'] : ['webgpu', 'cuda'];
    for (const device of devices) {
      const { code, message, hint } = await refused(host.open({ model, manifest: five, device }));
      assert.is(code, 'N703');
      assert.match(message, device);
      assert.match(hint ?? '', '--device cpu');
    }
  });
});

test.run();
