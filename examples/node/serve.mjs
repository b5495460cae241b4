// A server for one model on this machine: node serve.mjs MODEL TOKENIZER [PORT]
//
//   curl -N http://127.0.0.1:8080/generate -d '{"prompt": "ROMEO:", "maxTokens": 40}'
//
// answers with server-sent events, one for each piece of text, and `event: end` with the reason. One text is made at a
// time; a few more may wait, and whoever comes then is told to come back. Ctrl-C lets the text under way come to its end.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { generateText, onnxSession, openTokenizer, Refusal, readModel } from 'nanospec';

const [model, tokenizerFile, port = '8080'] = process.argv.slice(2);
if (tokenizerFile === undefined) {
  console.error('usage: node serve.mjs MODEL.onnx TOKENIZER [PORT]');
  process.exit(2);
}
const longestBody = 1 << 20;
const mostWaiting = 8;
const mostTokens = 1024;

const { manifest } = readModel(model);
const tokenizer = openTokenizer(readFileSync(tokenizerFile), tokenizerFile);
const session = await onnxSession({ model, manifest });

let waiting = 0;
let turn = Promise.resolve();

const server = createServer(async (request, response) => {
  try {
    if (request.method !== 'POST' || request.url !== '/generate')
      return refuse(response, 404, 'POST /generate');
    const { prompt, ...options } = wanted(await body(request));
    if (waiting >= mostWaiting) {
      response.setHeader('Retry-After', '1');
      return refuse(response, 503, 'too many texts are waiting');
    }
    waiting++;
    turn = turn.then(() => answer(response, prompt, options)).finally(() => waiting--);
    await turn;
  } catch (cause) {
    refuse(response, cause.status ?? 500, cause.status ? cause.message : 'something went wrong');
    if (!cause.status) console.error(cause);
  }
});

async function answer(response, prompt, options) {
  if (response.destroyed) return; // whoever asked did not wait
  const event = (data, name) =>
    response.write(`${name ? `event: ${name}\n` : ''}data: ${JSON.stringify(data)}\n\n`);
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  try {
    for await (const { text, end } of generateText(session, tokenizer, [prompt], options)) {
      if (response.destroyed) return;
      if (text !== '') event({ text });
      if (end) event({ reason: end }, 'end');
    }
  } catch (cause) {
    if (!(cause instanceof Refusal)) console.error(cause);
    const [first] = cause instanceof Refusal ? cause.diagnostics : [];
    event({ message: first?.message ?? 'something went wrong' }, 'error');
  } finally {
    response.end();
  }
}

async function body(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > longestBody) throw badRequest('the request is too long');
  }
  return text;
}

function wanted(text) {
  let asked;
  try {
    asked = JSON.parse(text);
  } catch {
    throw badRequest('the request is not JSON');
  }
  const { prompt, maxTokens = 256, temperature = 0.8, topK = 50, seed } = asked ?? {};
  if (typeof prompt !== 'string') throw badRequest('`prompt` has to be a text');
  const numbers = { maxTokens, temperature, topK, ...(seed === undefined ? {} : { seed }) };
  for (const [name, value] of Object.entries(numbers))
    if (!Number.isFinite(value) || value < 0) throw badRequest(`\`${name}\` has to be a number, 0 or more`);
  return { prompt, ...numbers, maxTokens: Math.min(maxTokens, mostTokens) };
}

const badRequest = (message) => Object.assign(new Error(message), { status: 400 });

function refuse(response, status, message) {
  if (response.headersSent) return response.end();
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(`${JSON.stringify({ error: message })}\n`);
}

for (const name of ['SIGINT', 'SIGTERM']) {
  process.once(name, () => {
    server.close(async () => {
      await session.close();
      process.exit(0);
    });
    server.closeIdleConnections();
  });
}
server.on('error', (cause) => {
  console.error(`cannot listen on port ${port}: ${cause.message}`);
  process.exit(1);
});
server.listen(Number(port), '127.0.0.1', () =>
  console.log(`listening on http://127.0.0.1:${server.address().port}/generate`),
);
