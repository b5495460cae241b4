/** The page of examples/web in headless Chromium: what it writes is what nanochat's engine wrote, on wasm and on WebGPU. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folder, nanoc, root, tiny } from '../cli/run_cli.ts';
import { type Page, withChromium } from './chromium.ts';

const serve = join(root, 'examples/web/serve.mjs');
/** Screenshots are kept where this says, to be looked at. */
const album = process.env['NANOC_SCREENSHOTS'];

interface Text {
  readonly prompt: string;
  readonly engine_text: string;
}
const texts = JSON.parse(readFileSync(`${tiny}/reference/base_greedy.json`, 'utf8')) as readonly Text[];
const [first, endless] = [texts[0]!, texts.find((t) => !t.engine_text.endsWith('<|bos|>'))!];
const conversations = JSON.parse(
  readFileSync(`${tiny}/reference/chat_greedy.json`, 'utf8'),
) as readonly (readonly { readonly user: string; readonly text: string }[])[];

async function layOut(from: string, ...more: string[]): Promise<string> {
  const out = join(folder(), 'laid');
  const args = [
    'compile',
    '--checkpoint',
    `${tiny}/${from}/d4`,
    '--layout',
    'transformers.js',
    '-o',
    out,
    ...more,
  ];
  const { code, err } = await nanoc(args);
  assert.is(code, 0, err);
  return out;
}

/** A plain model, whose page takes new rows; its weights lie in several files. */
async function plain(): Promise<string> {
  const out = join(folder(), 'plain.onnx');
  const from = ['compile', '--checkpoint', `${tiny}/base_checkpoints/d4`, '-o', out];
  const { code, err } = await nanoc([...from, '--external', 'always', '--data-limit', '2']);
  assert.is(code, 0, err);
  assert.ok(existsSync(`${out}_data_2`));
  return out;
}

async function served(path: string): Promise<{ readonly url: string; readonly stop: () => void }> {
  const child = spawn(process.execPath, [serve, path, '0']);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: String(line).trim(), stop: () => void child.kill() };
}

const set = (page: Page, id: string, value: string): Promise<void> =>
  page.evaluate(
    `(() => { const e = document.getElementById('${id}'); e.value = '${value}'; e.dispatchEvent(new Event('change')); })()`,
  );
const ready = (page: Page): Promise<void> => page.until(`!document.getElementById('go').disabled`);
const text = (page: Page, selector: string): Promise<string> =>
  page.evaluate(`[...document.querySelectorAll('${selector}')].at(-1)?.textContent ?? ''`);

async function ask(page: Page, prompt: string): Promise<void> {
  await page.evaluate(
    `document.getElementById('prompt').value = ''; document.getElementById('prompt').focus()`,
  );
  await page.type(prompt);
  await page.press('Enter', true);
  await page.until(`document.getElementById('go').textContent === 'Stop'`);
  await page.until(`document.getElementById('go').textContent !== 'Stop'`);
}

