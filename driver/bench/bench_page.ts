/** What `nanoc bench` found as one page to look at: plots over contexts and batches, loading, memory, and every figure. */

import { basename } from 'node:path';
import { bytes } from '../byte_count.ts';
import { barPlot } from '../page/bar_plot.ts';
import { colors } from '../page/html_style.ts';
import { escaped, tag } from '../page/html_tag.ts';
import { type Line, linePlot } from '../page/line_plot.ts';
import { closingLines, figureCells, figureTitles, rateText, timeText } from './bench_text.ts';
import type { BenchedModel, BenchReport, Figure } from './report.ts';

const style = `${colors}
*{box-sizing:border-box}body{max-width:88rem;margin:0 auto;padding:clamp(.8rem,2.5vw,2rem);background:var(--paper);color:var(--ink)}
:root{--c0:light-dark(#b3401f,#ff9166);--c1:light-dark(#1f5fa8,#7db8ff);--c2:light-dark(#2f7a3d,#7fd68f);--c3:light-dark(#7b3fa0,#d29bff);--c4:light-dark(#8a6a00,#e6c34d);--c5:light-dark(#a02860,#ff8fbf)}
h1{margin:0;font-size:1.5rem;letter-spacing:-.01em}h2{margin:0 0 .6rem;font-size:.95rem}header p{margin:.3rem 0;color:var(--quiet)}header p.noisy{color:var(--accent)}
main{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1.2rem;margin:1.2rem 0}
section{padding:1rem 1.1rem;border:1px solid var(--line);border-radius:10px;background:var(--card);min-width:0}
svg{display:block;width:100%;height:auto;font:13px ui-sans-serif,system-ui,"Segoe UI",sans-serif}
.grid{stroke:var(--line)}.tick,.axis{fill:var(--quiet)}.name{fill:var(--ink);font-weight:600}
.c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}
.line{stroke:var(--c);fill:var(--c)}.line polyline{fill:none;stroke-width:2.4}.line.dashed polyline{stroke-dasharray:3 5;stroke-width:1.6}.range{stroke-width:6;stroke-opacity:.28;stroke-linecap:round}
text.name.c0,text.name.c1,text.name.c2,text.name.c3,text.name.c4,text.name.c5{fill:var(--c)}.bar{fill:var(--c)}
.wide{overflow-x:auto}table{width:100%;border-spacing:0;font-size:.85rem;font-variant-numeric:tabular-nums}th{font-weight:400;color:var(--quiet);text-align:right;padding:.15rem .6rem;white-space:nowrap}td{text-align:right;padding:.25rem .6rem;border-top:1px solid var(--line)}th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}td:first-child{overflow-wrap:anywhere}
`;

