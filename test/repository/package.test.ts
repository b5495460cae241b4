/** The package as a user installs it: a tarball, an empty folder, no repository around it. */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
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
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
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

test('npm ci runs no script of a dependency, whatever its release, and takes nothing but packages', () => {
  // Without this mark npm looks for no install scripts: onnxruntime-node's would fetch CUDA libraries from elsewhere.
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  assert.not.match(lock, '"hasInstallScript"', 'delete the mark after an `npm install` that put it back');
  assert.not.match(lock, '"resolved"');
});

test('no page or program here sends for `nanoc` of npm, which is another package', () => {
  const name = 'nanoc';
  const sent = new RegExp(
    `npm (?:install|i|add|exec)(?: -\\S+)* ${name}\\b|from '${name}(?:/web)?'|["']${name}["']: *["'][\\^~]?\\d`,
  );
  for (const text of [`npm install ${name} x`, `from '${name}/web'`, `"${name}": "^1.0.0"`])
    assert.match(text, sent);
  const listed = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n');
  const shown = listed.filter(
    (path) => /\.(?:md|[cm]?[jt]s|json)$/.test(path) && existsSync(join(root, path)),
  );
  assert.ok(shown.length > 100);
  assert.equal(
    shown.filter((path) => sent.test(readFileSync(join(root, path), 'utf8'))),
    [],
  );
});

test('it packs, and installs into an empty folder', () => {
  npm(['pack', '--pack-destination', home], root);
  const tarball = readdirSync(home).find((file) => file.endsWith('.tgz'));
  assert.is(tarball, `nanospec-${version}.tgz`);
  writeFileSync(join(home, 'package.json'), '{ "private": true }');
  npm(['install', '--offline', '--no-audit', '--no-fund', '--omit=peer', `./${tarball}`], home);
});

test('it is small, needs nothing else, and holds no test', () => {
  assert.equal(
    readdirSync(join(home, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['nanospec'],
  );
  const files = readdirSync(join(home, 'node_modules/nanospec'), { recursive: true, encoding: 'utf8' });
  const bytesOf = (wanted: (file: string) => boolean): number =>
    files
      .filter(wanted)
      .map((file) => statSync(join(home, 'node_modules/nanospec', file)))
      .reduce((sum, { size }) => sum + size, 0);
  const isMap = (file: string): boolean => file.endsWith('.map');
  assert.ok(bytesOf((file) => !isMap(file)) < 3e6, `${bytesOf((file) => !isMap(file))} bytes`);
  assert.ok(bytesOf(isMap) < 2e6, `${bytesOf(isMap)} bytes of source maps`);
  for (const file of files) assert.not.match(file, /(?:^|\/)(?:test|bench(?!-\w+\.js)|fixtures|\.pt$)/);
  for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md', 'dist/THIRD_PARTY_LICENSES.txt'])
    assert.ok(files.includes(name), name);
});

test('publint and are-the-types-wrong find nothing', async () => {
  const tarball = readFileSync(join(home, `nanospec-${version}.tgz`));
  const { messages } = await publint({ pack: { tarball: new Uint8Array(tarball).buffer }, strict: true });
  assert.equal(
    messages.map(({ code, path }) => `${code} at ${path.join('.')}`),
    [],
  );
  const { types, problems } = (await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)))) as {
    readonly types: unknown;
    readonly problems?: readonly { readonly kind: string; readonly resolutionKind?: string }[];
  };
  assert.ok(types, 'types are there');
  // The package is ESM, which `require` takes from Node 20.19 on, and `exports` are older than any Node it runs on.
  const left = problems?.filter(
    ({ kind, resolutionKind }) => kind !== 'CJSResolvesToESM' && resolutionKind !== 'node10',
  );
  assert.equal(left, []);
});

test('its types check alone, without skipLibCheck, and a wrong use of them does not', () => {
  const tsc = (name: string, text: string) => {
    writeFileSync(join(home, `${name}.mts`), text);
    const words =
      '--noEmit --strict --module nodenext --target es2023 --lib es2023,dom --skipLibCheck false --pretty false';
    const bin = join(root, 'node_modules/typescript/bin/tsc');
    return spawnSync(process.execPath, [bin, ...words.split(' '), `${name}.mts`], {
      cwd: home,
      encoding: 'utf8',
    });
  };
  const sound = tsc(
    'sound',
    "import { check, type Graph, type Op } from 'nanospec';\nimport { generate } from 'nanospec/web';\n" +
      'export const used: [typeof check, typeof generate, Graph?, Op?] = [check, generate];\n',
  );
  assert.is(sound.stdout, '');
  const wrong = tsc(
    'wrong',
    "import { generate } from 'nanospec/web';\nexport const n: number = generate;\n",
  );
  assert.match(wrong.stdout, /error TS2322/);
});

test('what its README points to lies in the package, but for the trained model', () => {
  const readme = readFileSync(join(home, 'node_modules/nanospec/README.md'), 'utf8');
  const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path!);
  const missing = links.filter((path) => !existsSync(join(home, 'node_modules/nanospec', path)));
  assert.ok(links.length > 5);
  assert.equal(
    missing.filter((path) => path !== 'examples/tiny-nanochat'),
    [],
  );
});

test('a stack leads to lines of the sources', () => {
  const fault = "import { parse } from 'nanospec'; parse(null)";
  const flags = ['--enable-source-maps', '--input-type=module', '-e', fault];
  const { stderr } = spawnSync(process.execPath, flags, { cwd: home, encoding: 'utf8' });
  assert.match(stderr, /spec\/\w+\.ts:\d+:\d+/);
});

test('it says its version and lists its specs', () => {
  assert.equal(nanoc('--version'), { code: 0, out: `${version}\n`, err: '' });
  const { code, out, err } = nanoc('specs');
  assert.is(code, 0, err);
  for (const name of ['nanochat', 'nanochat_2025_10', 'nanochat_2026_03'])
    assert.match(out, new RegExp(`^ *${name}\\b`, 'm'));
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

test('the library is there too', () => {
  const script = "import('nanospec').then((m) => console.log(typeof m.check, typeof m.parse))";
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: home,
    encoding: 'utf8',
  });
  assert.is(out, 'function function\n');
});

test.run();
