/** One self-contained page: blocks that fold, the lines of the spec beside them, and what each pass did. */

import { basename } from 'node:path';
import type { Source } from '../spec/source.ts';
import type { Block, Drawing, PassRow, Step } from './html_model.ts';

export interface PageContent extends Drawing {
  readonly title: string;
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly shares: readonly { readonly block: string; readonly parameters: number }[];
  readonly passes: readonly PassRow[];
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const tag = (name: string, attrs: string, ...content: readonly string[]): string =>
  `<${name}${attrs === '' ? '' : ` ${attrs}`}>${content.join('')}</${name}>`;

export const page = ({ title, facts, root, shares, passes, files }: PageContent): string => `<!doctype html>
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
${root.content.map((item) => drawn(item, 0)).join('\n')}
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

function drawn(item: Step | Block, depth: number): string {
  return item.kind === 'op' ? step(item) : block(item, depth);
}

function block({ name, path, times, ops, gives, content }: Block, depth: number): string {
  const many = times > 1 ? tag('b', 'class="times"', `× ${times}`) : '';
  const head = tag(
    'summary',
    `title="${escaped(path)}"`,
    tag('span', 'class="name"', escaped(name)),
    many,
    tag('span', 'class="count"', `${ops} op${ops === 1 ? '' : 's'}`),
    tag('span', 'class="type"', escaped(gives)),
  );
  return tag(
    'details',
    depth < 1 ? 'open' : '',
    head,
    tag('div', 'class="inside"', ...content.map((c) => drawn(c, depth + 1))),
  );
}

function step({ id, op, detail, type, inputs, line }: Step): string {
  const given = inputs.map((i) => tag('span', `data-of="${i.id}"`, escaped(i.label))).join('');
  return tag(
    'div',
    `class="op" id="n${id}" data-line="${line}" tabindex="0"`,
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

function passRow({ name, doc, before, after, lines }: PassRow): string {
  const change = before === after ? `${after} nodes` : `${before} → ${after} nodes`;
  const head = tag(
    'summary',
    `title="${escaped(doc)}"`,
    tag('span', 'class="name"', escaped(name)),
    tag('span', 'class="count"', change),
  );
  const said = lines.length > 0 ? lines : ['nothing to do'];
  return tag(
    'details',
    '',
    head,
    tag('p', '', escaped(doc)),
    tag('ul', '', ...said.map((l) => tag('li', '', escaped(l)))),
  );
}

const style = `
:root{color-scheme:light dark;--paper:light-dark(#faf8f4,#15161a);--card:light-dark(#fff,#1e2026);--ink:light-dark(#24211c,#e8e5de);--quiet:light-dark(#756f64,#9a958b);--line:light-dark(#e2ddd2,#33363e);--accent:light-dark(#b3401f,#ff9166);--wash:light-dark(#b3401f14,#ff916622);font:15px/1.5 ui-sans-serif,system-ui,"Segoe UI",sans-serif}
*{box-sizing:border-box}body{margin:0;padding:clamp(.8rem,2.5vw,2rem);background:var(--paper);color:var(--ink)}
h1{margin:0;font-size:1.5rem;letter-spacing:-.01em}h2{margin:0;font-size:.95rem}
dl{display:flex;flex-wrap:wrap;gap:.4rem 2rem;margin:.6rem 0 1.4rem}dt{color:var(--quiet);font-size:.78rem}dd{margin:0;font-variant-numeric:tabular-nums}
main{display:grid;grid-template-columns:minmax(0,1.15fr) minmax(0,1fr);gap:1.4rem;align-items:start}
aside{position:sticky;top:1rem;display:grid;grid-template-columns:minmax(0,1fr);gap:1.2rem;max-height:calc(100dvh - 2rem);overflow:auto}
.bar{display:flex;align-items:center;gap:.5rem;margin-bottom:.6rem}.bar h2{flex:1}
button{padding:.2rem .7rem;border:1px solid var(--line);border-radius:99px;background:none;color:inherit;font:inherit;font-size:.8rem;cursor:pointer}
details{border:1px solid var(--line);border-radius:10px;background:var(--card);margin:.45rem 0}
summary{display:flex;flex-wrap:wrap;gap:.15rem .7rem;align-items:baseline;padding:.4rem .75rem;cursor:pointer;list-style:none}
summary::before{content:"▸";color:var(--accent);width:.8em}details[open]>summary::before{content:"▾"}
summary .name{font-weight:600}.times{color:var(--accent)}.count{color:var(--quiet);font-size:.8rem}
.type{margin-left:auto;color:var(--quiet);font:.8rem ui-monospace,monospace}
.inside{padding:0 .75rem .5rem 1.1rem;border-left:2px solid var(--line);margin-left:.75rem}
.op{display:flex;flex-wrap:wrap;gap:.1rem .6rem;align-items:baseline;padding:.22rem .5rem;border-radius:7px;position:relative}
.op+.op::before,.op+details::before,details+.op::before{content:"";position:absolute;left:.9rem;top:-.2rem;height:.25rem;border-left:2px solid var(--line)}
.op .name{font:600 .85rem ui-monospace,monospace}.detail{color:var(--quiet);font-size:.78rem;overflow-wrap:anywhere}
.inputs{flex-basis:100%;display:flex;flex-wrap:wrap;gap:.3rem;font:.74rem ui-monospace,monospace;color:var(--quiet)}
.inputs span{padding:0 .4rem;border:1px solid var(--line);border-radius:5px;overflow-wrap:anywhere}
.op:hover,.op:focus,.op.lit,.spec li:hover,.spec li:focus,.spec li.lit{background:var(--wash);outline:none}.op:focus,.spec li:focus{box-shadow:inset 0 0 0 2px var(--accent)}
.inputs span.lit{border-color:var(--accent);color:var(--accent)}
.spec{margin:.4rem 0 0;border:1px solid var(--line);border-radius:10px;background:var(--card);font:.78rem/1.55 ui-monospace,monospace;max-height:52dvh;overflow-y:auto;position:relative}
.spec h3{position:sticky;top:0;z-index:1;margin:0;padding:.35rem .9rem;background:var(--card);border-bottom:1px solid var(--line);font:600 .8rem ui-monospace,monospace}.spec ol{margin:0;padding:.35rem 0 .7rem}
.spec li{margin-left:3.2em;padding:0 .5em 0 4.5em;text-indent:-4em;white-space:pre-wrap;overflow-wrap:anywhere;border-radius:4px}.spec li::marker{color:var(--quiet)}
table{width:100%;border-spacing:0;font-size:.8rem}th{text-align:left;font-weight:400;overflow-wrap:anywhere}td{padding:.1rem .4rem;text-align:right;font-variant-numeric:tabular-nums}td:last-child{width:34%;text-align:left}aside details{margin:.3rem 0}
i{display:block;height:.55rem;min-width:1px;border-radius:3px;background:var(--accent)}
aside details p,aside details ul{margin:.2rem .8rem .6rem;padding-left:1rem;font-size:.8rem;color:var(--quiet);overflow-wrap:anywhere}aside details p{padding:0}
@media(max-width:56rem){main{grid-template-columns:minmax(0,1fr)}aside{position:static;max-height:none}.type{margin-left:0}}
`;

const script = `
const all = (s, of = document) => [...of.querySelectorAll(s)];
const unlight = () => all('.lit').forEach((e) => e.classList.remove('lit'));
const openTo = (e) => { for (let d = e.closest('details'); d; d = d.parentElement.closest('details')) d.open = true; };
function bring(line) {
  const box = line.closest('.spec'), head = line.parentElement.previousElementSibling.offsetHeight;
  const top = line.offsetTop - head, end = line.offsetTop + line.offsetHeight - box.clientHeight;
  if (box.scrollTop > top || box.scrollTop < end) box.scrollTop = top - box.clientHeight / 3;
}
function light(e) {
  unlight();
  if (e.matches('.op')) {
    e.classList.add('lit');
    const line = document.getElementById('l' + e.dataset.line);
    line?.classList.add('lit');
    if (line) bring(line);
    all('[data-of="' + e.id.slice(1) + '"]').forEach((u) => u.classList.add('lit'));
  } else {
    e.classList.add('lit');
    all('.op[data-line="' + e.id.slice(1) + '"]').forEach((o) => o.classList.add('lit'));
  }
}
function go(e) {
  light(e);
  const other = e.matches('.op') ? document.getElementById('l' + e.dataset.line) : all('.op.lit').at(-1);
  if (!other) return;
  openTo(other);
  other.scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
}
for (const e of all('.op, .spec li')) {
  e.addEventListener('mouseenter', () => light(e));
  e.addEventListener('click', () => go(e));
  e.addEventListener('keydown', (k) => { if (k.key === 'Enter') go(e); });
}
for (const s of all('[data-of]')) s.addEventListener('click', (k) => {
  const from = document.getElementById('n' + s.dataset.of);
  if (from) { k.stopPropagation(); openTo(from); from.scrollIntoView({ block: 'center' }); from.focus(); light(from); }
});
document.getElementById('open').onclick = () => all('#graph details').forEach((d) => { d.open = true; });
document.getElementById('close').onclick = () => all('#graph details').forEach((d) => { d.open = false; });
`;