/** HTML that needs no other file. */
export function benchPage(report: BenchReport): string {
  const names = namesOf(report.models);
  const title = `${report.models.map((_, i) => names[i]).join(', ')} · nanoc bench`;
  const said = closingLines(report);
  const noisy = report.noisy.length > 0 || report.rounds < report.wanted;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${escaped(names.join(' · '))}</h1>${said.map((line, i) => tag('p', noisy && i >= 2 ? 'class="noisy"' : '', escaped(line))).join('')}<p>nanoc ${escaped(report.version)}, Node ${escaped(report.machine.node)}, ${escaped(report.date.slice(0, 16).replace('T', ' '))}</p></header>
<main>${plots(report, names).join('\n')}</main>
<section class="wide"><h2>All figures</h2>${table(report)}</section>
</body>
</html>
`;
}

/** File names, or paths where those are not enough to tell models apart. */
function namesOf(models: readonly BenchedModel[]): readonly string[] {
  const short = models.map(({ path }) => basename(path));
  return new Set(short).size === short.length ? short : models.map(({ path }) => path);
}

const titled = (title: string, content: string): string =>
  tag('section', '', tag('h2', '', escaped(title)), content);

function plots(report: BenchReport, names: readonly string[]): readonly string[] {
  const { models, bandwidth } = report;
  const over = (what: 'decode' | 'prefill', title: string): string => {
    const axis = axisOf(models);
    const lines = models.flatMap((model, i) => linesOf(model, names[i]!, i, what, axis));
    const bounds = what === 'decode' && bandwidth ? boundsOf(models, names, axis, bandwidth.median) : [];
    if (new Set(lines.flatMap((line) => line.points.map((p) => p.x))).size < 2) {
      const bars = lines.map(({ name, points, color }) => ({
        name,
        value: points[0]!.y,
        text: `${rateText(points[0]!.y)} tok/s`,
        color,
      }));
      return titled(title, barPlot(title, bars));
    }
    const plot = { title, x: axis === 'context' ? 'tokens before' : 'rows at once', y: 'tokens a second' };
    return titled(title, linePlot({ ...plot, lines: [...lines, ...bounds] }));
  };
  const bars = (
    title: string,
    value: (model: BenchedModel) => number | null,
    text: (n: number) => string,
  ) => {
    const shown = models.flatMap((model, i) => {
      const n = value(model);
      return n === null ? [] : [{ name: names[i]!, value: n, text: text(n), color: i }];
    });
    return shown.length === 0 ? '' : titled(title, barPlot(title, shown));
  };
  return [
    over('decode', 'Decode: tokens a second, all rows together'),
    over('prefill', 'Prefill: tokens of the prompt a second'),
    bars('Loading', (model) => model.loadMs, timeText),
    bars('Memory that it took', (model) => model.memory, bytes),
  ];
}

type Axis = 'context' | 'batch';

/** The horizontal axis of a plot: contexts or batches, of whichever there are more; each of the others is a line. */
function axisOf(models: readonly BenchedModel[]): Axis {
  const figures = models[0]?.figures ?? [];
  const count = (of: Axis): number => new Set(figures.map((f) => f[of])).size;
  return count('batch') > count('context') ? 'batch' : 'context';
}

const otherOf = (axis: Axis): Axis => (axis === 'context' ? 'batch' : 'context');

function groupsOf(figures: readonly Figure[], axis: Axis): ReadonlyMap<number, readonly Figure[]> {
  const other = otherOf(axis);
  const values = [...new Set(figures.map((figure) => figure[other]))];
  return new Map(values.map((value) => [value, figures.filter((figure) => figure[other] === value)]));
}

function linesOf(
  { figures }: BenchedModel,
  name: string,
  color: number,
  what: 'decode' | 'prefill',
  axis: Axis,
): readonly Line[] {
  const groups = groupsOf(figures, axis);
  return [...groups].map(([other, group], i) => ({
    name:
      groups.size === 1
        ? name
        : `${axis === 'context' ? `${other} row${other === 1 ? '' : 's'}` : `after ${other}`}, ${name}`,
    color: color * groups.size + i,
    points: group.map((figure) => {
      const { median, low, high } = figure[what];
      return { x: figure[axis], y: median, low, high };
    }),
  }));
}

/** The rate at which memory alone would let a step go, of the first count of the other axis; equal ones once. */
function boundsOf(
  models: readonly BenchedModel[],
  names: readonly string[],
  axis: Axis,
  bandwidth: number,
): readonly Line[] {
  const bounds = models.flatMap(({ figures }, i): readonly Line[] => {
    const [group = []] = groupsOf(figures, axis).values();
    const points = group.flatMap((figure) =>
      figure.read === null ? [] : [{ x: figure[axis], y: (figure.batch * bandwidth) / figure.read }],
    );
    const color = i * groupsOf(figures, axis).size;
    return points.length === 0 ? [] : [{ name: `limit, ${names[i]}`, color, dashed: true, points }];
  });
  const distinct = new Map(bounds.map((line) => [JSON.stringify(line.points), line]));
  return distinct.size === 1
    ? bounds.slice(0, 1).map((line) => ({ ...line, name: 'limit of memory' }))
    : [...distinct.values()];
}

function table({ models }: BenchReport): string {
  const row = (cell: string, cells: readonly string[]): string =>
    tag('tr', '', ...cells.map((text) => tag(cell, '', escaped(text))));
  const rows = models.flatMap((model) =>
    model.figures.map((figure) => row('td', figureCells(model, figure))),
  );
  return tag('table', '', row('th', figureTitles), ...rows);
}
