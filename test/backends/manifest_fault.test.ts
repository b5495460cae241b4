/** Manifests that say what their graph does not: refused before a runtime goes by them. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Boundary, manifestFault } from '../../backends/manifest_fault.ts';
import type { Manifest, ManifestPort } from '../../compiler/ports/manifest.ts';

const past = { name: 'past', dtype: 'float32', shape: ['batch_size', 2, 'past_sequence_length', 4] } as const;
const present = { ...past, name: 'present', shape: ['batch_size', 2, 'total_sequence_length', 4] } as const;
const ids = { name: 'input_ids', dtype: 'int64', shape: ['batch_size', 'sequence_length'] } as const;
const logits = { name: 'logits', dtype: 'float32', shape: ['batch_size', 'sequence_length', 9] } as const;
const port: ManifestPort = {
  ...past,
  name: 'h.0.k',
  input: 'past',
  output: 'present',
  rule: 'append',
  axis: 2,
  fill: 0,
};
const graph: Boundary = { inputs: [ids, past], outputs: [logits, present] };

const manifest: Manifest = {
  ...{
    version: 1,
    producer: 'nanoc',
    model: 'm',
    spec: { name: 'm', text: '', sha256: '', includes: {} },
    config: [],
  },
  ...{
    weights: '',
    passes: [],
    cache: 'dynamic',
    logits: 'all',
    vocab: 9,
    storage: 'float32',
    compute: 'float32',
  },
  ...{ inputs: graph.inputs, outputs: graph.outputs, ports: [port] },
};

const slotted = { ...past, shape: ['batch_size', 2, 64, 4] } as const;
const held: Boundary = { inputs: [ids, slotted], outputs: [logits, { ...slotted, name: 'present' }] };
const fixed: Manifest = {
  ...{ ...manifest, cache: 'static', slots: 64, ...held },
  ports: [{ ...port, shape: slotted.shape, rule: 'in_place' }],
};

test('what nanoc writes agrees with its graph', () => {
  assert.is(manifestFault(manifest, graph), undefined);
  assert.is(manifestFault(fixed, held), undefined);
});

test('each thing that is not so is found', () => {
  const vast = { ...port, shape: [1e6, 1e6] };
  for (const [changed, said] of [
    [{ inputs: [ids] }, 'the manifest lists 1 inputs, the graph 2'],
    [{ outputs: [logits, { ...present, name: 'other' }] }, 'the graph has no output other'],
    [{ inputs: [ids, ids] }, 'the manifest lists 2 inputs, the graph 2'],
    [{ inputs: [{ ...ids, dtype: 'bool' }, past] }, 'the input input_ids is int64'],
    [{ ports: [vast] }, 'the port h.0.k is float32 [1000000, 1000000]'],
    [{ ports: [port, port] }, 'the port h.0.k has no input and output of its own'],
    [{ ports: [{ ...port, input: 'nope' }] }, 'has no input and output of its own'],
    [{ ports: [{ ...port, axis: 7 }] }, 'has no axis 7'],
    [{ ports: [{ ...port, newRows: 'nope' }] }, 'the port h.0.k has no output of its own for new rows'],
    [{ ports: [{ ...port, newRows: port.output }] }, 'has no output of its own for new rows'],
    [{ ports: [{ ...port, newRows: 'logits' }] }, 'the output of its new rows float32'],
    [{ ports: [{ ...port, rule: 'replace' }] }, 'has the rule replace'],
    [{ slots: 64 }, 'a dynamic cache with 64 slots'],
    [{ vocab: 1e12 }, 'a vocabulary of 1000000000000, where the logits have 9'],
    [{ vocab: 0 }, 'a vocabulary of 0'],
  ] as const)
    assert.match(manifestFault({ ...manifest, ...changed } as Manifest, graph) ?? '', said); // some are none
  for (const [slots, said] of [
    [1e12, '1000000000000 slots, of which'],
    [65, '65 slots, where the port h.0.k has 64'],
    [undefined, 'a static cache with no slots'],
  ] as const)
    assert.match(manifestFault({ ...fixed, slots } as Manifest, held) ?? '', said); // one has none
});

test.run();
