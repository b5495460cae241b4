// Loads a model that nanoc compiled and writes what it says, token by token, on wasm or on WebGPU.

import {
  chat,
  conversationTokens,
  generateText,
  manifestOf,
  openTokenizer,
  Refusal,
  webSession,
} from './nanospec/web.js';
import * as ort from './ort/ort.webgpu.min.mjs';

const element = (id) => document.getElementById(id);
const [talk, prompt, go, about, speed] = ['talk', 'prompt', 'go', 'about', 'speed'].map(element);
const [device, mode] = [element('device'), element('mode')];
const number = (id) => Number(element(id).value);

ort.env.wasm.wasmPaths = new URL('./ort/', import.meta.url).href;

/** What one can begin with: a small model trained on plays wants a line break after the name of who speaks. */
const examples = { text: 'ROMEO:\n', chat: 'What is 12*7?' };

let files; // { model, data, manifest, tokenizer }: fetched once
let session; // of the device that was chosen
let conversation;
let running = false;
let stopped = false;

async function bytesOf(path, wanted = true) {
  const response = await fetch(path);
  if (response.status === 404 && !wanted) return undefined;
  if (!response.ok) throw new Error(`${path}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function load() {
  const model = await bytesOf('model/model.onnx');
  const text = new TextDecoder().decode(await bytesOf('model/nanoc.json', false));
  const manifest = await manifestOf(model, { name: 'model.onnx', text });
  if (!manifest) throw new Error('model.onnx was not written by nanoc');
  const beside = await bytesOf('model/model.onnx_data', false);
  const data = beside && { path: 'model.onnx_data', bytes: beside };
  const config = await bytesOf('model/tokenizer_config.json', false);
  const tokenizer = openTokenizer(await bytesOf('model/tokenizer.json'), 'tokenizer.json', config);
  files = { model, data, manifest, tokenizer };
  const talks = conversationTokens.every((name) => tokenizer.special.has(name));
  mode.disabled = !talks;
  if (talks && new URLSearchParams(location.search).get('mode') === 'chat') mode.value = 'chat';
  suggest();
  await open();
}

async function open() {
  go.disabled = true;
  await session?.close();
  session = undefined;
  conversation = undefined;
  const { model, data, manifest } = files;
  const size = ((model.length + (data?.bytes.length ?? 0)) / 1e6).toFixed(1);
  about.textContent = `${manifest.model}, ${size} MB: getting ready for ${device.value} …`;
  session = await webSession({ ort, model, data, manifest, device: device.value });
  about.textContent = `${manifest.model}, ${size} MB, ${session.label}`;
  go.disabled = false;
  named();
  prompt.focus();
  prompt.select(); // what is typed takes the place of an example
}

function named() {
  go.textContent = running ? 'Stop' : mode.value === 'chat' ? 'Send' : 'Continue';
}

/** An example of the mode, in place of nothing or of the other mode's. */
function suggest() {
  if (['', ...Object.values(examples)].includes(prompt.value)) prompt.value = examples[mode.value];
}

function paragraph(kind, text = '') {
  const p = document.createElement('p');
  p.className = kind;
  p.textContent = text;
  talk.append(p);
  return p;
}

const options = () => ({
  maxTokens: number('maxTokens'),
  temperature: number('temperature'),
  topK: number('topK'),
  seed: number('seed'),
});

function pieces(text) {
  if (mode.value === 'chat') {
    conversation ??= chat(session, files.tokenizer, options());
    return conversation.say(text);
  }
  return generateText(session, files.tokenizer, [text], options());
}

async function write() {
  const text = prompt.value;
  if (text === '') return;
  const isChat = mode.value === 'chat';
  const given = paragraph(isChat ? 'you' : 'given', text);
  const made = isChat ? paragraph('going') : given.appendChild(document.createElement('span'));
  made.className = isChat ? 'going' : 'made going';
  if (isChat) prompt.value = '';
  [running, stopped] = [true, false];
  named();
  let [count, first, reason] = [0, 0, undefined];
  const start = performance.now();
  try {
    for await (const { text: piece, tool, end } of pieces(text)) {
      reason = end;
      if (count++ === 0) first = performance.now();
      if (tool) {
        const said = made.appendChild(document.createElement('span'));
        said.className = 'tool';
        said.textContent = `${tool.code} = ${tool.result ?? '?'}`;
      }
      made.append(piece);
      const rest = (performance.now() - first) / 1000;
      const rate = count > 1 ? `, ${((count - 1) / rest).toFixed(1)} a second` : '';
      speed.textContent = `${count} tokens, first after ${(first - start).toFixed(0)} ms${rate}`;
      talk.scrollTop = talk.scrollHeight;
      await new Promise((resolve) => setTimeout(resolve)); // lets the page breathe
      if (stopped) break;
    }
    if (reason === 'stop' && count === 1) paragraph('note', 'The model ended its text at once.');
  } catch (cause) {
    wrong(cause);
  } finally {
    made.classList.remove('going');
    running = false;
    named();
  }
}

function wrong(cause) {
  const [first] = cause instanceof Refusal ? cause.diagnostics : [];
  const parts = first ? [first.message, first.found, first.hint] : [cause.message];
  paragraph('wrong', parts.filter(Boolean).join(': '));
  if (!first) console.error(cause);
}

element('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  if (running) stopped = true;
  else if (session) write();
});
element('clear').addEventListener('click', () => {
  stopped = true;
  talk.replaceChildren();
  conversation = undefined;
  prompt.focus();
});
mode.addEventListener('change', () => {
  named();
  suggest();
});
device.addEventListener('change', () => {
  stopped = true;
  open().catch((cause) => {
    about.textContent = `${device.value} cannot be used here`;
    wrong(cause);
  });
});
prompt.addEventListener('keydown', (event) => {
  const enters =
    event.key === 'Enter' && (event.ctrlKey || event.metaKey || (mode.value === 'chat' && !event.shiftKey));
  if (!enters) return;
  event.preventDefault();
  element('ask').requestSubmit();
});
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') stopped = true;
});

load().catch((cause) => {
  about.textContent = 'The model could not be loaded.';
  wrong(cause);
});