await withChromium(async (browser) => {
  const model = await plain();
  const base = await served(model);
  const talking = await served(await layOut('chatsft_checkpoints'));
  const expected = first.engine_text.replace(/<\|bos\|>$/, '');

  for (const device of ['wasm', 'webgpu'] as const) {
    test(`a typed prompt goes on as nanochat's engine goes on: ${device}`, async () => {
      const page = await browser.open(base.url);
      await ready(page);
      await set(page, 'temperature', '0');
      if (device === 'webgpu') await set(page, 'device', device);
      await ready(page);
      assert.match(await text(page, '#about'), `onnxruntime-web ${device}`);
      await ask(page, first.prompt);
      assert.is(await text(page, '.made'), expected);
      assert.match(await text(page, '#speed'), /^\d+ tokens, first after \d+ ms, \d+\.\d a second$/);
      if (album) await page.screenshot(join(album, `text_${device}.png`));
      assert.equal(page.errors, []);
    });
  }

  test('a conversation, its tool and its second turn are those of the engine; a long prompt is refused in words', async () => {
    const page = await browser.open(`${talking.url}?mode=chat`);
    await ready(page);
    await set(page, 'temperature', '0');
    for (const turn of conversations.at(-1)!) {
      await ask(page, turn.user);
      const said = turn.text
        .replace(/<\|python_start\|>.*?<\|output_end\|>/, '')
        .replace('<|assistant_end|>', '');
      assert.is((await text(page, '#talk p')).replace('365-48 = 317', ''), said);
    }
    assert.is(await text(page, '.tool'), '365-48 = 317');
    for (const [name, width, height, scheme] of [
      ['wide', 1100, 800, 'light'],
      ['phone', 390, 800, 'dark'],
    ] as const) {
      await page.resize(width, height);
      await page.colors(scheme);
      const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      assert.ok(over <= 0, `${over} pixels too wide at ${width}`);
      if (album) await page.screenshot(join(album, `chat_${name}.png`));
    }
    await page.evaluate(`document.getElementById('prompt').value = 'word '.repeat(3000)`);
    await page.press('Enter', true);
    await page.until(`document.querySelector('.wrong')`);
    assert.match(await text(page, '.wrong'), 'the text outgrows the context');
    assert.equal(page.errors, []);
  });

  test('the text that is there to begin with is answered, and a text that ends at once is said to do so', async () => {
    const page = await browser.open(base.url);
    await ready(page);
    await page.press('Enter', true);
    await page.until(`document.querySelector('.made:not(.going)')`);
    assert.ok((await text(page, '.made')).trim().length > 5);
    // That is over before anybody could look for its beginning.
    await page.evaluate(
      `document.getElementById('prompt').value = 'JULIET:'; document.getElementById('prompt').focus()`,
    );
    await page.press('Enter', true);
    await page.until(`document.querySelector('.note')`);
    assert.is(await text(page, '.made'), '');
    assert.is(await text(page, '.note'), 'The model ended its text at once.');
    await set(page, 'mode', 'chat');
    assert.is(await page.evaluate(`document.getElementById('prompt').value`), 'JULIET:');
    await page.evaluate(`document.getElementById('prompt').value = ''`);
    await set(page, 'mode', 'chat');
    assert.is(await page.evaluate(`document.getElementById('prompt').value`), 'What is 12*7?');
  });

  test('weights are kept from visit to visit, as long as the server has the same', async () => {
    const file = `${model}_data_1`;
    const [own, { atime, mtime }] = [readFileSync(file), statSync(file)];
    const other = own.map((byte) => byte ^ 1);
    const visit = async (bytes: Uint8Array, isNew: boolean): Promise<Page> => {
      writeFileSync(file, bytes);
      if (!isNew) utimesSync(file, atime, mtime);
      return browser.open(base.url);
    };
    await ready(await browser.open(base.url));
    const kept = await visit(other, false); // the server says that it is the same
    await ready(kept);
    const names = await kept.evaluate<string>(
      `caches.open('nanoc').then((c) => c.keys()).then((all) => all.map((r) => r.url).sort().join())`,
    );
    for (const name of ['plain.onnx', 'plain.onnx_data', 'plain.onnx_data_1']) assert.match(names, name);
    const fresh = await visit(other, true);
    await fresh.until(`document.querySelector('.wrong')`);
    assert.match(
      await text(fresh, '.wrong'),
      'plain.onnx_data_1 is not the data that the model was written with',
    );
    await ready(await visit(own, true));
  });

  test('on WebGPU the memory stays there, and what would need its numbers is refused', async () => {
    const page = await browser.open(base.url);
    await ready(page);
    const tokens = (keepOnDevice: boolean, samples: number): Promise<string> =>
      page.evaluate(`(async () => {
        const { dataFilesIn, fetchFile, generateRows, manifestIn, webSession } = await import('/nanospec/web.js');
        const ort = await import('/ort/ort.webgpu.min.mjs');
        const model = await fetchFile('/model/plain.onnx');
        const data = await Promise.all(
          dataFilesIn(model).map(async (path) => ({ path, bytes: await fetchFile('/model/' + path) })),
        );
        const asked = { ort, model, data, manifest: manifestIn(model), device: 'webgpu', keepOnDevice: ${keepOnDevice} };
        const session = await webSession(asked);
        const made = [];
        try {
          const options = { maxTokens: 6, temperature: 0, samples: ${samples} };
          for await (const { token } of generateRows(session, [[1, 2, 3, 4]], options)) made.push(token);
        } catch (fault) {
          return fault.message;
        }
        return made.join();
      })()`);
    const alone = await tokens(true, 1);
    assert.is(alone.split(',').length, 6);
    assert.is(await tokens(false, 1), alone);
    assert.match(await tokens(true, 2), 'the memory of this session stays on the GPU');
    assert.is(
      (await tokens(false, 2))
        .split(',')
        .filter((_, i) => i % 2 === 0)
        .join(),
      alone,
    );
  });

  test('Esc stops a text', async () => {
    const page = await browser.open(base.url);
    await ready(page);
    await set(page, 'maxTokens', '2000');
    await set(page, 'temperature', '0');
    await page.evaluate(`document.getElementById('prompt').focus()`);
    await page.type(endless.prompt);
    await page.press('Enter', true);
    await page.until(`document.querySelector('.made')?.textContent.length > 5`);
    await page.press('Escape');
    await page.until(`document.getElementById('go').textContent === 'Continue'`);
    const count = Number(/^\d+/.exec(await text(page, '#speed'))![0]);
    assert.ok(count < 2000);
  });

  test('a model that is none is said to be none', async () => {
    const { url, stop } = await served(join(root, 'test/browser/no_model'));
    const page = await browser.open(url);
    await page.until(`document.querySelector('.wrong')`);
    assert.match(await text(page, '.wrong'), 'model.onnx was not written by nanoc');
    stop();
  });

  test.after(() => {
    base.stop();
    talking.stop();
  });
});

test('the server says what it wants', () => {
  const wrong = spawnSync(process.execPath, [serve, folder()], { encoding: 'utf8' });
  assert.is(wrong.status, 2);
  assert.match(wrong.stderr, 'no model.onnx in');
  assert.match(spawnSync(process.execPath, [serve], { encoding: 'utf8' }).stderr, 'usage:');
});

test.run();
