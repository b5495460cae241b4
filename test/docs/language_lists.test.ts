import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { reservedValues } from '../../spec/elaborate/bodies/names.ts';
import { builtinNames } from '../../spec/elaborate/builtins/builtins.ts';
import { prelude } from '../../spec/generated/prelude.ts';
import { parse } from '../../spec/parse.ts';
import { contextual, reserved } from '../../spec/tokens.ts';
import { textOfPage } from './command_lines.ts';

const page = textOfPage('spec/LANGUAGE.md');
const section = (title: string): string => page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
/** All words in code spans. */
const spelled = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/`([^`]+)`/g)].flatMap((m) => m[1]!.match(/[A-Za-z_]\w*/g) ?? []));
/** The code span that begins with these words, as a list. */
const listed = (start: string): readonly string[] => {
  const found = new RegExp(`\`(${start}[^\`]*)\``).exec(section('Grammar'))?.[1] ?? '';
  return found.split(/\s+/);
};

test('every built-in stands in the table, and the table names no other', () => {
  const table = spelled(
    section('Built-ins')
      .split('\n\n')
      .find((part) => part.includes('| kind')) ?? '',
  );
  for (const name of builtinNames) assert.ok(table.has(name), `${name} is missing`);
  const known = new Set([
    ...builtinNames,
    ...reservedValues,
    'and',
    'or',
    'not',
    'as',
    'if',
    'for',
    'in',
    'attention',
    'cache',
    'Rotary',
    'list',
  ]);
  const extra = [...table].filter((word) => !known.has(word) && word.length > 4);
  assert.equal(
    extra.filter((word) => !/^(?:table|scale)$/.test(word)),
    [],
  );
});

test('reserved words, contextual ones and taken values are those of the tables', () => {
  assert.equal([...listed('and as')].sort(), Object.keys(reserved).sort());
  assert.equal([...listed('model config')].sort(), Object.keys(contextual).sort());
  assert.equal([...listed('B T')].sort(), [...reservedValues].sort());
});

test('the prelude is listed', () => {
  const { value } = parse({ name: 'prelude.nanospec', text: prelude });
  const names = value!.declarations.flatMap((d) =>
    d.kind === 'Function' || d.kind === 'Block' ? [d.name.text] : [],
  );
  const words = spelled(section('The prelude').replace(/`([^`]*)\n([^`]*)`/g, '`$1 $2`'));
  assert.equal(
    names.filter((name) => !words.has(name) && name !== 'yarn_pair'),
    [],
  );
});

/** `a = b ;` with white space squeezed, by name. */
function productions(text: string): ReadonlyMap<string, string> {
  const found = text.matchAll(/^ *(\w+) += (.*?) ;$/gms);
  return new Map([...found].map((m) => [m[1]!, m[2]!.replace(/\s+/g, ' ')]));
}

test('the contents list every section', () => {
  const titles = [...page.matchAll(/^## (.*)$/gm)].map((m) => m[1]!);
  const contents = [...page.matchAll(/^- \[(.*)\]\(#/gm)].map((m) => m[1]!);
  assert.equal(contents, titles);
});

test('every name in the grammar is a production, a token or a word', () => {
  const grammar = productions(/```ebnf\n(.*?)```/s.exec(page)?.[1] ?? '');
  assert.ok(grammar.size > 40);
  for (const [name, right] of grammar) {
    for (const word of right.replace(/"[^"]*"/g, '').match(/[A-Za-z]+/g) ?? []) {
      const known = grammar.has(word) || ['STRING', 'NUMBER', 'NAME', 'WORD', 'DTYPE'].includes(word);
      assert.ok(known, `${word} in ${name}`);
    }
  }
});

test.run();
