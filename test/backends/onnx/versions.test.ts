/** Which operators an opset has, against the onnx package's own table. */

import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  irVersion,
  isAvailable,
  opsets,
  type SinceOperator,
  since,
} from '../../../backends/onnx/versions.ts';

const python = ['/usr/bin/python3', 'python3'].find(
  (path) => spawnSync(path, ['-c', 'import onnx'], { stdio: 'ignore' }).status === 0,
);

const program = `
import json
from onnx import defs, helper
history = {}
for s in defs.get_all_schemas_with_history():
    if s.domain == '': history.setdefault(s.name, []).append(s.since_version)
print(json.dumps({'newest': defs.onnx_opset_version(), 'history': history}))`;

if (python === undefined) {
  assert.not(process.env['CI'], 'the onnx package of Python is missing');
  process.stdout.write('skipped: no onnx package of Python\n');
  test.skip('operators are there since the opset of the table', () => {});
} else {
  test('operators are there since the opset of the table, as far as the package knows', () => {
    const { newest, history } = JSON.parse(execFileSync(python, ['-c', program], { encoding: 'utf8' })) as {
      readonly newest: number;
      readonly history: Readonly<Record<string, readonly number[]>>;
    };
    for (const name of Object.keys(since) as SinceOperator[]) {
      const versions = history[name] ?? [];
      if (since[name] <= newest) assert.ok(versions.includes(since[name]), `${name} since ${since[name]}`);
      else
        assert.ok(
          versions.every((version) => version < since[name]),
          `${name} in ${versions}`,
        );
    }
    assert.ok(
      history['ReduceSum']?.includes(13),
      'whose axes are an operand in every opset that nanoc writes',
    );
  });
}

test('an operator is not there one opset before', () => {
  for (const [name, least] of Object.entries(since) as [SinceOperator, number][])
    assert.equal([isAvailable(name, least - 1), isAvailable(name, least)], [false, true], name);
});

test('every opset of the range has its file format, and none outside it', () => {
  for (let opset = opsets.least; opset <= opsets.most; opset++) assert.ok(irVersion(opset) >= 8);
  for (const opset of [opsets.least - 1, opsets.most + 1]) assert.throws(() => irVersion(opset));
  assert.ok(opsets.usual >= opsets.least && opsets.usual <= opsets.most);
});

test.run();
