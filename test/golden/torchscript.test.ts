/** Every nanochat generation, compiled to TorchScript, gives nanochat's own numbers in LibTorch, whatever is done to the archive. */

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../compiler/ports/session.ts';
import { type FixtureOptions, fixture, goldenOf, make, readFixture } from './compile_fixture.ts';
import { fixtures, measure, specs } from './measure.ts';
import { type TorchHere, withTorch } from './torch_here.ts';

const forms = {
  dynamic: {},
  static: { cache: 'static', slots: 304 },
  none: { cache: 'none' },
} as const satisfies Readonly<Record<string, FixtureOptions>>;

const archive = (torch: TorchHere, name: string, options: FixtureOptions) => {
  const { compiled, bytes } = make(fixture(name), specs[readFixture(name).generation]!, {
    target: 'torchscript',
    ...options,
  });
  return { model: torch.file(`${name}.pt`, bytes), manifest: compiled.manifest };
};

async function opened<T>(
  torch: TorchHere,
  name: string,
  options: FixtureOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const made = archive(torch, name, options);
  const session = await torch.host.open(made);
  rmSync(made.model);
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

const worst = new Map<string, number>();

async function hold(torch: TorchHere, name: string, options: FixtureOptions): Promise<void> {
  const allowed = readFixture(name).tolerance.atol_float32;
  await opened(torch, name, options, async (session) => {
    const { uncached, cached, sameTokens } = await measure(session, name);
    assert.ok(uncached <= allowed, `${name}: logits ${uncached} apart, ${allowed} allowed`);
    assert.ok(cached <= allowed, `${name}: step logits ${cached} apart, ${allowed} allowed`);
    assert.ok(sameTokens, `${name}: other greedy tokens`);
    worst.set(name, Math.max(uncached, cached, worst.get(name) ?? 0));
  });
}

/** Each takes something out of a spec that the numbers must show. */
const faults: readonly (readonly [why: string, name: string, from: string, to: string])[] = [
  ['a rotation the other way round', 'nanochat-g1-mha', 'turn=-1', 'turn=1'],
  ['a window of one key less', 'nanochat-g3-window', 'look_back(i) + 1', 'look_back(i)'],
  ['another softcap', 'nanochat-g5-softcap20', '20)', '15)'],
];

/** What is done to an archive before it is run, and how far the logits may move by it: exactly nothing, rounding, narrow storage. */
const treatments: Readonly<Record<string, number>> = {
  saved: 0,
  frozen: 2e-5,
  optimised: 2e-5,
  bfloat16: 0.7,
};

const script = fileURLToPath(new URL('./treat_archive.py', import.meta.url));

function treat({ python }: TorchHere, model: string, name: string): Readonly<Record<string, number>> {
  const { tokens } = goldenOf(name);
  const input = JSON.stringify({ model, tokens });
  const { status, stdout, stderr } = spawnSync(python, [script], {
    input,
    encoding: 'utf8',
  });
  assert.is(status, 0, stderr);
  return JSON.parse(stdout) as Readonly<Record<string, number>>; // what the script prints
}

await withTorch((torch) => {
  for (const [form, options] of Object.entries(forms)) {
    for (const { name } of fixtures) {
      test(`${name}, cache ${form}: logits at once, step by step, and the greedy text are nanochat's`, () =>
        hold(torch, name, options));
    }
  }

  for (const [why, name, from, to] of faults) {
    test(`${why} does not pass as ${name}`, async () => {
      const edit = (text: string): string => text.replaceAll(from, to);
      const { uncached } = await opened(torch, name, { edit }, (session) => measure(session, name));
      assert.ok(uncached > readFixture(name).tolerance.atol_float32, `only ${uncached}`);
    });
  }

  for (const form of ['dynamic', 'static'] as const) {
    test(`cache ${form}: saved again, frozen, optimised and in half precision it gives the same`, () => {
      const name = 'nanochat-g7-gqa-bf16-sft';
      const apart = treat(torch, archive(torch, name, forms[form]).model, name);
      assert.equal(Object.keys(apart).sort(), [...Object.keys(treatments), 'another token'].sort());
      for (const [what, allowed] of Object.entries(treatments))
        assert.ok(apart[what]! <= allowed, `${what}: ${apart[what]}`);
      assert.ok(apart['another token']! > 0.7, 'one token changed shows');
    });
  }

  test('the worst error over all of them is far below what they allow', () => {
    const [name, most] = [...worst].reduce((a, b) => (b[1] > a[1] ? b : a), ['none', 0]);
    process.stdout.write(
      `\nworst error over ${worst.size} fixtures in LibTorch ${torch.host.version}: ${most.toExponential(2)} (${name})\n`,
    );
    assert.is(worst.size, fixtures.length);
    assert.ok(most <= 3e-5, `${name}: ${most}`);
  });
});

test.run();
