/** Whatever a spec says, elaboration ends with a program or with diagnostics, and building agrees with checking. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from '../../../compiler/build.ts';
import { check } from '../../../spec/check.ts';
import { hasErrors } from '../../../spec/diagnostic.ts';
import { parse } from '../../../spec/parse.ts';
import type { ConfigValue } from '../../../spec/program.ts';
import { shipped } from '../specs.ts';
import { graft, random } from './graft.ts';
import { include, said } from './refused.ts';

/** `NANOC_FUZZ=20000 npm test -- elaborate/fuzz` looks longer. */
const runs = Number(process.env['NANOC_FUZZ'] ?? 300);
const seed = Number(process.env['NANOC_SEED'] ?? 20_251_013);

const texts = shipped.filter((s) => !s.name.includes('prelude')).map((s) => s.text);

/** Small enough to be quick; names that a spec has not are left out. */
function small(text: string): ReadonlyMap<string, ConfigValue> {
  const sizes = { layers: 3, routed: 4, n_experts: 4, chosen: 2, groups: 2, open: 1 };
  return new Map(Object.entries(sizes).filter(([name]) => new RegExp(`^    ${name}\\s`, 'm').test(text)));
}

test(`${runs} changed specs never throw`, () => {
  const next = random(seed);
  let [right, wrong] = [0, 0];
  for (let i = 0; i < runs; i++) {
    const original = texts[Math.floor(next() * texts.length)]!;
    const text = graft(original, next);
    const { value } = parse({ name: 'mutant', text });
    if (!value) continue;
    const set = new Map([...small(original)].filter(([name]) => small(text).has(name)));
    try {
      const built = build(value, { include, set });
      const { program, diagnostics } = i % 4 === 0 ? check(value, { include, set }) : built;
      assert.is(said(diagnostics), said(built.diagnostics));
      assert.is(program === undefined, hasErrors(diagnostics), 'a program, or something to say');
      assert.is(built.graph === undefined, hasErrors(diagnostics));
      for (const d of diagnostics) {
        const closing = d.code === 'N620' || d.more !== undefined; // the count of those that are left out
        assert.ok(d.span || closing, `${d.code} has a place`);
        assert.is.not(d.span?.source.name, 'prelude.nanospec', said(diagnostics));
      }
      if (program) right++;
      else wrong++;
    } catch (cause) {
      const why = cause instanceof Error ? cause.stack : String(cause);
      assert.unreachable(`mutant ${i} of seed ${seed}: ${why}\n${text}`);
    }
  }
  assert.ok(right > runs / 50, `${right} are right`);
  assert.ok(wrong > runs / 3, `${wrong} are wrong`);
});

test.run();
