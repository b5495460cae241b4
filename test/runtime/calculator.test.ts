/** What Python says of an expression, in Python's spelling; the expected texts were printed by Python. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { calculate, pythonFloat } from '../../runtime/calculator.ts';

const said: Readonly<Record<string, string>> = {
  '12*7': '84',
  '7/2': '3.5',
  '6/2': '3.0',
  '1,000 + 1': '1001',
  '-7//2': '-4',
  '7//-2.0': '-4.0',
  '2*(3+4)-1': '13',
  '--3': '3',
  '.5+1.': '1.5',
  '0.1+0.2': '0.30000000000000004',
  '00': '0',
  '10000000000000000.0': '1e+16',
  '1/10000': '0.0001',
  '1/100000': '1e-05',
  '123456789/1000': '123456.789',
  '99999999999999999999*99999999999999999999': '9999999999999999999800000000000000000001',
  '99999999999999999999/3': '3.333333333333333e+19',
  '100000000000000000001/100000000000000000000': '1.0',
  '-0.0': '-0.0',
  "'strawberry'.count('r')": '3',
  '"aaaa".count("aa")': '2',
  "'ab'.count('')": '3',
  "'AbA'.lower().count('a')": '2',
  "('x' 'xx').count('x')": '3',
};

for (const [code, result] of Object.entries(said)) {
  test(`${code} is ${result}`, () => assert.is(calculate(code), result));
}

test('what Python or the engine refuses has no result', () => {
  for (const code of [
    ...[
      '',
      ' ',
      '1/0',
      '1//0',
      '1%2',
      '2**3',
      '007',
      '1.2.3',
      '2(3)',
      '(1',
      '1)',
      '1 2',
      '*3',
      'x',
      'abs(1)',
    ],
    ...["'a'", "'a'.count(b)", "'a'.count('a'", "'a'.upper('x').count('a')", "'a'.__len__().count('a')"],
    ...["'a'.count('a').count('a')", "'a'.constructor().count('a')", '('.repeat(5000), '-'.repeat(5000)],
    ...[`${'9'.repeat(400)}/1`],
  ]) {
    assert.is(calculate(code), undefined, code);
  }
});

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...`0123456789.+-*/() ,'"ab_count`) }), (code) => {
      calculate(code);
      calculate(`'a'.count(${code})`);
    }),
    { numRuns: 3000, seed: 7 },
  );
});

test('floats read back as what they were', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
      const text = pythonFloat(x);
      assert.is(Number(text), x);
      assert.match(text, /[.e]/);
    }),
    { numRuns: 2000, seed: 7 },
  );
});

test.run();
