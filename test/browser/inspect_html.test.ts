/** The page of `nanoc inspect --html`: equal layers once, an operator and its line together, nothing from elsewhere. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { told } from '../../driver/page/html_passes.ts';
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

/** The page of a spec at these sizes. */
async function pageOf(spec: string, ...sizes: readonly string[]): Promise<string> {
  const out = join(folder(), 'page.html');
  const { code, err } = await nanoc(['inspect', spec, ...sizes.flatMap((s) => ['--set', s]), '--html', out]);
  assert.is(code, 0, err);
  return readFileSync(out, 'utf8');
}

/** Names of blocks on it, with how often they return. */
const blocksOn = (html: string): readonly string[] =>
  [
    ...html
      .slice(0, html.indexOf('<aside>'))
      .matchAll(/class="name">([^<]*)<\/span>(?:<b class="times">([^<]*)<\/b>)?<span class="count">/g),
  ].map(([, name, times]) => (times ? `${name} ${times}` : name!));

test('layers that differ in turn fold as one entry, a window of its own setting them apart', async () => {
  const nanochat = blocksOn(await pageOf('nanochat', 'layers=12'));
  assert.ok(nanochat.includes('transformer.h.{0..11} × 3, by 4'), nanochat.join('; '));
  for (const name of ['transformer.h.{0,4,8}', 'value_embeds.{1,5,9}', 'transformer.h.{3,7,11}'])
    assert.ok(nanochat.includes(name), nanochat.join('; '));
  const gemma = blocksOn(await pageOf('gemma3', 'layers=14'));
  for (const name of [
    'model.layers.{0..11} × 2, by 6',
    'model.layers.{0..4,6..10} × 5',
    'model.layers.{12,13} × 2',
  ])
    assert.ok(gemma.includes(name), gemma.join('; '));
  const bloom = blocksOn(await pageOf('bloom', 'layers=3'));
  assert.ok(bloom.includes('h.{0..2} × 3'), bloom.join('; '));
});

test('masks are one part, operators show their numbers, and equal lines of passes are one', () => {
  const masks = text.slice(text.indexOf('masks and positions'), text.indexOf('>rope<'));
  assert.match(masks, 'cumsum');
  assert.not.match(masks, 'data-of="2"');
  for (const id of ['%2', '%48', '%49']) assert.match(text, `<span class="id">${id}</span>`);
  const known = new Set([...text.matchAll(/ data-ids="([^"]*)"/g)].flatMap(([, ids]) => ids!.split(' ')));
  for (const [, of] of text.matchAll(/data-of="(\d+)">%/g)) assert.ok(known.has(of!), of);
  assert.match(text, '<li>silu in model.layers.{0..4}.mlp<b class="times"> × 5</b></li>');
  assert.match(text, '<span>silu +5</span>');
  assert.match(text, '<tr><th>cache</th><td>10 → 0</td></tr>');
});

test('what experts have is one input, and what is read twice is two', async () => {
  const experts = await pageOf('mixtral', 'layers=1');
  assert.match(experts, />experts\.\{0\.\.7\}\.w1\.weight: float32\[14336, 4096\]</);
  assert.match(
    await pageOf('nanochat_2025_10', 'layers=1'),
    />(%\d+: float32\[B, T, 5120\])<\/span><span [^>]*>\1</,
  );
});

test('lines of a pass that differ in more than numbers stay apart', () => {
  assert.equal(told(['a 1 of h.0', 'a 1 of h.2', 'b', 'a 1 of k']), [
    { text: 'a 1 of h.{0,2}', times: 2 },
    { text: 'b', times: 1 },
    { text: 'a 1 of k', times: 1 },
  ]);
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
    const open = `[...document.querySelectorAll('#graph details[open] > summary .name')].map((e) => e.textContent).join(' ')`;
    assert.is(await page.evaluate(open), 'model.layers.{0..15}');
    const box = await page.evaluate<number>(
      `document.querySelector('#graph details[open]').getBoundingClientRect().bottom`,
    );
    assert.ok(box < 900, `a layer ends at ${box}`);
    await page.evaluate(`document.getElementById('close').click()`);
    assert.is(await count('#graph details[open]'), 0);
    const line = readFileSync('examples/llama.nanospec', 'utf8')
      .split('\n')
      .findIndex((l) => l.includes('return o_proj(attention'));
    await page.evaluate(`document.getElementById('l0:${line + 1}').dispatchEvent(new Event('mouseenter'))`);
    assert.is(await count('#graph details:not([open]) > summary.lit'), 2);
    await page.evaluate(`document.getElementById('l0:${line + 1}').click()`);
    const lit = await page.evaluate<string>(
      `[...document.querySelectorAll('.op.lit .name')].map((e) => e.textContent).join(' ')`,
    );
    assert.match(lit, /\battention\b/);
    assert.ok((await count('#graph details[open]')) >= 2);
    await page.evaluate(
      `[...document.querySelectorAll('.op')].find((o) => o.querySelector('.name').textContent === 'attention').click()`,
    );
    assert.is(await page.evaluate(`document.querySelector('.spec li.lit').id`), `l0:${line + 1}`);
    assert.ok((await count('.inputs .lit')) >= 1);
    const read = `[...document.querySelectorAll('#graph .op')].at(-3).querySelector('[data-of]')`;
    await page.evaluate(`${read}.click()`);
    assert.ok(
      await page.evaluate(`document.activeElement.dataset.ids.split(' ').includes(${read}.dataset.of)`),
    );
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
