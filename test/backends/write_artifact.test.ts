import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Artifact, ArtifactFile } from '../../backends/backend.ts';
import { freshMark, type Swept } from '../../backends/leftovers_node.ts';
import { type WriteOptions, writeArtifact } from '../../backends/write_artifact_node.ts';
import { Bug, type Diagnostic } from '../../spec/diagnostic.ts';
import { refusalOf } from '../harness/refusal.ts';

const test = suite('write_artifact', { folder: '' });
test.before.each((cx) => {
  cx.folder = mkdtempSync(join(tmpdir(), 'nanoc-write-'));
});
test.after.each((cx) => {
  chmodSync(cx.folder, 0o700);
  rmSync(cx.folder, { recursive: true, force: true });
});

const file = (name: string, ...chunks: (string | Uint8Array)[]): ArtifactFile => {
  const bytes = chunks.map((c) => Buffer.from(c as string)); // Buffer.from takes either
  return { name, size: bytes.reduce((n, b) => n + b.length, 0), chunks: () => bytes };
};
const artifact = (...files: ArtifactFile[]): Artifact => ({ files, diagnostics: [] });
const both = artifact(file('m.onnx_data', 'weights'), file('m.onnx', 'mo', 'del'));

const refused = async (what: Artifact, folder: string, options: WriteOptions = {}): Promise<Diagnostic> =>
  (await refusalOf(writeArtifact(what, folder, options))).diagnostics[0]!;

const text = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8');

test('writes every file whole and nothing beside', async ({ folder }) => {
  const seen: number[] = [];
  await writeArtifact(both, folder, { onBytes: (done) => seen.push(done) });
  assert.equal(readdirSync(folder).sort(), ['m.onnx', 'm.onnx_data']);
  assert.is(text(folder, 'm.onnx'), 'model');
  assert.is(text(folder, 'm.onnx_data'), 'weights');
  assert.equal(seen, [7, 12]);
});

test('joins small chunks and passes large ones, in order', async ({ folder }) => {
  const large = Buffer.alloc(1 << 20, 'x');
  await writeArtifact(artifact(file('a', 'ab', large, 'c', '', 'd', large)), folder);
  assert.is(text(folder, 'a'), `ab${large}cd${large}`);
});

test('a chunk that cannot be made leaves nothing, and its own error reaches the caller', async ({
  folder,
}) => {
  const broken: ArtifactFile = {
    name: 'm.onnx',
    size: 100,
    *chunks() {
      yield Buffer.alloc(50);
      throw new Error('checksum mismatch');
    },
  };
  try {
    await writeArtifact(artifact(file('m.onnx_data', 'weights'), broken), folder);
    assert.unreachable();
  } catch (cause) {
    assert.match(String(cause), 'checksum mismatch');
  }
  assert.equal(readdirSync(folder), []);
});

test('an overwrite that fails half way leaves what was there', async ({ folder }) => {
  writeFileSync(join(folder, 'm.onnx_data'), 'old weights');
  mkdirSync(join(folder, 'm.onnx'));
  const { code, found } = await refused(both, folder, { overwrite: true });
  assert.is(code, 'N505');
  assert.is(found, 'a folder of that name');
  assert.is(text(folder, 'm.onnx_data'), 'old weights');
  assert.equal(readdirSync(folder).sort(), ['m.onnx', 'm.onnx_data']);
});

test('puts old files back when the last file cannot be moved into place', async ({ folder }) => {
  writeFileSync(join(folder, 'm.onnx_data'), 'old weights');
  const late: ArtifactFile = {
    name: 'm.onnx',
    size: 1,
    *chunks() {
      mkdirSync(join(folder, 'm.onnx')); // someone else is quicker
      writeFileSync(join(folder, 'm.onnx', 'theirs'), '');
      yield Buffer.from('x');
    },
  };
  const what = artifact(file('m.onnx_data', 'weights'), late);
  assert.is((await refused(what, folder, { overwrite: true })).code, 'N505');
  assert.is(text(folder, 'm.onnx_data'), 'old weights');
  assert.equal(readdirSync(folder).sort(), ['m.onnx', 'm.onnx_data']);
  assert.equal(readdirSync(join(folder, 'm.onnx')), ['theirs']);
});

test('overwrites only when told', async ({ folder }) => {
  writeFileSync(join(folder, 'm.onnx'), 'old');
  const { code, hint } = await refused(both, folder);
  assert.is(code, 'N504');
  assert.match(hint ?? '', '--force');
  assert.is(text(folder, 'm.onnx'), 'old');
  assert.equal(readdirSync(folder), ['m.onnx']);
  await writeArtifact(both, folder, { overwrite: true });
  assert.is(text(folder, 'm.onnx'), 'model');
  assert.equal(readdirSync(folder).sort(), ['m.onnx', 'm.onnx_data']);
});

