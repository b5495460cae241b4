/** What a page does without a cache, against a server of Node; with one it is tested in a browser. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fetchFile } from '../../runtime/fetch_file.ts';

const content = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);

async function withServer(use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    if (request.url === '/absent') return void response.writeHead(404).end();
    if (request.url === '/broken') return void response.writeHead(500).end();
    // Without its length a response comes in chunks.
    response.writeHead(200, request.url === '/unsaid' ? {} : { 'Content-Length': content.length });
    response.write(content.subarray(0, 100_000));
    setTimeout(() => response.end(content.subarray(100_000)), 5);
  });
  await new Promise<void>((ready) => void server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo; // of a server that listens on a port
  try {
    await use(`http://127.0.0.1:${port}`);
  } finally {
    server.close();
  }
}

test('a file comes whole, and what has come is told, whether its length is known or not', async () => {
  await withServer(async (url) => {
    for (const [name, total] of [
      ['said', content.length],
      ['unsaid', undefined],
    ] as const) {
      const told: [done: number, total: number | undefined][] = [];
      const bytes = await fetchFile(`${url}/${name}`, {
        keepIn: 'nobody keeps anything here',
        onBytes: (...now) => void told.push(now),
      });
      assert.equal(bytes, content);
      assert.ok(told.length > 1 && told.every(([done], i) => i === 0 || done > told[i - 1]![0]));
      assert.equal(told.at(-1), [content.length, total]);
    }
  });
});

test('what is not there is undefined, and what goes wrong is said', async () => {
  await withServer(async (url) => {
    assert.is(await fetchFile(`${url}/absent`), undefined);
    const cause = await fetchFile(`${url}/broken`).catch((fault: Error) => fault);
    assert.match(String(cause), `${url}/broken: 500 Internal Server Error`);
  });
});

test.run();
