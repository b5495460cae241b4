import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { portNames } from '../../../compiler/ports/port_names.ts';
import type { PortDecl } from '../../../spec/sink.ts';
import { B, origin, T, typed } from '../tiny_graph.ts';

const decl = (name: string, last?: number): PortDecl => ({
  name,
  type: typed('float32', B, T, 2, 4),
  ...(last === undefined ? {} : { last }),
  fill: 0,
  span: origin().span,
});
const inputs = (...caches: readonly PortDecl[]): string =>
  [...portNames(caches)].map(([name, { input, output }]) => `${name}: ${input} -> ${output}`).join('\n');

test('layers count in the order in which they run', () => {
  assert.is(
    inputs(decl('h.4.attn.k'), decl('h.4.attn.v'), decl('h.0.attn.v'), decl('h.0.attn.k')),
    `h.4.attn.k: past_key_values.0.key -> present.0.key
h.4.attn.v: past_key_values.0.value -> present.0.value
h.0.attn.v: past_key_values.1.value -> present.1.value
h.0.attn.k: past_key_values.1.key -> present.1.key`,
  );
});

test('a block that runs twice is two layers', () => {
  assert.is(
    inputs(decl('first.k'), decl('first.v'), decl('first.k#2'), decl('first.v#2')),
    `first.k: past_key_values.0.key -> present.0.key
first.v: past_key_values.0.value -> present.0.value
first.k#2: past_key_values.1.key -> present.1.key
first.v#2: past_key_values.1.value -> present.1.value`,
  );
});

test('caches that are called otherwise are key and value in their order, a third goes by its path', () => {
  assert.is(
    inputs(decl('h.0.latent'), decl('h.0.rope'), decl('h.0.more'), decl('x', 1), decl('k')),
    `h.0.latent: past_key_values.0.key -> present.0.key
h.0.rope: past_key_values.0.value -> present.0.value
h.0.more: past_state.h.0.more -> present_state.h.0.more
x: past_state.x -> present_state.x
k: past_key_values.1.key -> present.1.key`,
  );
});

test.run();