test('the old file is there until the new one takes its place', async ({ folder }) => {
  writeFileSync(join(folder, 'm.onnx'), 'old', { mode: 0o600 });
  let watched = 0;
  const watching: ArtifactFile = {
    name: 'm.onnx',
    size: 3,
    *chunks() {
      assert.is(text(folder, 'm.onnx'), 'old');
      watched++;
      yield Buffer.from('new');
    },
  };
  await writeArtifact(artifact(file('m.onnx_data', 'weights'), watching), folder, { overwrite: true });
  assert.is(watched, 1);
  assert.is(text(folder, 'm.onnx'), 'new');
  assert.is(statSync(join(folder, 'm.onnx')).mode & 0o777, 0o600, 'it is as private as the old one was');
  assert.equal(readdirSync(folder).sort(), ['m.onnx', 'm.onnx_data']);
});

test('no moment without a file while another process writes over it again and again', async ({ folder }) => {
  const path = join(folder, 'm.onnx');
  writeFileSync(path, 'x');
  const source = `const { existsSync } = require('node:fs');
    let missing = 0;
    const end = Date.now() + 60000;
    process.stdout.write('ready');
    while (Date.now() < end && !existsSync(process.argv[1] + '.end')) if (!existsSync(process.argv[1])) missing++;
    process.exit(Math.min(missing, 1));`;
  const watcher = spawn(process.execPath, ['-e', source, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(watcher.stdout, 'data');
  for (let i = 0; i < 300; i++)
    await writeArtifact(artifact(file('m.onnx', `${i}`)), folder, { overwrite: true });
  writeFileSync(`${path}.end`, '');
  const [code] = await once(watcher, 'exit');
  assert.is(code, 0, 'it was gone for a moment');
});

test('what a killed run left is removed, what a live or a distant one writes is mentioned', async ({
  folder,
}) => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const put = (name: string): string => {
    writeFileSync(join(folder, name), 'left');
    return join(folder, name);
  };
  const dead = put(`m.onnx.${freshMark(pid)}.partial`);
  const live = put(`m.onnx.${freshMark(process.ppid)}.partial`);
  const distant = put(`m.onnx.${pid}.00000000.01234567.partial`);
  const before = put('m.onnx_data.01234567.partial'); // of a version that gave no process
  const others = [put(`other.onnx.${freshMark(pid)}.partial`), put('m.onnx.txt')];
  const said: Swept[] = [];
  await writeArtifact(both, folder, { onSwept: (swept) => said.push(swept) });
  assert.equal(said.map(sorted), [{ removed: [dead], left: [live, distant, before].sort() }]);
  const kept = [live, distant, before, ...others].map((path) => path.slice(folder.length + 1));
  assert.equal(readdirSync(folder).sort(), [...kept, 'm.onnx', 'm.onnx_data'].sort());
});

const sorted = ({ removed, left }: Swept): Swept => ({
  removed: [...removed].sort(),
  left: [...left].sort(),
});

test('a file that a killed run had moved away goes back to its place', async ({ folder }) => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(join(folder, `m.onnx.${freshMark(pid)}.replaced`), 'old');
  assert.is((await refused(both, folder)).code, 'N504');
  assert.is(text(folder, 'm.onnx'), 'old');
  assert.equal(readdirSync(folder), ['m.onnx']);
});

test('what is larger than the room there is is refused before a byte is written', async ({ folder }) => {
  const vast: ArtifactFile = {
    name: 'm.onnx',
    size: 64e12 * 1000,
    chunks: () => {
      throw new Error('nothing is made');
    },
  };
  const { code, message, expected } = await refused(artifact(file('m.onnx_data', 'weights'), vast), folder);
  assert.is(code, 'N505');
  assert.match(message, 'no room');
  assert.is(expected, '64000000.0 GB free');
  assert.equal(readdirSync(folder), []);
  assert.is(
    (await refused(artifact(vast), join(folder, 'new', 'further'), { makeFolder: true })).code,
    'N505',
  );
  assert.equal(readdirSync(folder), [], 'no folder is made for it');
});

test('nothing is written outside the folder, whatever a file is called', async ({ folder }) => {
  const [inside, beside] = [join(folder, 'inside'), join(folder, 'beside')];
  mkdirSync(inside);
  mkdirSync(beside);
  symlinkSync(beside, join(inside, 'link'));
  symlinkSync(join(beside, 'target'), join(inside, 'm.onnx'));
  const names = [
    '../x',
    'a/../../x',
    join(folder, 'x'),
    'link/x',
    'link/deep/x',
    '',
    '.',
    'a//b',
    'C:\\x',
    '..\\x',
  ];
  for (const name of names) {
    assert.is((await refused(artifact(file(name, 'text')), inside)).code, 'N505', name);
    assert.equal([readdirSync(folder).sort(), readdirSync(beside)], [['beside', 'inside'], []], name);
  }
  // A link in the place of the file itself is replaced, and not written through.
  await writeArtifact(artifact(file('m.onnx', 'model')), inside, { overwrite: true });
  assert.ok(lstatSync(join(inside, 'm.onnx')).isFile());
  assert.equal(readdirSync(beside), []);
});

