import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generated } from '../../scripts/generate.ts';
import { root } from './sources.ts';

for (const [path, make] of Object.entries(generated)) {
  test(`${path} is what \`npm run generate\` writes`, () => {
    assert.fixture(readFileSync(root + path, 'utf8'), make());
  });
}

test('the lock file names no host', () => {
  const lock = readFileSync(`${root}package-lock.json`, 'utf8');
  assert.not.match(lock, /"resolved"/);
  assert.not.match(
    lock,
    /https?:\/\/(?!opencollective|github|www\.patreon|tidelift|feross|paypal|ko-fi)[\w.-]*registry/,
  );
});

/** Files that git keeps or would keep, text only. */
function texts(): readonly (readonly [path: string, text: string])[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return listed
    .split('\0')
    .filter((path) =>
      /\.(?:ts|md|json|nanospec|txt|ya?ml|cpp|h|html|js|mjs|py|sh)$|^\.ci\/|^\.npmrc$/.test(path),
    )
    .flatMap((path) => {
      try {
        return [[path, readFileSync(root + path, 'utf8')] as const];
      } catch {
        return []; // deleted and not yet committed
      }
    });
}

test('nothing names the machine that it was written on', () => {
  const local = /(?:^|[\s"'`(=:])\/(?:work|home\/\w+|Users\/\w+|root|tmp\/brief)\//m;
  for (const [path, text] of texts()) {
    if (path !== 'test/repository/fresh.test.ts') assert.not(local.test(text), path);
  }
});

test.run();
