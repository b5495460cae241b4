/** The bench holds itself together: every figure has what it needs, the page says what was found, and all of it runs at toy size. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { groups } from '../../bench/groups/index.ts';
import { factsOf, occasionOf } from '../../bench/machine.ts';
import { chosenGroups, measure } from '../../bench/measure.ts';
import { type Findings, rows } from '../../bench/rows.ts';
import { settingOf, toySize } from '../../bench/setting.ts';
import { cellsOf, resultsPage, section, verdictOf } from '../../bench/table.ts';
import { folder } from '../cli/run_cli.ts';

test('every row is measured by one group, has a bound above nothing, and says how', () => {
  const measured = Object.values(groups).flatMap((group) => group.rows);
  assert.equal([...measured].sort(), Object.keys(rows).sort());
  for (const [name, row] of Object.entries(rows)) {
    assert.ok(row.floor > 0, name);
    assert.ok(row.how.endsWith('.') && row.how.length > 20, name);
    for (const text of [row.what, row.against, row.how]) assert.not.match(text, '|', name);
  }
});

test('a figure is fine on the right side of its floor, missed on the other, and open where its quartiles lie on both', () => {
  const least = { floor: 0.8, bound: 'least' } as const;
  assert.is(verdictOf(least, [0.9, 0.95, 1]), 'ok');
  assert.is(verdictOf(least, [0.7, 0.6, 0.75]), 'MISSED');
  assert.is(verdictOf(least, [0.7, 0.9, 0.7, 0.9]), 'too noisy to tell (± 13 %)');
  const most = { floor: 1.3, bound: 'most' } as const;
  assert.is(verdictOf(most, [1.1, 1.2, 1.2]), 'ok');
  assert.is(verdictOf(most, [1.4, 1.5, 1.6]), 'MISSED');
  assert.is(verdictOf(most, [1.3]), 'ok', 'the floor itself is fine');
});

test('a line has the floor, the median, half the distance of the quartiles, both sides and the verdict', () => {
  const finding = { values: [1, 1.1, 1.2], ours: '40 tok/s', theirs: '44 tok/s' };
  const [what, against, ...cells] = cellsOf(rows.decode_long, finding);
  assert.is(what, rows.decode_long.what);
  assert.is(against, rows.decode_long.against);
  assert.equal(cells, ['≥ 0.8', '**1.10**', '± 5 %', '40 tok/s', '44 tok/s', 'ok']);
  assert.equal(cellsOf(rows.version, { values: [30, 60, 90], ours: '', theirs: '' }).slice(2), [
    '≤ 40 ms',
    '**60 ms**',
    '± 25 %, noisy',
    '',
    '',
    'MISSED',
  ]);
  assert.is(cellsOf(rows.load_time, { skipped: 'no peer' }).at(-1), 'skipped: no peer');
});

test('a section has a line for each finding and says when; the page keeps the sections that were not measured anew', () => {
  const findings: Findings = { logits: { values: [1], ours: 'a', theirs: 'b' }, check: { skipped: 'why' } };
  const text = section('decode', { date: '2026-01-02', commit: 'abc', load: '0.1' }, findings);
  assert.match(text, '2026-01-02, commit abc, load 0.1 before.\n');
  const table = text.split('\n').filter((line) => line.startsWith('| '));
  assert.is(table.length, 4);
  assert.is(new Set(table.map((line) => line.split('|').length)).size, 1, 'all lines have as many cells');
  assert.match(text, `- ${rows.logits.what} against ${rows.logits.against}: ${rows.logits.how}`);
  const page = (before: string, ...fresh: (readonly [string, string])[]): string =>
    resultsPage(before, [['Node', 'v0']], new Map(fresh), ['load', 'decode', 'start']);
  const first = page('', ['decode', text], ['start', '## start\n\nold\n']);
  assert.match(first, /^# What nanoc costs.*\n- Node: v0\n\n## decode\n.*\n## start\n\nold\n$/s);
  const second = page(first, ['start', '## start\n\nnew\n'], ['load', '## load\n\nmore\n']);
  assert.is(second, first.replace('old', 'new').replace('## decode', '## load\n\nmore\n\n## decode'));
});

test('words choose groups, and one that names none is refused with those that there are', () => {
  assert.equal(chosenGroups([]), Object.keys(groups));
  assert.equal(chosenGroups(['load', 'decode']), ['decode', 'load']);
  assert.throws(() => chosenGroups(['decod']), /no group `decod`; there are decode, load/);
});

test('all of it runs once at toy size, and each figure is a number or says why it was skipped', async () => {
  const setting = settingOf(toySize, folder(), () => {});
  for (const [group, { rows: promised }] of Object.entries(groups)) {
    const findings = await measure(group, setting);
    assert.equal(Object.keys(findings), promised);
    for (const [name, finding] of Object.entries(findings)) {
      if ('skipped' in finding) {
        assert.match(
          name,
          /^(?:decode_(?:short|middle|long)|llama_|first_token|load_)/,
          'only what has a peer',
        );
        assert.ok(finding.skipped.length > 8, name);
        continue;
      }
      assert.ok(finding.values.length >= toySize.rounds, name);
      assert.ok(
        finding.values.every((value) => Number.isFinite(value)),
        `${name}: ${finding.values}`,
      );
      assert.is.not(finding.ours, '', name);
    }
    assert.match(section(group, occasionOf(), findings), `## ${group}\n`);
  }
  assert.ok(factsOf(setting).every(([, value]) => value !== ''));
});

test.run();
