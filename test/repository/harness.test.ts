import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { belowFloors } from '../harness/coverage.ts';
import { folders } from '../harness/imports.ts';
import { progress } from '../harness/progress.ts';
import { run } from './run_tests.ts';

test('a passing file passes, and what it remarks is shown', () => {
  const { status, text, last } = run('passes');
  assert.is(status, 0, text);
  assert.match(text, /^\[1\/1\] ok {3}test\/fixtures\/harness\/passes\/one\.test\.ts: 1 passed/);
  assert.match(text, /^ {5}a figure: 3$/m);
  assert.is(last, '1 passed, 0 failed');
});

test('a failing test fails the run, says why, and how to run it alone', () => {
  const { status, text, last } = run('fails');
  assert.is(status, 1);
  assert.match(text, /FAIL {2}"fails: it's 1, not 2"/);
  const command = `npm test -- test/fixtures/harness/fails/one.test.ts --title 'fails: it'\\''s 1, not 2'`;
  assert.ok(text.includes(`     alone: ${command}\n`), text);
  assert.match(text, /^failed: test\/fixtures\/harness\/fails\/one\.test\.ts: fails: it's 1, not 2$/m);
  assert.is(last, '1 passed, 1 failed');
});

test('a title chooses tests, and one that no test has fails the run', () => {
  const only = run('fails', '--title', "it's 1");
  assert.equal([only.status, only.last], [1, '0 passed, 1 failed']);
  const other = run('fails', '--title', 'passes');
  assert.equal([other.status, other.last], [0, '1 passed, 0 failed']);
  assert.is(run('fails', '--title', 'no such title').last, '0 passed, 1 failed');
});

test('uvu lets these pass, and the run does not', () => {
  const flaws = {
    empty: 'it holds no test',
    forgets: 'it never calls run() for 1 of its tests',
    only: 'a `.only` is left in it',
    silent: 'it exited with 0, in or after "ends the process"',
  };
  const { status, text, last } = run('flaws');
  assert.is(status, 1);
  for (const [file, flaw] of Object.entries(flaws))
    assert.ok(text.includes(`${file}.test.ts: ${flaw}`), text);
  assert.is(last, '2 passed, 4 failed');
});

test('a word that is in no path fails the run and is named, beside one that is, too', () => {
  for (const words of [['no such file'], ['one', 'no such file'], ['--list', 'no such file']]) {
    const { status, text, last } = run('passes', ...words);
    assert.match(text, /^no test file has "no such file" in its path/);
    assert.equal([status, last], [1, '0 passed, 1 failed']);
  }
});

test('a wrong option is wrong usage, said without a stack', () => {
  const { status, text, errors } = run('passes', '--wrong');
  assert.equal([status, text], [2, '']);
  assert.match(errors, /^Unknown option '--wrong'/);
  assert.match(errors, /^usage: npm test -- /m);
  assert.not.match(errors, /^ +at /m);
  assert.is(run('passes', '--help').status, 0);
});

test('a skipped test is listed with its reason, and fails without one', () => {
  const { status, text, last } = run('skips');
  assert.is(status, 1);
  assert.match(text, /one\.test\.ts: skipped: there is no such device$/m);
  assert.match(text, /two\.test\.ts: a test is skipped without `skipped: why`$/m);
  assert.is(last, '2 passed, 1 failed, 2 skipped');
});

test('files are counted as they end, and a long silence says what is at work', async () => {
  const written: string[] = [];
  const seen = progress(12, (text) => void written.push(text), { silence: 0.02 });
  seen.begin('slow.test.ts');
  seen.begin('quick.test.ts');
  assert.is(seen.end('quick.test.ts'), '[ 1/12] ');
  while (written.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  seen.close();
  assert.match(written[0]!, /^\[1\/12\] running: slow\.test\.ts \(\d+ s\)\n$/);
});

test('on a terminal the last line is written over and fits the width', async () => {
  const written: string[] = [];
  const seen = progress(2, (text) => void written.push(text), { columns: 24, silence: 0.02 });
  seen.begin('a_file_of_a_long_name.test.ts');
  while (written.length < 1) await new Promise((resolve) => setTimeout(resolve, 10));
  seen.write('done');
  seen.close();
  assert.is(written[0], '\r\x1b[K[0/2] running: a_file_o');
  assert.ok(written.includes('\r\x1b[Kdone\n'));
});

test('a folder of which too few lines ran is named, and so is one of which nothing is known', () => {
  const whole = [...folders, 'all'].map((name) => [name, 100] as const);
  assert.equal(belowFloors({ lines: [], shares: new Map(whole) }), []);
  const shares = new Map([...whole.filter(([name]) => name !== 'cli'), ['spec', 12.34] as const]);
  const said = belowFloors({ lines: [], shares });
  assert.is(said.length, 2);
  assert.match(said[0]!, /^spec: 12\.3 %, at least \d+ % have to be$/);
  assert.match(said[1]!, /^cli: no %, at least \d+ % have to be$/);
});

test.run();
