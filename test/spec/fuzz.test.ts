/** Whatever the text, parsing ends with a tree or with diagnostics, and a tree survives formatting. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { format } from '../../spec/format.ts';
import { parse } from '../../spec/parse.ts';
import { render } from '../../spec/render.ts';
import { children, walk } from '../../spec/walk.ts';
import { mutants } from './mutate.ts';
import { withoutPlaces } from './specs.ts';

const seed = 20_251_013;
/** In CI ten thousand, elsewhere the first two thousand of them; `NANOC_FUZZ=200000 npm test -- spec/fuzz` looks longer. */
const numRuns = Number(process.env['NANOC_FUZZ'] ?? (process.env['CI'] === 'true' ? 10_000 : 2000));

/** Parses, and checks what must hold of any text; true if there is a tree. */
function survives(text: string): boolean {
  const { value, diagnostics } = parse({ name: 'mutant', text });
  assert.is(value !== undefined, diagnostics.length === 0, 'a tree, or something to say');
  for (const { span, message } of diagnostics) {
    assert.ok(message !== '' && span, 'each diagnostic has words and a place');
    assert.ok(span.start >= 0 && span.start <= span.end && span.end <= text.length, 'inside the text');
  }
  assert.type(render(diagnostics, { color: false }), 'string');
  if (!value) return false;
  const once = format(value);
  const again = parse({ name: 'formatted', text: once });
  assert.ok(again.value, render(again.diagnostics, { color: false }));
  assert.equal(withoutPlaces(again.value), withoutPlaces(value));
  assert.is(format(again.value), once, 'formatting twice is formatting once');
  assert.equal(
    again.value.comments.map((c) => c.text).sort(),
    value.comments.map((c) => c.text).sort(),
    'every comment is kept',
  );
  return true;
}

test(`${numRuns} damaged specs never throw, and those that parse round-trip`, () => {
  let trees = 0;
  fc.assert(
    fc.property(mutants, (text) => {
      if (survives(text)) trees++;
    }),
    { seed, numRuns },
  );
  assert.ok(trees > numRuns / 20, `${trees} parsed`);
  assert.ok(trees < (numRuns * 19) / 20, `${trees} parsed`);
});

test('arbitrary characters never throw', () => {
  const characters = fc.string({ unit: 'binary', maxLength: 200 });
  const grammar = fc
    .array(
      fc.constantFrom(
        'model m {',
        'block A {',
        '}',
        'fn f(x) =',
        '[',
        ']',
        '(',
        ')',
        '# c\n',
        '"s"',
        'x',
        '=',
        ':',
        '1',
        ',',
        'if',
        'else',
        'for',
        'in',
        'as',
        '.',
      ),
      { maxLength: 60 },
    )
    .map((words) => words.join(' '));
  fc.assert(
    fc.property(fc.oneof(characters, grammar), (text) => void survives(text)),
    { seed, numRuns: 2000 },
  );
});

test('every node of a tree lies inside its parent', () => {
  fc.assert(
    fc.property(mutants, (text) => {
      const { value } = parse({ name: 'mutant', text });
      if (!value) return;
      for (const node of walk(value)) {
        for (const { span, kind } of children(node)) {
          const inside = span.start >= node.span.start && span.end <= node.span.end;
          assert.ok(inside, `${kind} in ${node.kind}: ${text.slice(span.start, span.end)}`);
        }
      }
    }),
    { seed, numRuns: 1000 },
  );
});

test.run();
