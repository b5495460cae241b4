import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Artifact, ArtifactFile } from '../../backends/backend.ts';
import { type WriteOptions, writeArtifact } from '../../backends/write_artifact.ts';
import { Bug, type Diagnostic, Refusal } from '../../spec/diagnostic.ts';

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

async function refusal(what: Artifact, folder: string, options: WriteOptions = {}): Promise<Diagnostic> {
  try {
    await writeArtifact(what, folder, options);
  } catch (cause) {
    if (cause instanceof Refusal) return cause.diagnostics[0]!;
    throw cause;
  }
  throw new Error('nothing was refused');
}

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
  const { code, found } = await refusal(both, folder, { overwrite: true });
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
  assert.is((await refusal(what, folder, { overwrite: true })).code, 'N505');
  assert.is(text(folder, 'm.onnx_data'), 'old weights');
  assert.equal(readdirSync(folder).sort(), ['m.onnx', 'm.onnx_data']);
  assert.equal(readdirSync(join(folder, 'm.onnx')), ['theirs']);
});

test('overwrites only when told', async ({ folder }) => {
  writeFileSync(join(folder, 'm.onnx'), 'old');
  const { code, hint } = await refusal(both, folder);
  assert.is(code, 'N504');
  assert.match(hint ?? '', '--force');
  assert.is(text(folder, 'm.onnx'), 'old');
  assert.equal(readdirSync(folder), ['m.onnx']);
  await writeArtifact(both, folder, { overwrite: true });
  assert.is(text(folder, 'm.onnx'), 'model');
  assert.equal(readdirSync(folder).sort(), ['m.onnx', 'm.onnx_data']);
});

test('says in the words of the system why a folder cannot be written to', async ({ folder }) => {
  const missing = await refusal(both, join(folder, 'no', 'such'));
  assert.is(missing.code, 'N505');
  assert.is(missing.found, 'ENOENT: no such file or directory');
  writeFileSync(join(folder, 'plain'), '');
  assert.is((await refusal(both, join(folder, 'plain'))).found, 'ENOTDIR: not a directory');
  rmSync(join(folder, 'plain'));
  if (process.getuid?.() === 0) {
    console.log('  not tried as root, who may write everywhere: a read-only folder');
    return;
  }
  chmodSync(folder, 0o500);
  assert.is((await refusal(both, folder)).found, 'EACCES: permission denied');
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
    size: 2 ** 40,
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
    assert.is((await refusal(large, disk)).found, 'ENOSPC: no space left on device');
    assert.equal(readdirSync(disk), []);
  } finally {
    execFileSync('umount', [disk]);
  }
});

test.run();
