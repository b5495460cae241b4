/** Every spec of the repository as an archive gives the numbers of the interpreter, in every form of the cache. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../../compiler/ports/session.ts';
import { columnsOf, padLeft } from '../../../runtime/cache.ts';
import { referenceSession } from '../../../runtime/sessions/reference_session.ts';
import { compareLogits } from '../../../runtime/verify/compare.ts';
import { cutInto, logitsOf, randomRows, rowOf } from '../../../runtime/verify/verify_run.ts';
import type { Tensor } from '../../../spec/tensor.ts';
import { withTorch } from '../../golden/torch_here.ts';
import { archiveOf, compileSmall, specs } from './small_models.ts';

const rows = randomRows(2, 11, 61, 3);
/** The second row begins two tokens later. */
const { tokens, real } = padLeft([rows[0]!, rows[1]!.slice(2)]);

const far = (a: Tensor, b: Tensor): number => compareLogits(a, b, { abs: 0, kl: 0 }).abs;
const tolerance = 5e-5;

/** Logits of a prompt and of what follows, in three calls; of a padded text only what no pad gave. */
async function inCalls(session: Session, text = tokens): Promise<Tensor> {
  const calls = cutInto(text, [7, 1, 3], real);
  return columnsOf(await logitsOf(session, calls), 2);
}

await withTorch(({ host, file }) => {
  for (const spec of specs) {
    for (const form of [{}, { cache: 'static', slots: 16 }] as const) {
      const name = 'cache' in form ? 'static' : 'dynamic';
      test(`${spec}, cache ${name}: a padded text in three calls`, async () => {
        const compiled = compileSmall(spec, form);
        const { manifest } = compiled;
        const session = await host.open({ model: file('model.pt', archiveOf(compiled)), manifest });
        const reference = referenceSession(
          compiled.reference,
          manifest,
          compiled.weightsOf(compiled.reference),
        );
        const logits = await inCalls(session);
        const apart = far(await inCalls(reference), logits);
        const other = tokens.map((row) => row.with(5, (row[5]! + 1) % 61));
        assert.ok(apart <= tolerance, `off by ${apart}`);
        assert.ok(far(await inCalls(reference, other), logits) > 1e-4, 'another token shows');
        await session.close();
      });
    }

    test(`${spec}, no cache: a text at once, its last logits alone, and padded`, async () => {
      for (const last of ['all', 'last'] as const) {
        const compiled = compileSmall(spec, { cache: 'none', logits: last });
        const { manifest } = compiled;
        const session = await host.open({ model: file('model.pt', archiveOf(compiled)), manifest });
        const reference = referenceSession(
          compiled.reference,
          manifest,
          compiled.weightsOf(compiled.reference),
        );
        const [ours, theirs] = [
          await logitsOf(session, [{ tokens: rows }]),
          await logitsOf(reference, [{ tokens: rows }]),
        ];
        assert.equal(ours.shape, [2, last === 'all' ? 11 : 1, 61]);
        const call = [{ tokens, real }];
        const [own, told] = await Promise.all([session, reference].map((s) => logitsOf(s, call)));
        const [ownRow, toldRow] = [own!, told!].map((t) => rowOf(columnsOf(t, last === 'all' ? 2 : 0), 1));
        const alone = await logitsOf(reference, [{ tokens: [rows[1]!.slice(2)] }]);
        for (const other of [toldRow!, alone])
          assert.ok(far(other, ownRow!) <= tolerance, `padded: off by ${far(other, ownRow!)}`);
        assert.ok(far(theirs, ours) <= tolerance, `off by ${far(theirs, ours)}`);
        await session.close();
      }
    });
  }
});

test.run();
