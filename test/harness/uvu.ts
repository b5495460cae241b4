/** uvu as the test files get it: it does the same, and the ledger hears of it. */

import * as uvu from 'uvu';
import { ledger } from './ledger.ts';

const textOf = (thrown: unknown): string =>
  thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);

/** uvu goes on after a hook that throws as if nothing had been: its tests are left out, and the reason is lost. */
function hook<T>(what: string, real: (callback: uvu.Callback<T>) => void) {
  return (callback: uvu.Callback<T>): void =>
    real(async (context) => {
      try {
        await callback(context);
      } catch (thrown) {
        ledger.problems.push(`${what} threw: ${textOf(thrown)}`);
        throw thrown;
      }
    });
}

function watched<T>(real: uvu.Test<T>): uvu.Test<T> {
  let waiting = 0;
  const declare = (title: string, callback: uvu.Callback<T>): void => {
    if (!title.includes(ledger.title)) return;
    waiting += 1;
    ledger.waiting += 1;
    real(title, async (context) => {
      ledger.begin(title);
      try {
        await callback(context);
      } catch (thrown) {
        ledger.failures.push(title);
        throw thrown;
      }
    });
  };
  const { before, after } = real;
  return Object.assign(declare, {
    before: Object.assign(hook('a `before` hook', before), {
      each: hook('a `before.each` hook', before.each),
    }),
    after: Object.assign(hook('an `after` hook', after), { each: hook('an `after.each` hook', after.each) }),
    only(title: string, callback: uvu.Callback<T>): void {
      ledger.problems.push('a `.only` is left in it');
      declare(title, callback);
    },
    skip(title = ''): void {
      if (title.includes(ledger.title)) real.skip(title);
    },
    run(): void {
      ledger.waiting -= waiting;
      waiting = 0;
      real.run();
    },
  });
}

export type { Callback, Test } from 'uvu';
export const test: typeof uvu.test = watched(uvu.test);
export const suite: typeof uvu.suite = (title, context) => watched(uvu.suite(title, context));
