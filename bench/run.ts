/**
 * `npm run bench`: every figure that nanoc is held to, as a ratio within one run, written into bench/RESULTS.md. Takes many minutes
 * and 10 GB in the folder for temporary files. `npm run bench -- decode load` measures those sections anew; `--rounds 2` is faster.
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { groups } from './groups/index.ts';
import { factsOf, occasionOf } from './machine.ts';
import { chosenGroups, measure } from './measure.ts';
import { fullSize, root, settingOf } from './setting.ts';
import { resultsPage, section } from './table.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' } },
});
const folder = mkdtempSync(join(tmpdir(), 'nanoc-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));

const rounds = Number(values.rounds ?? fullSize.rounds);
if (!(rounds >= 1)) throw new Error('--rounds wants a number of at least 1');
const setting = settingOf({ ...fullSize, rounds }, folder, (line) => void process.stderr.write(`${line}\n`));
const path = join(root, 'bench/RESULTS.md');
for (const name of chosenGroups(positionals)) {
  const occasion = occasionOf();
  const text = section(name, occasion, await measure(name, setting));
  process.stdout.write(`${text}\n`);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  writeFileSync(path, resultsPage(before, factsOf(setting), new Map([[name, text]]), Object.keys(groups)));
}
