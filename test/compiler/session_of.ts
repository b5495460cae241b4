/** A graph whose ports are placed, as a session on the interpreter: what its manifest would say and random weights. */

import type { Graph } from '../../compiler/graph/ir.ts';
import type { CacheForm, Manifest } from '../../compiler/ports/manifest.ts';
import type { Session } from '../../compiler/ports/session.ts';
import { referenceSession } from '../../runtime/sessions/reference_session.ts';
import { weightsFor } from './tiny_graph.ts';

export function sessionOf(graph: Graph, cache: CacheForm, slots?: number): Session {
  const manifest: Manifest = {
    version: 1,
    producer: 'test',
    model: graph.name,
    spec: { name: 'tiny', text: '', sha256: '', includes: {} },
    config: [],
    weights: 'random',
    passes: [],
    cache,
    ...(slots === undefined ? {} : { slots }),
    logits: 'all',
    vocab: 10,
    storage: 'float32',
    compute: 'float32',
    inputs: [],
    outputs: [],
    ports: [],
  };
  return referenceSession(graph, manifest, weightsFor(graph));
}
