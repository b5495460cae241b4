/** The graph that a target gets, run by the interpreter. */

import type { Compiled } from '../../compiler/compile.ts';
import type { Session } from '../../compiler/ports/session.ts';
import { referenceSession } from '../../runtime/sessions/reference_session.ts';

export const interpreted = ({ graph, manifest, weights }: Compiled): Session => ({
  ...referenceSession(graph, manifest, weights),
  label: 'interpreter',
});
