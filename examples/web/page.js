// Loads a model that nanoc compiled and writes what it says, token by token, on wasm or on WebGPU.

import {
  chat,
  conversationTokens,
  dataFilesIn,
  fetchFile,
  generateText,
  manifestOf,
  openTokenizer,
  Refusal,
  refuseOtherData,
  webSession,
} from './nanospec/web.js';
import * as ort from './ort/ort.webgpu.min.mjs';

const element = (id) => document.getElementById(id);
const [talk, prompt, go, about, speed] = ['talk', 'prompt', 'go', 'about', 'speed'].map(element);
const [device, mode, bar] = [element('device'), element('mode'), element('bar')];
const number = (id) => Number(element(id).value);

ort.env.wasm.wasmPaths = new URL('./ort/', import.meta.url).href;

/** What one can begin with: a small model trained on plays wants a line break after the name of who speaks. */
const examples = { text: 'ROMEO:\n', chat: 'What is 12*7?' };

let files; // { model, manifest, tokenizer }: fetched once
let session; // of the device that was chosen
let conversation;
let running = false;
let stopped = false;

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** From the server, or as the last visit kept it where the server has the same. */
async function found(name) {
  const onBytes = (done, total) => {
    bar.hidden = false;
    bar.max = total ?? 1;
    bar.value = total ? done : 0;
    about.textContent = `${name}: ${megabytes(done)}${total ? ` of ${megabytes(total)}` : ''}`;
  };
  const bytes = await fetchFile(new URL(`model/${name}`, location.href).href, { keepIn: 'nanoc', onBytes });
  bar.hidden = true;
  return bytes;
}

async function wanted(...names) {
  for (const name of names) {
    const bytes = await found(name);
    if (bytes) return bytes;
  }
  throw new Error(`the server has no ${names.join(' and no ')}`);
}

async function load() {
  const asked = new URLSearchParams(location.search);
  const name = asked.get('model') ?? 'model.onnx';
  const stem = name.replace(/\.onnx$/, '');
  const model = await wanted(name);
  const text = new TextDecoder().decode(await found('nanoc.json'));
  const manifest = await manifestOf(model, { name, text });
  if (!manifest) throw new Error(`${name} was not written by nanoc`);
  // Beside a plain model they have its name, in a layout the client's.
  const config = (await found(`${stem}.tokenizer_config.json`)) ?? (await found('tokenizer_config.json'));
  const json = await wanted(`${stem}.tokenizer.json`, 'tokenizer.json');
  files = { model, manifest, tokenizer: openTokenizer(json, 'tokenizer.json', config) };
  const talks = conversationTokens.every((name) => files.tokenizer.special.has(name));
  mode.disabled = !talks;
  if (talks && asked.get('mode') === 'chat') mode.value = 'chat';
  suggest();
  await open();
}

async function open() {
  go.disabled = true;
  await session?.close();
  session = undefined;
  conversation = undefined;
  const { model, manifest } = files;
  const data = [];
  // Not kept here: the runtime has its own copy, and another device can have them from the browser's cache.
  for (const path of dataFilesIn(model)) {
    const bytes = await wanted(path);
    refuseOtherData(model, path, bytes);
    data.push({ path, bytes });
  }
  const size = megabytes(data.reduce((sum, { bytes }) => sum + bytes.length, model.length));
  about.textContent = `${manifest.model}, ${size}: getting ready for ${device.value} …`;
  session = await webSession({ ort, model, data, manifest, device: device.value, keepOnDevice: true });
  about.textContent = `${manifest.model}, ${size}, ${session.label}`;
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
