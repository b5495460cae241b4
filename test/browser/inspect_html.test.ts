/** The page of `nanoc inspect --html`: equal layers once, an operator and its line together, nothing from elsewhere. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folder, nanoc, tiny, written } from '../cli/run_cli.ts';
import { withChromium } from './chromium.ts';

const album = process.env['NANOC_SCREENSHOTS'];
const path = join(folder(), 'llama.html');
const made = await nanoc(['inspect', 'llama', '--set', 'layers=5', '--html', path]);
const text = made.code === 0 ? readFileSync(path, 'utf8') : '';

test('one file holds it all, and the card is printed as ever', () => {
  assert.is(made.code, 0, made.err);
  assert.match(made.err, /llama\.html: \d+ kB, open it in a browser/);
  assert.match(made.out, /^llama: \d+M parameters/);
  assert.not.match(text, /src=|href=|@import|url\(/);
  assert.match(text, 'model.layers.{0..4}');
  assert.match(text, '<b class="times">× 5</b>');
  assert.is(
    text.split('<li id="l0:').length - 1,
    readFileSync('examples/llama.nanospec', 'utf8').trimEnd().split('\n').length,
  );
  for (const pass of ['place_cache', 'name_composites'])
    assert.match(text, new RegExp(`${pass}</span><span class="count">\\d+ → \\d+ nodes`));
});

test('lines of included files are on it, so that every operator has one', async () => {
  const out = join(folder(), 'mistral.html');
  await nanoc(['inspect', 'mistral', '--set', 'layers=2', '--html', out]);
  const html = readFileSync(out, 'utf8');
  const heads = [...html.matchAll(/<h3>(.*?)<\/h3>/g)].map((m) => m[1]);
  assert.equal(heads, ['mistral.nanospec', 'llama.nanospec']);
  const lines = [...html.matchAll(/ data-line="([\d:]*)" /g)].map((m) => m[1]!);
  assert.ok(lines.every((line) => html.includes(`<li id="l${line}"`)));
  const attention = readFileSync('examples/llama.nanospec', 'utf8')
    .split('\n')
    .findIndex((l) => l.includes('return o_proj(attention'));
  assert.ok(lines.includes(`1:${attention + 1}`));
  assert.ok(lines.some((line) => line.startsWith('0:')));
});

test('names that are no HTML stay text', async () => {
  const spec = written(
    'odd.nanospec',
    '## <script>alert(1)</script>\nmodel odd {\n  config { dim = 8 }\n  wte: Embedding(9, dim)\n  forward(tokens: int64[B, T]) -> logits: [B, T, dim] = wte(tokens)\n}\n',
  );
  const out = join(folder(), 'odd.html');
  assert.is((await nanoc(['inspect', spec, '--html', out])).code, 0);
  assert.not.match(readFileSync(out, 'utf8'), '<script>alert');
});

test('nothing is overwritten unasked, and only specs are drawn', async () => {
  const again = await nanoc(['inspect', 'llama', '--html', path]);
  assert.is(again.code, 1);
  assert.match(again.err, 'N504');
  assert.is((await nanoc(['inspect', 'llama', '--html', path, '--force'])).code, 0);
  const checkpoint = await nanoc(['inspect', `${tiny}/base_checkpoints/d4`, '--html', 'x.html']);
  assert.is(checkpoint.code, 2);
  assert.not.ok(existsSync('x.html'));
  assert.is((await nanoc(['inspect', 'llama', '--html', join(folder(), 'no/such/x.html')])).code, 1);
});

await withChromium(async (browser) => {
  test('an operator lights its line, a line its operators, and all folds', async () => {
    const page = await browser.open(pathToFileURL(path).href);
    await page.resize(1300, 900);
    const count = (selector: string): Promise<number> =>
      page.evaluate(`document.querySelectorAll('${selector}').length`);
    await page.evaluate(`document.getElementById('close').click()`);
    assert.is(await count('#graph details[open]'), 0);
    const line = readFileSync('examples/llama.nanospec', 'utf8')
      .split('\n')
      .findIndex((l) => l.includes('return o_proj(attention'));
    await page.evaluate(`document.getElementById('l0:${line + 1}').click()`);
    const lit = await page.evaluate<string>(
      `[...document.querySelectorAll('.op.lit .name')].map((e) => e.textContent).join(' ')`,
    );
    assert.match(lit, /\battention\b/);
    assert.ok((await count('#graph details[open]')) >= 2);
    await page.evaluate(
      `[...document.querySelectorAll('.op')].find((o) => o.textContent.startsWith('attention')).click()`,
    );
    assert.is(await page.evaluate(`document.querySelector('.spec li.lit').id`), `l0:${line + 1}`);
    assert.ok((await count('.inputs .lit')) >= 1);
    await page.evaluate(`document.getElementById('open').click()`);
    assert.is(await count('#graph details:not([open])'), 0);
    for (const [width, scheme] of [
      [1300, 'light'],
      [390, 'dark'],
    ] as const) {
      await page.resize(width, 900);
      await page.colors(scheme);
      assert.ok(
        (await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')) <= 0,
        `${width}`,
      );
      if (album) await page.screenshot(join(album, `inspect_${width}.png`));
    }
    assert.equal(page.errors, []);
  });
});

test.run();
