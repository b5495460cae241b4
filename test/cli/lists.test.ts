import { readdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lines, nanoc, root } from './run_cli.ts';

test('specs lists the family first, then every shipped file with its first line', async () => {
  const { code, out } = await nanoc(['specs']);
  assert.is(code, 0);
  const files = readdirSync(`${root}examples`).filter((f) => f.endsWith('.nanospec'));
  assert.match(out, /^nanochat +a family/);
  for (const file of files) assert.match(out, new RegExp(`^${file.replace('.nanospec', '')} +\\S`, 'm'));
});

test('targets lists what compile accepts', async () => {
  const { code, out } = await nanoc(['targets', '--json']);
  assert.is(code, 0);
  const names = lines(out).map((line): string => JSON.parse(line).name);
  assert.is(names[0], 'onnx');
  assert.match((await nanoc(['compile', '--help'])).out, `what to compile to: ${names.join(', ')}`);
});

test.run();
