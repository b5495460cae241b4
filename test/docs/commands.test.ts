import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { command as commandOf, nanoc, root } from '../cli/run_cli.ts';
import { withTorch } from '../golden/torch_here.ts';
import { changesIn, clone } from './clone.ts';
import { commandsOf, environmentOf, pages, textOfPage, wordsOf } from './command_lines.ts';

/** What is not run by this file, and what runs it. */
const elsewhere: Readonly<Record<string, string>> = {
  'npm ci': '.ci/run',
  'npm test': '.ci/run',
  'npm test -- spec/': 'test/repository/harness.test.ts',
  'npm test -- spec/lex': 'test/repository/harness.test.ts',
  'npm test -- spec/lex --title comments': 'test/repository/harness.test.ts',
  'npm test -- spec/ --watch': 'test/repository/test_processes.test.ts',
  'npm run check': '.ci/run',
  'npm run demo': 'test/docs/commands.test.ts',
  'npm run generate': 'test/repository/fresh.test.ts',
  'node examples/node/stream.mjs out/verse.onnx out/verse.tokenizer.pkl "My lord"':
    'test/examples/node.test.ts',
  'node examples/node/whole_way.mjs examples/tiny-nanochat/base_checkpoints/d4 out/whole_way':
    'test/examples/node.test.ts',
  'npm run bench': 'by hand: it writes gigabytes and takes minutes',
};

/** All pages are followed in one clone, as somebody might; only what LANGUAGE.md tells to write is there before. */
const cwd = clone();
const tinySpec = /^```nanospec\n(.*?)^```$/ms.exec(textOfPage('spec/LANGUAGE.md'))?.[1];
const typed = ['tiny.nanospec'];
writeFileSync(join(cwd, 'tiny.nanospec'), tinySpec ?? '');
const before = sizeOf(cwd);

function sizeOf(path: string): number {
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) =>
    statSync(join(path, name)),
  );
  return files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}

/** A line given to a verb that reads standard input. */
const pipe = /^echo "([^"]*)" \| npx nanoc (.*)$/;

/** Runs an archive, for which Python with torch is needed; after the commands that write it. */
const wantsTorch = (command: string): boolean =>
  /nanoc (?:verify|run) \S+\.pt\b|--target torchscript$/.test(command);
const later: (readonly [title: string, body: () => Promise<void>])[] = [];

for (const page of pages) {
  for (const command of commandsOf(page)) {
    const title = `${page}: ${command}`;
    const piped = pipe.exec(command);
    if (piped) {
      const [, input, args] = piped as unknown as readonly [string, string, string];
      test(title, () => {
        const words = commandOf(wordsOf(args));
        const { status, stderr } = spawnSync(process.execPath, words, { cwd, input, encoding: 'utf8' });
        assert.is(status, 0, stderr);
      });
      continue;
    }
    const { env, rest: line } = environmentOf(command);
    const [first, ...rest] = wordsOf(line.replace(/^npx /, ''));
    if (first !== 'nanoc') continue;
    const body = async (): Promise<void> => {
      const { code, err } = await nanoc(rest, { cwd, env });
      assert.is(code, 0, err);
      assert.not.match(err, 'ended its text at once');
    };
    if (wantsTorch(command)) later.push([title, body]);
    else test(title, body);
  }
}
await withTorch((_, within) => {
  for (const [title, body] of later) within(title, body);
});

/** The whole of it is some forty small models. */
const mostBytes = 500e6;

test('whoever follows the pages in a clone has nothing that git would keep, and little on the disk', () => {
  assert.equal(
    changesIn(cwd),
    typed.map((name) => `?? ${name}`),
  );
  const written = sizeOf(cwd) - before;
  assert.ok(written > 1e6 && written < mostBytes, `${(written / 1e6).toFixed(0)} MB`);
  writeFileSync(join(cwd, 'stray.onnx'), '');
  assert.is(changesIn(cwd).length, typed.length + 1, 'a stray file is seen');
});

test('words of commands are what a shell makes of them', () => {
  const plain = pages.flatMap(commandsOf).filter((command) => !command.includes('|'));
  for (const command of plain) {
    const { rest } = environmentOf(command);
    const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${rest}`], { encoding: 'utf8' });
    assert.equal(wordsOf(rest), stdout.split('\0').slice(0, -1));
  }
});

test('every other command of a document is run by something', () => {
  const others = pages
    .flatMap(commandsOf)
    .filter((c) => !/^(?:npx )?nanoc /.test(environmentOf(c).rest) && !pipe.test(c));
  assert.ok(others.length >= 5);
  for (const command of others) assert.ok(command in elsewhere, command);
  for (const [command, where] of Object.entries(elsewhere)) {
    assert.ok(others.includes(command), `no document shows ${command}`);
    assert.ok(where.startsWith('by hand') || existsSync(join(root, where)), where);
  }
});

test('the demo compiles, verifies and writes', () => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'demo'], { cwd: root, encoding: 'utf8' });
  assert.is(status, 0, stderr);
  assert.match(stdout, 'out/demo/tiny.onnx: nanochat_2026_03, 1.6M parameters');
  assert.match(stdout, /onnxruntime-node cpu against reference: \d+ checks, all agree/);
  const said = stdout.slice(stdout.indexOf('$ nanoc run')).split('\n');
  assert.ok(said.filter((line) => /[a-z]{3}/.test(line)).length >= 3, stdout);
});

test('the README shows what is there', () => {
  const readme = textOfPage('README.md');
  const spec = readFileSync(join(root, 'examples/nanochat_2026_03.nanospec'), 'utf8');
  const excerpt = /^```nanospec\n(.*?)^```$/ms.exec(readme)?.[1] ?? 'no excerpt';
  assert.ok(spec.includes(excerpt), 'the excerpt stands in the spec');
  assert.match(readme, `${spec.split('\n').length - 1} lines`);
  const first = readme.split('\n').slice(0, 50).join('\n');
  for (const part of ['```nanospec', 'npm ci && npm run demo', 'npm ci && npm test', 'all agree']) {
    assert.ok(first.includes(part), `the first screen shows ${part}`);
  }
  for (const [, path] of readme.matchAll(/\]\(([^)#:]+)\)/g)) assert.ok(existsSync(join(root, path!)), path);
});

test.run();
