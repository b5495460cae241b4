/** A model that another nanoc has made, from a spec that this one does not take. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { version } from '../../compiler/generated/version.ts';
import { folder, nanoc, written } from '../cli/run_cli.ts';

const sets = ['vocab=61', 'layers=1', 'heads=2', 'dim=32'].flatMap((set) => ['--set', set]);
const spec = ['nanochat', ...sets];

/** Of the same length, so that every size in the file stays true. */
function replaced(bytes: Buffer, from: string, to: string): Buffer {
  assert.is(from.length, to.length);
  const at = bytes.indexOf(from);
  assert.ok(at >= 0, from);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(to), bytes.subarray(at + from.length)]);
}

test('it runs, and verify says with which line to compile it again', async () => {
  const path = join(folder(), 'model.onnx');
  assert.is((await nanoc(['compile', ...spec, '-o', path])).code, 0);
  const changed = replaced(readFileSync(path), 'rms_norm(rope', 'rms_nurm(rope');
  const older = `nanoc ${version.replace(/\d$/, (digit) => (digit === '9' ? '8' : '9'))}`;
  const old = written(
    'old.onnx',
    replaced(changed, `"producer":"nanoc ${version}"`, `"producer":"${older}"`),
  );
  const run = ['--tokens', '1,2', '-n', '3'];
  assert.is((await nanoc(['run', old, ...run])).out, (await nanoc(['run', path, ...run])).out);
  const { code, err } = await nanoc(['verify', old]);
  assert.is(code, 1, err);
  assert.match(err, 'unknown name `rms_nurm`');
  const line = `nanoc compile nanochat_2026_03 ${sets.join(' ')} --max-seq-len 20480 -o ${old} --force`;
  assert.ok(err.includes(`hint: ${older} made the model; compile it again: ${line}\n`), err);
  const own = await nanoc(['verify', written('own.onnx', changed)]);
  assert.match(own.err, 'unknown name `rms_nurm`');
  assert.not.match(own.err, 'made the model');
});

test.run();
