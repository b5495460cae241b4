/** Ctrl-C, or a polite kill, while a model is being written. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { command, folder, root } from './run_cli.ts';

for (const [signal, exit] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  test(`${signal} while a large model is written ends with ${exit} and leaves nothing`, async () => {
    const out = folder();
    const args = command(['compile', 'nanochat', '--set', 'layers=4', '-o', join(out, 'm.onnx')]);
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
    const said: string[] = [];
    child.stderr.on('data', (chunk) => said.push(String(chunk)));
    const ended = once(child, 'exit');
    while (child.exitCode === null && readdirSync(out).length === 0) await wait(20);
    assert.match(readdirSync(out).join(), '.partial', 'it was still writing');
    child.kill(signal);
    const [code] = await ended;
    assert.is(code, exit, said.join(''));
    assert.match(said.join(''), 'interrupted; nothing was left behind');
    assert.equal(readdirSync(out), []);
  });

test.run();
