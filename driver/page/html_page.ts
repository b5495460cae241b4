/** One self-contained page: blocks that fold, the lines of the spec beside them, and what each pass did. */

import { basename } from 'node:path';
import type { Source } from '../../spec/source.ts';
import { spanned } from './group_keys.ts';
import type { Drawing } from './html_model.ts';
import type { KindChange, PassRow, Told } from './html_passes.ts';
import { script } from './html_script.ts';
import type { Step } from './html_step.ts';
import { style } from './html_style.ts';
import { escaped, tag } from './html_tag.ts';
import type { Block, Item } from './item.ts';
import { shortCount } from './short_count.ts';

export interface PageContent extends Drawing {
  readonly title: string;
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly shares: readonly { readonly block: string; readonly parameters: number }[];
  readonly passes: readonly PassRow[];
}

export const page = ({
  title,
  facts,
  content,
  shares,
  passes,
  files,
}: PageContent): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · nanoc</title>
<style>${style}</style>
</head>
<body>
<header><h1>${escaped(title)}</h1><dl>${facts
  .map(([label, value]) => tag('div', '', tag('dt', '', escaped(label)), tag('dd', '', escaped(value))))
  .join('')}</dl></header>
<main>
<section id="graph" aria-label="Architecture">
<div class="bar"><h2>Architecture</h2><button type="button" id="open">Unfold all</button><button type="button" id="close">Fold all</button></div>
${drawnAll(content).join('\n')}
</section>
<aside>
<section aria-label="Spec"><h2>Spec</h2><div class="spec">${files.map(specFile).join('')}</div></section>
<section aria-label="Parameters"><h2>Parameters</h2>${parameters(shares)}</section>
<section aria-label="Passes"><h2>Passes</h2>${passes.map(passRow).join('')}</section>
</aside>
</main>
<script>${script}</script>
</body>
</html>
`;

/** Repeated blocks are open at first, since a model mostly consists of them; where none is repeated, the largest block is. */
function drawnAll(content: readonly Item[]): readonly string[] {
  const blocks = content.flatMap((item) =>
    item.kind === 'block' && item.path + item.times !== '1' ? [item] : [],
  );
  const returning = blocks.filter(({ times }) => times > 1);
  const [largest] = blocks.toSorted((a, b) => b.ops - a.ops);
  const open = new Set<Item>(returning.length > 0 ? returning : largest ? [largest] : []);
  return content.map((item) => drawn(item, open));
}

const drawn = (item: Item, open: ReadonlySet<Item>): string =>
  item.kind === 'op' ? step(item) : block(item, open);

function block(item: Block, open: ReadonlySet<Item>): string {
  const { names, path, times, by, ops, parameters: numbers, gives, content } = item;
  const turn = by > 1 ? `, by ${by}` : '';
  const head = tag(
    'summary',
    path === '' ? '' : `title="${escaped(path)}"`,
    tag('span', 'class="name"', escaped(spanned(names))),
    times > 1 ? tag('b', 'class="times"', `× ${times}${turn}`) : '',
    tag('span', 'class="count"', `${ops} op${ops === 1 ? '' : 's'}`),
    numbers > 0 ? tag('span', 'class="count"', `${shortCount(numbers)} parameters`) : '',
    tag('span', 'class="type"', escaped(gives)),
  );
  const inside = tag('div', 'class="inside"', ...content.map((c) => drawn(c, open)));
  return tag('details', open.has(item) ? 'open' : '', head, inside);
}

function step({ id, also, op, isHeavy, detail, type, inputs, line }: Step): string {
  const given = inputs.map((i) => tag('span', `data-of="${i.id}"`, escaped(i.label))).join('');
  return tag(
    'div',
    `class="op${isHeavy ? ' heavy' : ''}" id="n${id}" data-line="${line}" data-ids="${[id, ...also].join(' ')}" tabindex="0"`,
    tag('span', 'class="id"', `%${id}`),
    tag('span', 'class="name"', escaped(op)),
    tag('span', 'class="detail"', escaped(detail)),
    tag('span', 'class="type"', escaped(type)),
    given === '' ? '' : tag('span', 'class="inputs"', given),
  );
}

function specFile({ name, text }: Source, file: number): string {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line, i) =>
      tag('li', `id="l${file}:${i + 1}" tabindex="0"`, tag('code', '', escaped(line) || ' ')),
    );
  return tag('h3', '', escaped(basename(name))) + tag('ol', '', ...lines);
}

function parameters(shares: PageContent['shares']): string {
  const total = shares.reduce((sum, s) => sum + s.parameters, 0) || 1;
  return tag(
    'table',
    '',
    ...shares.map(({ block: name, parameters: n }) => {
      const share = ((100 * n) / total).toFixed(1);
      const bar = tag('td', '', `<i style="width:${share}%"></i>`);
      return tag('tr', '', tag('th', '', escaped(name)), tag('td', '', n.toLocaleString('en')), bar);
    }),
  );
}

function passRow({ name, doc, before, after, kinds, lines }: PassRow): string {
  const title = `title="${escaped(doc)}"`;
  const called = tag('span', 'class="name"', escaped(name));
  if (lines.length === 0 && kinds.length === 0)
    return tag('p', `class="idle" ${title}`, called, tag('span', 'class="count"', 'nothing to do'));
  const change = before === after ? `${after} nodes` : `${before} → ${after} nodes`;
  const head = tag(
    'summary',
    title,
    called,
    tag('span', 'class="count"', change),
    tag('span', 'class="deltas"', ...kinds.slice(0, 4).map(delta), kinds.length > 4 ? '…' : ''),
  );
  const rows = kinds.map(({ op, before: from, after: to }) =>
    tag('tr', '', tag('th', '', escaped(op)), tag('td', '', `${from} → ${to}`)),
  );
  return tag(
    'details',
    '',
    head,
    tag('p', '', escaped(doc)),
    rows.length > 0 ? tag('table', 'class="kinds"', ...rows) : '',
    tag('ul', '', ...lines.map(said)),
  );
}

const delta = ({ op, before, after }: KindChange): string =>
  tag('span', '', `${escaped(op)} ${after > before ? '+' : '−'}${Math.abs(after - before)}`);

const said = ({ text, times }: Told): string =>
  tag('li', '', escaped(text), times > 1 ? tag('b', 'class="times"', ` × ${times}`) : '');
