/** The page that `npm run bench` writes. */

import { noisyShare, spreadOf, spreadText } from '../driver/bench/spread.ts';
import { type Finding, type Findings, type Row, type RowName, rows } from './rows.ts';

/** Machine and versions, each with its name. */
export type Facts = readonly (readonly [name: string, value: string])[];

export interface Occasion {
  readonly date: string;
  readonly commit: string;
  /** Of the last minute, before the group began. */
  readonly load: string;
}

/** `ok`, `MISSED`, or that the quartiles of the rounds lie on both sides of the floor. */
export function verdictOf(row: Pick<Row, 'floor' | 'bound'>, values: readonly number[]): string {
  const { low, high, median, share } = spreadOf(values);
  const fine = (value: number): boolean => (row.bound === 'least' ? value >= row.floor : value <= row.floor);
  if (fine(low) !== fine(high)) return `too noisy to tell (${spreadText({ share })})`;
  return fine(median) ? 'ok' : 'MISSED';
}

const figure = (value: number, unit: Row['unit']): string =>
  unit === 'times' ? value.toFixed(2) : `${value.toFixed(unit === 's' ? 2 : 0)} ${unit}`;

const floorText = ({ floor, bound, unit }: Row): string =>
  `${bound === 'least' ? '≥' : '≤'} ${unit === 'times' ? floor : `${floor} ${unit}`}`;

/** A line of the table: what, against what, floor, figure, spread, both sides, verdict. */
export function cellsOf(row: Row, finding: Finding): readonly string[] {
  const start = [row.what, row.against, floorText(row)];
  if ('skipped' in finding) return [...start, '', '', '', '', `skipped: ${finding.skipped}`];
  const { median, share } = spreadOf(finding.values);
  return [
    ...start,
    `**${figure(median, row.unit)}**`,
    `${spreadText({ share })}${share > noisyShare ? ', noisy' : ''}`,
    ...[finding.ours, finding.theirs],
    verdictOf(row, finding.values),
  ];
}

const titles = ['what', 'against', 'floor', 'measured', 'spread', 'nanoc', 'the other', ''];
const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** How rows were measured, with those that share a manner in one line. */
function manners(all: readonly Row[]): readonly string[] {
  const names = new Map<string, string[]>();
  for (const { what, against, how } of all)
    names.set(how, [...(names.get(how) ?? []), `${what} against ${against}`]);
  return [...names].map(([how, of]) => `- ${of.join('; ')}: ${how}`);
}

/** What one group found, with when and at which commit. */
export function section(name: string, { date, commit, load }: Occasion, findings: Findings): string {
  const found = Object.entries(findings).map(([key, finding]) => [rows[key as RowName], finding] as const); // its keys are names
  return [
    `## ${name}`,
    '',
    `${date}, commit ${commit}, load ${load} before.`,
    '',
    line(titles),
    line(titles.map(() => '---')),
    ...found.map(([row, finding]) => line(cellsOf(row, finding))),
    '',
    ...manners(found.map(([row]) => row)),
    '',
  ].join('\n');
}

/** The page with these sections in place of those of the same name; `names` says which there may be, in their order. */
export function resultsPage(
  before: string,
  facts: Facts,
  fresh: ReadonlyMap<string, string>,
  names: readonly string[],
): string {
  const kept = before.split(/^(?=## )/m).slice(1);
  const of = (name: string): string | undefined =>
    (fresh.get(name) ?? kept.find((text) => text.startsWith(`## ${name}\n`)))?.trimEnd();
  const head = [
    '# What nanoc costs, measured',
    '',
    'Written by `npm run bench`; `npm run bench -- decode` measures one section anew. Each figure is the median of rounds in which both',
    'sides took turns, so that a busy machine slows both; the spread is half the distance of the quartiles. A floor between the quartiles',
    'is too noisy to tell.',
    '',
    ...facts.map(([name, value]) => `- ${name}: ${value}`),
  ].join('\n');
  return `${[head, ...names.flatMap((name) => of(name) ?? [])].join('\n\n')}\n`;
}
