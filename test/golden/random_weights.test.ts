/** Every spec that ships can be verified without a checkpoint: random weights let each of its parameters show. */

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Compiled } from '../../compiler/compile.ts';
import { specOf } from '../../compiler/identity.ts';
import type { Session } from '../../compiler/ports/session.ts';
import { shippedSpecs } from '../../driver/shipped.ts';
import { referenceSession } from '../../runtime/sessions/reference_session.ts';
import { compareLogits } from '../../runtime/verify/compare.ts';
import { allowed } from '../../runtime/verify/tolerance.ts';
import { verify } from '../../runtime/verify/verify.ts';
import { logitsOf, randomRows } from '../../runtime/verify/verify_run.ts';
import { wholeTextSession } from '../../runtime/verify/whole_text.ts';
import { windowsOf } from '../../runtime/verify/windows.ts';
import { fixture, type Made, make, makeFor } from './compile_fixture.ts';
import { forEachTarget } from './each_target.ts';

/** No tensor says which of two generations these are. */
const ambiguous: Readonly<Record<string, string>> = {
  'nanochat-g4-valueembed': 'nanochat_2026_01',
  'nanochat-g5-softcap20': 'nanochat_2026_03_softcap20',
};

const golden = readdirSync(fileURLToPath(new URL('../fixtures/golden/', import.meta.url)));

/** By spec, the sizes of a fixture and nothing else of it. */
const small = new Map(
  golden.map((name) => {
    const { manifest } = make(fixture(name), ambiguous[name]).compiled;
    return [manifest.model, manifest];
  }),
);

function fromSeed(spec: string, target: string): Made {
  const manifest = small.get(spec)!;
  const made = makeFor(target, {
    ...specOf(manifest),
    seed: 3,
    set: new Map(manifest.config.map((entry) => [entry.name, entry.value])),
  });
  assert.match(made.compiled.manifest.weights, 'random:3');
  return made;
}

async function holds(session: Session, compiled: Compiled): Promise<void> {
  const { believed, reference, manifest, plainWeights } = compiled;
  const report = await verify({
    session,
    reference: wholeTextSession(believed, manifest, plainWeights),
    windows: windowsOf(reference),
  });
  await session.close();
  const failed = report.rows
    .filter((r) => !r.pass)
    .map((r) => `${r.check}: ${r.what} ${r.max_abs} ${r.note}`);
  assert.equal(failed, []);
}

/** Parameters that differ in the number of their layer alone. */
function kinds({ nodes }: Compiled['reference']): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { op, attrs } of nodes) {
    if (op !== 'param') continue;
    const name = String(attrs['name']);
    const kind = name.replace(/\d+/g, '*');
    found.set(kind, (found.get(kind) ?? new Set()).add(name));
  }
  return found;
}

/** Without a rotation, what is added to every key adds the same to all scores of a query. */
const shown = (spec: string, kind: string): boolean => !(spec === 'opt' && kind.endsWith('k_proj.bias'));

/** Every other number grows, and the rest shrink. */
const disturbed = (x: number, i: number): number => (i % 2 === 0 ? 1.25 * x + 0.2 : x / 1.25 - 0.2);

/** Parameters that may change without a trace in the logits. */
async function unseen(session: Session, compiled: Compiled): Promise<readonly string[]> {
  const { reference, manifest, weightsOf } = compiled;
  const weights = weightsOf(reference);
  const limit = allowed('reference', manifest);
  const call = { tokens: randomRows(2, Math.min(12, manifest.context ?? 12), manifest.vocab, 5) };
  const actual = await logitsOf(session, [call]);
  const missed: string[] = [];
  for (const [kind, names] of kinds(reference)) {
    const values = (name: string): Float32Array => {
      const own = weights.values(name);
      return names.has(name) ? own.map(disturbed) : own;
    };
    const expected = await logitsOf(referenceSession(reference, manifest, { values }), [call]);
    const { abs } = compareLogits(expected, actual, limit);
    if (!(abs > 10 * limit.abs) && shown(manifest.model, kind)) missed.push(`${kind}: ${abs}`);
  }
  return missed;
}

await forEachTarget(({ target, isUsual, open }, within) => {
  for (const spec of small.keys())
    within(`${spec} with random weights, to ${target}`, async () => {
      const made = fromSeed(spec, target);
      const session = await open(made);
      if (isUsual) assert.equal(await unseen(session, made.compiled), []);
      await holds(session, made.compiled);
    });
});

test('no spec is left out', () => {
  assert.equal(
    shippedSpecs().flatMap((s) => (small.has(s.name) ? [] : s.name)),
    [],
  );
});

test.run();
