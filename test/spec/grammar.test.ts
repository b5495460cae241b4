import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Grammar } from '../../spec/grammar.ts';

test('the grammar is unambiguous with two tokens of lookahead', () => {
  assert.not.throws(() => new Grammar({ maxLookahead: 2, skipValidations: false }));
});

test('with one token it would not be, so the validation looks', () => {
  assert.throws(() => new Grammar({ maxLookahead: 1, skipValidations: false }), /Ambiguous/);
});

test.run();
