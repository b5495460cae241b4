/** Texts that are kept in files and compared. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';

/** Compare with a checked-in file; `UPDATE=1 npm test` writes it, to be reviewed in the diff. */
export function golden(file: URL, actual: string): void {
  if (process.env['UPDATE'] !== undefined) {
    assert.not(process.env['CI'], 'goldens are not written where nobody reads the diff');
    mkdirSync(dirname(fileURLToPath(file)), { recursive: true });
    writeFileSync(file, actual);
  }
  assert.ok(existsSync(file), `${fileURLToPath(file)} is missing: UPDATE=1 writes it`);
  assert.fixture(actual, readFileSync(file, 'utf8'));
}
