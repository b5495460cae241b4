import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type SourceFile, shippedSources, sources } from './sources.ts';

type Text = Pick<SourceFile, 'path' | 'text'>;

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.match(/\w+/g) ?? []);

/** Values that a file exports and no other file names; types are exported with what they describe. */
function unusedExports(shipped: readonly Text[], all: readonly Text[]): string[] {
  const words = all.map(({ path, text }) => ({ path, words: wordsOf(text) }));
  return shipped.flatMap(({ path, text }) =>
    [...text.matchAll(/^export (?:async )?(?:const|function\*?|class) (\w+)/gm)]
      .map(([, name]) => name!)
      .filter((name) => !words.some((file) => file.path !== path && file.words.has(name)))
      .map((name) => `${path} exports ${name}`),
  );
}

test('what a file exports is used by another', () => {
  assert.equal(unusedExports(shippedSources, sources), []);
});

test('an export that nothing uses is found', () => {
  const files = [
    { path: 'a.ts', text: 'export const used = 1;\nexport function left() {}\nleft();\n' },
    { path: 'b.ts', text: "import { used } from './a.ts';\n" },
  ];
  assert.equal(unusedExports(files, files), ['a.ts exports left']);
});

test.run();
