import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { command as commandOf, nanocShown, root } from '../cli/run_cli.ts';
import { clone } from './clone.ts';
import { pages, textOfPage, wordsOf } from './command_lines.ts';
import { abridged, blockOf, type Call, normalised, type Transcript, transcriptsOf } from './transcripts.ts';

const update = process.env['UPDATE'] !== undefined;
const cwd = clone();
mkdirSync(join(cwd, 'out/demo'), { recursive: true });
const forgot = /^```nanospec error N315\n(model .*?)^```$/ms.exec(textOfPage('spec/LANGUAGE.md'))?.[1];
writeFileSync(join(cwd, 'forgot.nanospec'), forgot ?? '');

/** `echo "text" | nanoc ...`, or `nanoc ...`. */
async function printed(command: string): Promise<string> {
  const [, input, args] = /^(?:echo "([^"]*)" \| )?nanoc (.*)$/.exec(command) ?? [];
  assert.ok(args, `only nanoc is shown at work, not ${command}`);
  if (input === undefined) return (await nanocShown(wordsOf(args), { cwd })).shown;
  const words = [process.execPath, ...commandOf(wordsOf(args))].map((word) => `'${word}'`).join(' ');
  const { stdout } = spawnSync('sh', ['-c', `${words} 2>&1`], { cwd, input: `${input}\n`, encoding: 'utf8' });
  return stdout;
}

async function hold(page: string, { block, calls }: Transcript): Promise<void> {
  const again: Call[] = [];
  for (const { command, printed: shown } of calls)
    again.push({ command, printed: abridged(shown, (await printed(command)).trimEnd()) });
  const fresh = blockOf(again);
  if (update && normalised(fresh) !== normalised(block)) {
    assert.not(process.env['CI'], 'pages are not written where nobody reads the diff');
    const path = join(root, page);
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(block, () => fresh),
    );
    return;
  }
  assert.fixture(normalised(block), normalised(fresh), `UPDATE=1 writes ${page} anew`);
}

const all = pages.flatMap((page) =>
  transcriptsOf(textOfPage(page)).map((transcript) => ({ page, transcript })),
);

for (const { page, transcript } of all) {
  const [first] = transcript.calls;
  test(`${page} shows what is printed after: ${first!.command}`, () => hold(page, transcript));
}

test('the README shows the demo, command by command', () => {
  const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', 'examples/demo.ts', '--list'], {
    ...{ cwd: root, encoding: 'utf8' },
  });
  const [first] = transcriptsOf(textOfPage('README.md'));
  assert.equal(
    stdout.trim().split('\n'),
    first!.calls.map(({ command }) => command),
  );
});

test('lines left out may be any, and those shown are those printed', () => {
  const shown = 'one 1.0e-5\n...\nfour';
  assert.is(abridged(shown, 'one 2.0e-6\ntwo\nthree\nfour'), 'one 2.0e-6\n...\nfour');
  assert.is(abridged(shown, 'two\nfour\nfive'), '...\nfour\nfive');
  assert.is(abridged('one\nfour', 'one\ntwo\nfour'), 'one\ntwo\nfour');
});

test('a figure that the machine decides may differ, and nothing else', () => {
  const line = (error: string, seconds: string, rest = '') =>
    `reference  1 row  ${error}  ok${rest}\nwriting x: 7.0 MB in ${seconds} s, 120.5 a second`;
  assert.is(normalised(line('6.7e-6', '0.1')), normalised(line('   0', '12.0')));
  assert.is.not(normalised(line('6.7e-6', '0.1')), normalised(line('6.7e-6', '0.1', '!')));
  assert.is.not(normalised('7.0 MB'), normalised('7.1 MB'));
  assert.is.not(normalised('100%'), normalised('99.9%'));
});

test.run();
