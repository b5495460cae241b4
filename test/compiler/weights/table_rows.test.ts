import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tableRows } from '../../../compiler/weights/table_rows.ts';
import type { RotaryTable } from '../../../spec/ops/rotary_table.ts';
import { roundTo } from '../../../spec/round.ts';

const table = (more: Partial<RotaryTable> = {}): RotaryTable => ({
  part: 'cos',
  freqs: [1, Math.fround(0.1)],
  magnitude: 1,
  rounded: null,
  length: 32_768,
  ...more,
});

test('float32 holds every step: position times frequency is rounded before the cosine', () => {
  const position = 20_011;
  const [, slow = 0] = table().freqs;
  const [, found] = tableRows(table(), position, position + 1);
  assert.is(found, Math.fround(Math.cos(Math.fround(position * slow))));
  assert.ok(Math.abs(found! - Math.cos(position * slow)) > 1e-6, 'in double it is another number');
});

test('rows are the same in any cut', () => {
  for (const part of ['cos', 'sin'] as const) {
    const whole = tableRows(table({ part }), 0, 20);
    const pieces = [tableRows(table({ part }), 0, 7), tableRows(table({ part }), 7, 20)];
    assert.equal([...pieces[0]!, ...pieces[1]!], [...whole]);
    assert.is(whole.length, 40);
    assert.is.not(whole[2], tableRows(table({ part }), 2, 3)[0]);
  }
});

test('the magnitude comes before the rounding', () => {
  const [found] = tableRows(table({ magnitude: 1.3, rounded: 'bfloat16' }), 1, 2);
  assert.is(found, roundTo('bfloat16', Math.fround(Math.fround(Math.cos(1)) * Math.fround(1.3))));
  assert.is.not(found, Math.fround(roundTo('bfloat16', Math.cos(1)) * Math.fround(1.3)));
});

test.run();
