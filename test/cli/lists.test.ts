import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { command, lines, nanoc, root } from './run_cli.ts';

test('specs lists the family first, then every shipped file with its first sentence', async () => {
  const { code, out } = await nanoc(['specs']);
  assert.is(code, 0);
  const files = readdirSync(`${root}examples`).filter((f) => f.endsWith('.nanospec'));
  assert.match(out, /^nanochat, .*:\n {2}nanochat +a family/);
  for (const file of files)
    assert.match(out, new RegExp(`^ {2}${file.replace('.nanospec', '')} +\\S.*\\.$`, 'm'));
  assert.match(out, 'half way the residual stream is kept');
});

test('a full disk is said in a line', () => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, command(['specs']), {
    ...{ cwd: root, encoding: 'utf8' },
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  assert.is(status, 1);
  assert.match(stderr, /^nanoc: the output cannot be written: .*no space left on device.*\n$/m);
  assert.not.match(stderr, '    at ');
});

test('targets lists what compile accepts', async () => {
  const { code, out } = await nanoc(['targets', '--json']);
  assert.is(code, 0);
  const names = lines(out).map((line): string => JSON.parse(line).name);
  assert.is(names[0], 'onnx');
  const help = (await nanoc(['compile', '--help'])).out.replace(/\s+/g, ' ');
  assert.match(help, `[${names.join(', ')}; default onnx]`);
});

test.run();
