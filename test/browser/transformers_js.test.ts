/** A folder that nanoc writes, opened unchanged in a browser by the real @huggingface/transformers. */

import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folder, nanoc, root, tiny } from '../cli/run_cli.ts';
import { withChromium } from './chromium.ts';

const packages = join(root, 'node_modules');
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** A page with nothing on it, the library, its runtime, and the folder with the model. */
async function serve(model: string): Promise<{ readonly url: string; readonly close: () => void }> {
  const places: Readonly<Record<string, string>> = {
    '/library/': join(packages, '@huggingface/transformers/dist'),
    '/ort/': join(packages, 'onnxruntime-web/dist'),
    '/models/laid/': model,
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    if (path === '/')
      return void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>');
    const prefix = Object.keys(places).find((p) => path.startsWith(p));
    const file = prefix && join(places[prefix]!, path.slice(prefix.length));
    if (!file || !existsSync(file) || !statSync(file).isFile()) return void response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // of a server that listens on a port
  return { url: `http://127.0.0.1:${port}/`, close: () => void server.close() };
}

const [first] = JSON.parse(readFileSync(`${tiny}/reference/base_greedy.json`, 'utf8')) as readonly [
  { readonly prompt: string; readonly engine_text: string },
];

await withChromium((browser) => {
  for (const external of [
    ['--external', 'never'],
    ['--external', 'always', '--data-limit', '2'], // so there are several files
  ]) {
    test(`a prompt goes on as nanochat's engine goes on, ${external.join(' ')}`, async () => {
      const out = join(folder(), 'laid');
      const from = ['--checkpoint', `${tiny}/base_checkpoints/d4`, ...external];
      const ran = await nanoc(['compile', ...from, '--layout', 'transformers.js', '-o', out]);
      assert.is(ran.code, 0, ran.err);
      const { url, close } = await serve(out);
      try {
        const page = await browser.open(url);
        const text = await page.evaluate<string>(`(async () => {
          const { env, pipeline } = await import('/library/transformers.min.js');
          Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: '/models/' });
          env.useBrowserCache = false;
          env.backends.onnx.wasm.wasmPaths = {
            mjs: '/ort/ort-wasm-simd-threaded.asyncify.mjs',
            wasm: '/ort/ort-wasm-simd-threaded.asyncify.wasm',
          };
          const generator = await pipeline('text-generation', 'laid', { device: 'wasm' });
          const [made] = await generator(${JSON.stringify(first.prompt)}, { max_new_tokens: 64, return_full_text: false });
          return made.generated_text;
        })()`);
        assert.is(text, first.engine_text.replace(/<\|bos\|>$/, ''));
      } finally {
        close();
      }
    });
  }
});

test.run();
