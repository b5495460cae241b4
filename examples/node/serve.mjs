// A server for one model on this machine: node serve.mjs MODEL TOKENIZER [PORT]
//
//   curl -N http://127.0.0.1:8080/generate -H 'Content-Type: application/json' -d '{"prompt": "ROMEO:\n", "maxTokens": 40}'
//
// answers with server-sent events, one for each piece of text, and `event: end` with the reason and how many tokens the
// text has: 0 when the model ended it at once. One text is made at a time; a few more may wait, and whoever comes then is
// told to come back. Ctrl-C lets the text under way come to its end.

import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { generateText, onnxSession, openTokenizer, Refusal, readModel, render } from 'nanospec';

const [model, tokenizerFile, port = '8080'] = process.argv.slice(2);
if (tokenizerFile === undefined || !/^\d{1,5}$/.test(port) || Number(port) > 65535) {
  console.error('usage: node serve.mjs MODEL.onnx TOKENIZER [PORT]');
  process.exit(2);
}
const longestBody = 1 << 20; // bytes
const mostWaiting = 8;
const mostTokens = 1024;
const mostConnections = 64;
const slowestHeaders = 5_000; // milliseconds
const slowestRequest = 10_000; // with its body

const { session, tokenizer } = await opened().catch((cause) => {
  console.error(cause instanceof Refusal ? render(cause.diagnostics, { color: false }) : cause.message);
  process.exit(1);
});

async function opened() {
  const { manifest } = readModel(model);
  const bytes = readFileSync(tokenizerFile);
  return { tokenizer: openTokenizer(bytes, tokenizerFile), session: await onnxSession({ model, manifest }) };
}

let waiting = 0;
let turn = Promise.resolve();

const limits = {
  headersTimeout: slowestHeaders,
  requestTimeout: slowestRequest,
  connectionsCheckingInterval: 1_000,
};
const server = createServer(limits, async (request, response) => {
  try {
    checkSender(request);
    const { prompt, ...options } = wanted(await body(request));
    if (waiting >= mostWaiting) {
      response.setHeader('Retry-After', '1');
      throw refusal(503, 'too many texts are waiting');
    }
    waiting++;
    turn = turn.then(() => answer(response, prompt, options)).finally(() => waiting--);
    await turn;
  } catch (cause) {
    if (request.destroyed && !request.complete) return; // whoever asked is gone
    if (!cause.status) console.error(cause);
    refuse(response, cause.status ?? 500, cause.status ? cause.message : 'something went wrong');
    request.resume(); // what is still to come of its body is dropped, which `slowestRequest` ends
  }
});
server.maxConnections = mostConnections;

async function answer(response, prompt, options) {
  const event = (data, name) => {
    if (!response.destroyed)
      response.write(`${name ? `event: ${name}\n` : ''}data: ${JSON.stringify(data)}\n\n`);
  };
  if (response.destroyed) return; // whoever asked did not wait
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  try {
    let tokens = 0;
    for await (const { text, end } of generateText(session, tokenizer, [prompt], options)) {
      if (response.destroyed) return;
      if (end !== 'stop') tokens++; // the one that stops is no part of the text
      if (text !== '') event({ text });
      if (end) event({ reason: end, tokens }, 'end');
    }
  } catch (cause) {
    if (!(cause instanceof Refusal)) console.error(cause);
    const [first] = cause instanceof Refusal ? cause.diagnostics : [];
    event({ message: first?.message ?? 'something went wrong' }, 'error');
  } finally {
    response.end();
  }
}

// A page of another site can send requests here: by a name of its own that leads to this machine, which its Host header
// tells, or blindly, but then not as JSON.
function checkSender({ method, url, headers }) {
  const { port: own } = server.address();
  if (![`127.0.0.1:${own}`, `localhost:${own}`].includes(headers.host))
    throw refusal(421, `this server answers as 127.0.0.1:${own}`);
  if (method !== 'POST' || url !== '/generate') throw refusal(404, 'POST /generate');
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? ''))
    throw refusal(415, 'the request has to have the Content-Type application/json');
}

async function body(request) {
  const chunks = [];
  let length = 0;
  // Destroyed, the request could not be answered.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += chunk.length;
    if (length > longestBody) throw refusal(413, `the request is longer than ${longestBody} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const isWhole = (least) => (value) => Number.isSafeInteger(value) && value >= least;

const entries = {
  prompt: { fits: (value) => typeof value === 'string', says: 'a text' },
  maxTokens: { fits: isWhole(1), says: 'a whole number, 1 or more' },
  temperature: { fits: (value) => Number.isFinite(value) && value >= 0, says: 'a number, 0 or more' },
  topK: { fits: isWhole(1), says: 'a whole number, 1 or more' },
  seed: { fits: isWhole(0), says: 'a whole number, 0 or more' },
};

function wanted(text) {
  let asked;
  try {
    asked = JSON.parse(text);
  } catch {
    throw refusal(400, 'the request is not JSON');
  }
  const given = { maxTokens: 256, temperature: 0.8, topK: 50, seed: randomInt(2 ** 32), ...asked };
  for (const [name, { fits, says }] of Object.entries(entries))
    if (!fits(given[name])) throw refusal(400, `\`${name}\` has to be ${says}`);
  for (const name of Object.keys(given))
    if (!Object.hasOwn(entries, name))
      throw refusal(400, `\`${name}\` is none of ${Object.keys(entries).join(', ')}`);
  return { ...given, maxTokens: Math.min(given.maxTokens, mostTokens) };
}

const refusal = (status, message) => Object.assign(new Error(message), { status });

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
    // Texts come to their end; who has asked for nothing yet is not waited for.
    turn.finally(() => setTimeout(() => server.closeAllConnections(), 500));
  });
}
server.on('error', (cause) => {
  console.error(`cannot listen on port ${port}: ${cause.message}`);
  process.exit(1);
});
server.listen(Number(port), '127.0.0.1', () =>
  console.log(`listening on http://127.0.0.1:${server.address().port}/generate`),
);
