/** What a step may be, and what is said of one that is none. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { changed, diagnose, said } from './refused.ts';

const text = `
model m {
  config { dim = 8 }
  wte: Embedding(50, dim)
  keep: Linear(dim, dim)
  fn step(h: [B, dim], k, x) {
    h = k * h + x
    return h, h
  }
  forward(tokens: int64[B, T]) -> logits: [B, T, dim] {
    x = wte(tokens)
    return scan(step, sigmoid(keep(x)), x)
  }
}
`;

test('a step checks', () => assert.is(said(diagnose(text)), ''));

const mistakes: readonly (readonly [title: string, from: string, to: string, code: string, words: string])[] =
  [
    ['a state without a type', 'h: [B, dim], k', 'h, k', 'N314', 'the state `h` needs a type'],
    ['a state with tokens', 'h: [B, dim]', 'h: [B, T, dim]', 'N316', 'a state is [B, ...] without tokens'],
    ['a state without rows', 'h: [B, dim]', 'h: [dim]', 'N316', 'a state is [B, ...]'],
    [
      'nothing carried',
      'fn step(h: [B, dim], k, x) {',
      'fn step(k, x) {\n    h = x',
      'N204',
      '`step` carries nothing',
    ],
    ['only the state returned', 'return h, h', 'return h', 'N217', '`step` returns 1 of 2 values or more'],
    ['a state of another shape', 'return h, h', 'return sum(h, axis=-1), h', 'N301', 'the new `h` of `step`'],
    ['a state of another dtype', 'return h, h', 'return float32(h), h', 'N309', 'the new `h` of `step`'],
    [
      'a result that is no token’s',
      'return h, h',
      'return h, keep.weight',
      'N316',
      'must give [B, ...] of a token',
    ],
    ['a cache inside', 'h = k * h + x', 'h = k * h + cache(x, last=1)', 'N310', 'sees one token'],
    [
      'positions inside',
      'h = k * h + x',
      'h = k * h + float(positions)',
      'N310',
      '`positions` inside a step',
    ],
    ['a scan inside', 'h = k * h + x', 'h = scan(step, k, x)', 'N310', '`scan` inside a step'],
    [
      'weights to walk',
      'scan(step, sigmoid(keep(x)), x)',
      'scan(step, keep.weight, x)',
      'N316',
      'walks [B, T, ...]',
    ],
    ['no step', 'scan(step, sigmoid(keep(x)), x)', 'scan(x, x)', 'N314', 'must be a function or a module'],
    ['nothing to walk', 'scan(step, sigmoid(keep(x)), x)', 'scan(step)', 'N204', 'needs something to walk'],
    ['nothing at all', 'scan(step, sigmoid(keep(x)), x)', 'scan()', 'N204', 'needs a step and what it walks'],
    [
      'a start that is no number',
      'h: [B, dim]',
      'h: [B, dim] = keep',
      'N314',
      'the state `h` starts as a number, found a module',
    ],
    ['a wrong width inside', 'h = k * h + x', 'h = k * h + keep(h)[..., :4]', 'N303', 'do not fit'],
  ];

for (const [title, from, to, code, words] of mistakes) {
  test(`${title} is refused`, () => {
    const found = diagnose(changed(text, from, to));
    assert.ok(
      found.some((d) => d.code === code),
      said(found),
    );
    assert.ok(said(found).includes(words), said(found));
  });
}

test.run();