test('says in the words of the system why a folder cannot be written to', async ({ folder }) => {
  const missing = await refused(both, join(folder, 'no', 'such'));
  assert.is(missing.code, 'N505');
  assert.is(missing.found, 'ENOENT: no such file or directory');
  writeFileSync(join(folder, 'plain'), '');
  assert.is((await refused(both, join(folder, 'plain'))).found, 'ENOTDIR: not a directory');
  rmSync(join(folder, 'plain'));
  if (process.getuid?.() === 0) {
    console.log('  not tried as root, who may write everywhere: a read-only folder');
    return;
  }
  chmodSync(folder, 0o500);
  assert.is((await refused(both, folder)).found, 'EACCES: permission denied');
});

test('an interrupt between chunks leaves nothing', async ({ folder }) => {
  const abort = new AbortController();
  const slow: ArtifactFile = {
    name: 'm.onnx',
    size: 3 << 20,
    *chunks() {
      yield Buffer.alloc(1 << 20);
      abort.abort();
      yield Buffer.alloc(1 << 20);
      throw new Error('the interrupt came too late');
    },
  };
  try {
    await writeArtifact(artifact(file('m.onnx_data', 'weights'), slow), folder, { signal: abort.signal });
    assert.unreachable();
  } catch (cause) {
    assert.is((cause as Error).name, 'AbortError'); // what a signal throws
  }
  assert.equal(readdirSync(folder), []);
});

test('an interrupt has its turn while a large file is written', async ({ folder }) => {
  const abort = new AbortController();
  let made = 0;
  const endless: ArtifactFile = {
    name: 'm.onnx',
    size: 200 * 2 ** 20,
    *chunks() {
      const chunk = Buffer.alloc(1 << 20);
      for (; made < 200; made++) yield chunk;
    },
  };
  setImmediate(() => abort.abort());
  try {
    await writeArtifact(artifact(endless), folder, { signal: abort.signal });
    assert.unreachable();
  } catch (cause) {
    assert.is((cause as Error).name, 'AbortError'); // what a signal throws
  }
  assert.ok(made < 200, 'stopped early');
  assert.equal(readdirSync(folder), []);
});

test('a file that is not as long as promised is a bug', async ({ folder }) => {
  try {
    await writeArtifact(artifact({ ...file('m.onnx', 'model'), size: 6 }), folder);
    assert.unreachable();
  } catch (cause) {
    assert.instance(cause, Bug);
  }
  assert.equal(readdirSync(folder), []);
});

test('folders that were made go again when nothing comes into them, but not what others put there', async ({
  folder,
}) => {
  const inner = join(folder, 'new', 'further');
  const failing = (more: () => void): Artifact =>
    artifact({
      name: 'onnx/m.onnx',
      size: 1,
      chunks: () => {
        more();
        throw new Error('no chunk');
      },
    });
  const written = (made: Artifact): Promise<void> => writeArtifact(made, inner, { makeFolder: true });
  await written(failing(() => {})).then(
    () => assert.unreachable(),
    (cause) => assert.is(cause.message, 'no chunk'),
  );
  assert.equal(readdirSync(folder), []);
  const theirs = join(inner, 'theirs');
  await written(failing(() => writeFileSync(theirs, ''))).then(
    () => assert.unreachable(),
    () => {},
  );
  assert.equal(readdirSync(inner), ['theirs']);
});

/** A file system of one megabyte; undefined where this user may make none. */
function tinyDisk(folder: string): string | undefined {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' });
    return disk;
  } catch {
    return undefined;
  }
}

test('a full disk leaves nothing', async ({ folder }) => {
  const disk = tinyDisk(folder);
  if (disk === undefined) {
    console.log('  skipped: no tmpfs may be mounted here');
    return;
  }
  try {
    const large = artifact(file('m.onnx_data', 'weights'), file('m.onnx', Buffer.alloc(3 << 20)));
    assert.match((await refused(large, disk)).message, 'there is no room');
    // What fills the disk meanwhile is found when it does.
    const meanwhile: ArtifactFile = {
      name: 'm.onnx',
      size: 600_000,
      *chunks() {
        writeFileSync(join(disk, 'theirs'), Buffer.alloc(700_000));
        for (let i = 0; i < 6; i++) yield Buffer.alloc(100_000);
      },
    };
    assert.is((await refused(artifact(meanwhile), disk)).found, 'ENOSPC: no space left on device');
    rmSync(join(disk, 'theirs'));
    assert.equal(readdirSync(disk), []);
  } finally {
    execFileSync('umount', [disk]);
  }
});

test.run();
