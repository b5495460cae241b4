// Serves the page with a model that `nanoc compile` wrote, or the folder of a layout: node serve.mjs MODEL.onnx|FOLDER [PORT]

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream';
import { fileURLToPath } from 'node:url';

const [given, port = '8080'] = process.argv.slice(2);
const model =
  given &&
  [given, join(given, 'onnx/model.onnx'), join(given, 'model.onnx')].find(
    (path) => path.endsWith('.onnx') && existsSync(path),
  );
if (!model) {
  console.error(given ? `no model.onnx in ${given}` : 'usage: node serve.mjs MODEL.onnx|FOLDER [PORT]');
  process.exit(2);
}

const page = dirname(fileURLToPath(import.meta.url));
const resolve = createRequire(import.meta.url).resolve;
/** Where the page finds what it loads; the first folder that has the file is meant. */
const places = {
  '/nanospec/': [dirname(resolve('nanospec/web'))],
  '/ort/': [dirname(resolve('onnxruntime-web'))],
  '/model/': [dirname(model), given],
  '/': [page],
};
const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

function fileOf(url) {
  let path;
  try {
    path = normalize(decodeURIComponent(new URL(url, 'http://localhost').pathname));
  } catch {
    return undefined; // no address at all
  }
  const prefix = Object.keys(places).find((p) => path.startsWith(p));
  const name = path.slice(prefix.length) || 'index.html';
  if (name.split(/[/\\]/).includes('..')) return undefined;
  return places[prefix]
    .map((at) => join(at, name))
    .find((file) => existsSync(file) && statSync(file).isFile());
}

const server = createServer((request, response) => {
  // A page of another site may have a name that leads to this machine; its Host header tells.
  const { port: own } = server.address();
  if (![`127.0.0.1:${own}`, `localhost:${own}`].includes(request.headers.host)) {
    response.writeHead(421).end(`this server answers as 127.0.0.1:${own}\n`);
    return;
  }
  const file = fileOf(request.url);
  // With these two headers wasm may use several threads.
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
  if (!file) {
    response.writeHead(404).end('not found\n');
    return;
  }
  const { size, mtimeMs } = statSync(file);
  response.writeHead(200, {
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    'Content-Length': size,
    // By this the page sees whether it has the file from its last visit.
    ETag: `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`,
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  pipeline(createReadStream(file), response, () => {}); // one of the two may go away, and the other is closed then
});
server.on('error', (cause) => {
  console.error(`cannot listen on port ${port}: ${cause.message}`);
  process.exit(1);
});
/** The page looks for `model.onnx` unless its address names another one. */
const query = basename(model) === 'model.onnx' ? '' : `?model=${encodeURIComponent(basename(model))}`;
server.listen(Number(port), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}/${query}`),
);
