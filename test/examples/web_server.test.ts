/** The server of examples/web: files of three folders, for requests that name it, and never an end by what it is asked. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folder, root } from '../cli/run_cli.ts';

const laid = folder();
writeFileSync(join(laid, 'model.onnx'), 'no model');
writeFileSync(join(laid, '..', 'beside.txt'), 'secret');

const child = spawn(process.execPath, [join(root, 'examples/web/serve.mjs'), laid, '0']);
test.after(() => void child.kill('SIGKILL'));
let complaints = '';
child.stderr.setEncoding('utf8').on('data', (text) => {
  complaints += text;
});
const [line] = (await once(child.stdout, 'data')) as [Buffer];
const url = new URL(String(line).trim());

/** The path as it is written, which `fetch` would mend. */
const status = async (path: string, host = url.host): Promise<number | undefined> => {
  const asked = request({ host: url.hostname, port: url.port, path, headers: { host } });
  const [response] = await once(asked.end(), 'response');
  response.resume();
  return response.statusCode;
};

test('it gives the page and the model, and nothing beside them', async () => {
  assert.is(await status('/'), 200);
  assert.is(await status('/model/model.onnx'), 200);
  for (const path of [
    '/model/../beside.txt',
    '/model/..%2fbeside.txt',
    '/model/%2e%2e/beside.txt',
    '/model/',
  ])
    assert.is(await status(path), 404, path);
});

test('an address that is none is not found, and the server lives on', async () => {
  for (const path of ['/%', '/%ff', '//', '//:', '/model/%00']) assert.is(await status(path), 404, path);
  assert.is(await status('/'), 200);
  assert.is(complaints, '');
});

test('it answers only what names it', async () => {
  assert.is(await status('/', `localhost:${url.port}`), 200);
  for (const host of ['evil.example', `evil.example:${url.port}`, '127.0.0.1'])
    assert.is(await status('/model/model.onnx', host), 421, host);
});

test.run();
