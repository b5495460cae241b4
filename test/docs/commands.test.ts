import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { command as commandOf, folder, nanoc, root } from '../cli/run_cli.ts';
import { withTorch } from '../golden/torch_here.ts';
import { commandsOf, pages, textOfPage, wordsOf } from './command_lines.ts';

/** What is not run by this file, and what runs it. */
const elsewhere: Readonly<Record<string, string>> = {
  'npm ci': '.ci/run',
  'npm test': '.ci/run',
  'npm test -- spec/': 'test/repository/harness.test.ts',
  'npm run demo': 'test/docs/commands.test.ts',
  'npm run generate': 'test/repository/fresh.test.ts',
  'node examples/node/stream.mjs model.onnx model.tokenizer.pkl "ROMEO:"': 'test/examples/node.test.ts',
  'npm run bench': 'by hand: it writes gigabytes and takes minutes',
};

/** Where the commands of a page find what the page shows. */
function surroundings(page: string): string {
  const dir = folder();
  symlinkSync(join(root, 'examples'), join(dir, 'examples'));
  const first = /^```nanospec\n(.*?)^```$/ms.exec(textOfPage(page));
  if (page === 'spec/LANGUAGE.md') writeFileSync(join(dir, 'tiny.nanospec'), first?.[1] ?? '');
  return dir;
}

/** A line given to a verb that reads standard input. */
const pipe = /^echo "([^"]*)" \| npx nanoc (.*)$/;

/** Runs an archive, for which Python with torch is needed; after the commands that write it. */
const wantsTorch = (command: string): boolean =>
  /nanoc (?:verify|run) \S+\.pt\b|--target torchscript$/.test(command);
const later: (readonly [title: string, body: () => Promise<void>])[] = [];

for (const page of pages) {
  const cwd = surroundings(page);
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
    const [first, ...rest] = wordsOf(command.replace(/^npx /, ''));
    if (first !== 'nanoc') continue;
    const body = async (): Promise<void> => {
      const { code, err } = await nanoc(rest, { cwd, env: { NANOCHAT_BASE_DIR: 'examples/tiny-nanochat' } });
      assert.is(code, 0, err);
    };
    if (wantsTorch(command)) later.push([title, body]);
    else test(title, body);
  }
}
await withTorch((_, within) => {
  for (const [title, body] of later) within(title, body);
});

test('every other command of a document is run by something', () => {
  const others = pages.flatMap(commandsOf).filter((c) => !/^(?:npx )?nanoc /.test(c) && !pipe.test(c));
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
