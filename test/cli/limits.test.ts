/** Sizes beyond any use: refused with a place, soon, and before memory or a disk is filled. */

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../../spec/limits.ts';
import { folder, nanoc, written } from './run_cli.ts';

const model = `model m {
  config { dim = 8  width = 4  length = 64  layers = 1 }
  block Layer { up: Linear(dim, dim)  forward(x: [B, T, dim]) -> [B, T, dim] = x + up(x) }
  wte: Embedding(9, dim)
  rope: Rotary(width, length)
  h[i in range(layers)]: Layer
  forward(tokens: int64[B, T]) -> logits: [B, T, dim] {
    x = rope(wte(tokens) as [B, T, 2, dim / 2]) as [B, T, dim]
    for layer in h { x = layer(x) }
    return x
  }
}
`;

test('sizes that no machine holds are refused, and nothing is written', async () => {
  const spec = written('m.nanospec', model);
  for (const [set, said] of [
    ['dim=1000000000000', /error N505: there is no room for the model/],
    ['dim=9000000000000000', /error N(?:505|321): (?:there is no room|.*too large)/],
    ['width=1000000000000', /m\.nanospec:5:16 error N321: `Rotary` of 1000000000000 numbers/],
    ['layers=100000', /error N321: the model has more than 100000 tensors/],
    ['layers=1000000000000', /error N321: a range of 1000000000000/],
  ] as const)
    for (const verb of ['compile', 'verify']) {
      const out = folder();
      const to = verb === 'compile' ? ['-o', `${out}/`] : [];
      const ran = await nanoc([verb, spec, '--set', set, ...to]);
      assert.is(ran.code, 1, `${verb} ${set}: ${ran.err}`);
      assert.match(ran.err, said);
      assert.equal(readdirSync(out), []);
    }
  // A table that is too long to be stored is computed while the model runs.
  const long = await nanoc(['compile', spec, '--set', 'length=1000000000000', '-o', `${folder()}/`]);
  assert.is(long.code, 0, long.err);
});

test('a static cache has a bound, which is said', async () => {
  const ran = await nanoc(['compile', written('m.nanospec', model), '--cache', 'static:1000000000000']);
  assert.is(ran.code, 2, ran.err);
  assert.match(ran.err, `${limits.slots} slots are the most`);
});

test('a checkpoint of more tensors than any model has is refused', async () => {
  const path = join(folder(), 'many.safetensors');
  const count = limits.tensors + 1;
  const entry = (i: number): string => `"t${i}":{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`;
  const header = Buffer.from(`{${Array.from({ length: count }, (_, i) => entry(i)).join(',')}}`);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(path, Buffer.concat([length, header, Buffer.alloc(count)]));
  const ran = await nanoc(['inspect', path]);
  assert.is(ran.code, 1, ran.err);
  assert.match(ran.err, `N602: many.safetensors has ${count} tensors; ${limits.tensors} are the most`);
});

test('however deep a text nests, it is refused or read, by check and by fmt', async () => {
  const text = (body: string): string =>
    `model m { wte: Embedding(9, 4) forward(tokens: int64[B, T]) -> logits: [B, T, 4] = ${body} }`;
  const x = 'wte(tokens)';
  for (const body of [
    `${'('.repeat(100_000)}${x}${')'.repeat(100_000)}`,
    `${'- '.repeat(100_000)}${x}`,
    `${x}${' as [B, T, 4]'.repeat(20_000)}`,
    `${x}${' + 1'.repeat(90_000)}`,
    `${x}${'[0]'.repeat(90_000)}`,
    `x${'.a'.repeat(100_000)}`,
    `${'if false then wte(tokens) else '.repeat(15_000)}${x}`,
    `${'a'.repeat(400_000)}`,
  ]) {
    const path = written('deep.nanospec', text(body));
    for (const args of [['check'], ['fmt', '--check']]) {
      const ran = await nanoc([...args, path]);
      assert.is(ran.code, 1, `${body.slice(0, 40)}: ${ran.err.slice(0, 300)}`);
      assert.ok(ran.err.length < 20_000, body.slice(0, 40));
    }
  }
});

test.run();
