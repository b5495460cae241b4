import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { didYouMean, nearest } from '../../spec/nearest.ts';

const names = ['softmax', 'softplus', 'softcap', 'silu', 'relu'];

test('a letter that is wrong, missing, too many or swapped is found', () => {
  for (const word of ['sofrmax', 'softmx', 'softtmax', 'sfotmax']) assert.is(nearest(word, names), 'softmax');
});

test('a swap of neighbours is one edit, and two letters that are wrong are two', () => {
  assert.is(nearest('ab', ['ba']), undefined);
  assert.is(nearest('abc', ['acb']), 'acb');
  assert.is(nearest('abc', ['axy']), undefined);
});

test('capitals do not count', () => {
  assert.is(nearest('SOFTMAX', names), 'softmax');
  assert.is(nearest('softmax', ['SOFTMAX']), 'SOFTMAX');
});

test('up to 0.4 of the letters may differ, and no more', () => {
  assert.is(nearest('12345', ['123xy']), '123xy');
  assert.is(nearest('12345', ['12xyz']), undefined);
  assert.is(nearest('1234', ['12xy']), undefined);
  assert.is(nearest('ab', ['ax']), undefined);
  assert.is(nearest('', names), undefined);
});

test('the nearest wins, and among equals the first', () => {
  assert.is(nearest('softcup', ['softmap', 'softcap']), 'softcap');
  assert.is(nearest('softcap', ['softcab', 'softcap', 'softcat']), 'softcap');
  assert.is(nearest('12345', ['1234x', '1234y']), '1234x');
});

test('a swap at the end of a row of wrong letters is still found', () => {
  assert.is(nearest('abcdefghij', ['xycdefghji']), 'xycdefghji');
});

test('the hint quotes the name, and there is none without one', () => {
  assert.equal(didYouMean('rleu', names), { hint: 'did you mean `relu`?' });
  assert.equal(didYouMean('convolution', names), {});
});

test.run();
