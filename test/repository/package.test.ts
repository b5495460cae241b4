/** The package as a user installs it: a tarball, an empty folder, no repository around it. */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { version } from '../../compiler/generated/version.ts';
import { golden } from '../harness/golden.ts';
import { root } from './sources.ts';

const home = mkdtempSync(join(tmpdir(), 'nanoc-package-'));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));
const small = [
  '--set',
  'layers=1',
  '--set',
  'dim=64',
  '--set',
  'heads=2',
  '--set',
  'vocab=100',
  '--set',
  'context=32',
];

const npm = (args: readonly string[], cwd: string): string =>
  execFileSync('npm', [...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

function nanoc(...args: string[]) {
  const env = { ...process.env, NO_COLOR: '1', NODE_V8_COVERAGE: '' };
  const { status, stdout, stderr } = spawnSync('npx', ['--no-install', 'nanoc', ...args], {
    cwd: home,
    env,
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr.replace(/^npm warn .*\n/gm, '') };
}

test('it packs, and installs into an empty folder', () => {
  npm(['pack', '--pack-destination', home], root);
  const tarball = readdirSync(home).find((file) => file.endsWith('.tgz'));
  assert.is(tarball, `nanoc-${version}.tgz`);
  writeFileSync(join(home, 'package.json'), '{ "private": true }');
  npm(['install', '--offline', '--no-audit', '--no-fund', '--omit=peer', `./${tarball}`], home);
});

test('it is small, needs nothing else, and holds no test', () => {
  assert.equal(
    readdirSync(join(home, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['nanoc'],
  );
  const files = readdirSync(join(home, 'node_modules/nanoc'), { recursive: true, encoding: 'utf8' });
  const bytes = files
    .map((file) => statSync(join(home, 'node_modules/nanoc', file)))
    .reduce((sum, { size }) => sum + size, 0);
  assert.ok(bytes < 4e6, `${bytes} bytes`);
  for (const file of files) assert.not.match(file, /(?:^|\/)(?:test|bench|fixtures|\.pt$)/);
  for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md', 'dist/THIRD_PARTY_LICENSES.txt'])
    assert.ok(files.includes(name), name);
});

test('it says its version and lists its specs', () => {
  assert.equal(nanoc('--version'), { code: 0, out: `${version}\n`, err: '' });
  const { code, out, err } = nanoc('specs');
  assert.is(code, 0, err);
  for (const name of ['nanochat', 'nanochat_2025_10', 'nanochat_2026_03'])
    assert.match(out, new RegExp(`^${name}\\b`, 'm'));
});

test('it compiles a shipped spec with random weights', () => {
  const { code, err } = nanoc('compile', 'nanochat', ...small, '-o', 'x.onnx');
  assert.is(code, 0, err);
  assert.ok(statSync(join(home, 'x.onnx')).size > 100_000);
});

test('without onnxruntime-node it says what to install; a model is still inspected', () => {
  const { code, err } = nanoc('verify', 'x.onnx', '--quiet');
  assert.is(code, 1, err);
  const said = err.replaceAll(home, 'DIR').replace(/chunk-\w+/, 'chunk');
  golden(new URL('../fixtures/diagnostics/N702.txt', import.meta.url), said);
  assert.match(err, /error N702: onnxruntime-node is not installed/);
  assert.is(nanoc('inspect', 'x.onnx').code, 0);
});

test('with onnxruntime-node beside it, the model is verified', () => {
  symlinkSync(join(root, 'node_modules/onnxruntime-node'), join(home, 'node_modules/onnxruntime-node'));
  const { code, out, err } = nanoc('verify', 'x.onnx');
  assert.is(code, 0, err);
  assert.match(out, /checks, all agree/);
});

test('the library is there too, with its types', () => {
  const script = "import('nanoc').then((m) => console.log(typeof m.check, typeof m.parse))";
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: home,
    encoding: 'utf8',
  });
  assert.is(out, 'function function\n');
  assert.ok(existsSync(join(home, 'node_modules/nanoc/dist/types/index.d.ts')));
});

test.run();
