/** Headless Chromium, driven over its two pipes by the DevTools protocol. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A page that asks itself every now and then is never idle, so that the run would not end it; no load takes this long. */
const patience = 600_000;

type Json = Readonly<Record<string, unknown>>;

export interface Page {
  /** The value of an expression, awaited; throws what the page throws. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until the expression is true. */
  until(expression: string): Promise<void>;
  type(text: string): Promise<void>;
  /** `Enter` with `ctrl`, `Escape`, ... */
  press(key: string, ctrl?: boolean): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  /** Light or dark. */
  colors(scheme: 'light' | 'dark'): Promise<void>;
  /** Writes a PNG. */
  screenshot(path: string): Promise<void>;
  /** What the page logged as errors. */
  readonly errors: readonly string[];
}

interface Browser {
  open(url: string): Promise<Page>;
  close(): Promise<void>;
}

/** WebGPU on SwiftShader, so that no GPU is needed. */
const flags = [
  ...['--headless=new', '--no-sandbox', '--no-first-run', '--remote-debugging-pipe', '--hide-scrollbars'],
  ...[
    '--enable-unsafe-webgpu',
    '--use-webgpu-adapter=swiftshader',
    '--ignore-gpu-blocklist',
    '--enable-features=Vulkan',
  ],
];

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Json;
  readonly result?: Json;
  readonly error?: { readonly message: string };
}

/** `tests` add to `test`; where there is no browser they are skipped for people and fail in CI. */
export async function withChromium(tests: (browser: Browser) => void | Promise<void>): Promise<void> {
  const chromium = paths.find((path) => existsSync(path));
  if (chromium) {
    const browser = await startBrowser(chromium);
    test.after(() => browser.close());
    return tests(browser);
  }
  if (process.env['CI'] === 'true')
    test('chromium is there', () => assert.unreachable('apt-get install chromium'));
  else {
    process.stdout.write('skipped: no chromium (apt-get install chromium)\n');
    test.skip('runs in a browser', () => {});
  }
}

async function startBrowser(chromium: string): Promise<Browser> {
  const home = mkdtempSync(join(tmpdir(), 'nanoc-chromium-'));
  const child = spawn(chromium, [...flags, `--user-data-dir=${home}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const { send, listen } = wire(child);
  return {
    async open(url) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
      return openPage(
        (method, params) => send(method, params, String(sessionId)),
        listen,
        String(sessionId),
        url,
      );
    },
    async close() {
      const gone = once(child, 'exit');
      await send('Browser.close', {}).catch(() => child.kill());
      await gone;
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

type Send = (method: string, params: Json, sessionId?: string) => Promise<Json>;
type Listen = (heard: (message: Message) => void) => void;

function wire(child: ChildProcess): { readonly send: Send; readonly listen: Listen } {
  const [to, from] = [child.stdio[3] as Writable, child.stdio[4] as Readable]; // the protocol's pipes
  const waiting = new Map<number, { readonly done: (r: Json) => void; readonly fail: (e: Error) => void }>();
  const listeners: ((message: Message) => void)[] = [];
  let [rest, next] = ['', 1];
  from.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\0');
    rest = parts.pop()!;
    for (const part of parts) {
      const message = JSON.parse(part) as Message;
      const asked = message.id === undefined ? undefined : waiting.get(message.id);
      if (message.id !== undefined) waiting.delete(message.id);
      if (message.error) asked?.fail(new Error(message.error.message));
      else asked?.done(message.result ?? {});
      for (const heard of listeners) heard(message);
    }
  });
  child.on('exit', () => {
    for (const { fail } of waiting.values()) fail(new Error('chromium ended'));
  });
  return {
    send: (method, params, sessionId) =>
      new Promise((done, fail) => {
        const id = next++;
        waiting.set(id, { done, fail });
        to.write(`${JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) })}\0`);
      }),
    listen: (heard) => void listeners.push(heard),
  };
}

async function openPage(send: Send, listen: Listen, sessionId: string, url: string): Promise<Page> {
  const errors: string[] = [];
  let loaded: () => void = () => {};
  const isLoaded = new Promise<void>((resolve) => {
    loaded = resolve;
  });
  listen(({ method, sessionId: of, params }) => {
    if (of !== sessionId) return;
    if (method === 'Page.loadEventFired') loaded();
    if (
      method === 'Runtime.exceptionThrown' ||
      (method === 'Runtime.consoleAPICalled' && params!['type'] === 'error')
    )
      errors.push(JSON.stringify(params).slice(0, 1000));
  });
  await send('Page.enable', {});
  await send('Runtime.enable', {});
  await send('Page.navigate', { url });
  await isLoaded;
  const evaluate = async <T>(expression: string): Promise<T> => {
    const asked = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = (await send('Runtime.evaluate', asked)) as {
      readonly result?: { readonly value?: unknown };
      readonly exceptionDetails?: unknown;
    };
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails).slice(0, 1000));
    return result?.value as T; // as the caller says
  };
  return {
    errors,
    evaluate,
    async until(expression) {
      const end = Date.now() + patience;
      while (!(await evaluate<boolean>(`Boolean(${expression})`))) {
        if (Date.now() > end) throw new Error(`never: ${expression}; ${errors.join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    type: async (text) => void (await send('Input.insertText', { text })),
    async press(key, ctrl = false) {
      const event = {
        key,
        code: key,
        modifiers: ctrl ? 2 : 0,
        windowsVirtualKeyCode: { Enter: 13, Escape: 27, Tab: 9 }[key],
      };
      for (const type of ['keyDown', 'keyUp']) await send('Input.dispatchKeyEvent', { type, ...event });
    },
    resize: async (width, height) =>
      void (await send('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: width < 600,
      })),
    colors: async (value) =>
      void (await send('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value }],
      })),
    async screenshot(path) {
      const { data } = await send('Page.captureScreenshot', { format: 'png' });
      writeFileSync(path, Buffer.from(String(data), 'base64'));
    },
  };
}
