/** `npm run bench`: the figures of the README, by hand; needs 7 GB in the folder for temporary files. `-- check` runs one. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkSpeed } from './check_speed.ts';
import { compileD20 } from './compile_d20.ts';
import { decodeSpeed } from './decode_speed.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const nanoc = `${root}dist/nanoc.js`;
if (!existsSync(nanoc)) throw new Error('dist/nanoc.js is missing: npm run build');
const spec = readFileSync(`${root}examples/nanochat_2025_10.nanospec`, 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'nanoc-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));

const benches = {
  check: () => checkSpeed(nanoc, spec, folder),
  decode: () => decodeSpeed(nanoc, folder),
  compile: () => compileD20(nanoc, folder),
};
const wanted = process.argv.slice(2);
process.stdout.write(`${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}\n`);
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stdout.write(`\n${name}\n`);
  for (const line of await bench()) process.stdout.write(`  ${line}\n`);
}
