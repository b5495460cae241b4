import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { safetensors } from './checkpoint_files.ts';
import { draft, norms, nothingOpen, plainMlp, textOf, twoLayers } from './draft_checkpoint.ts';

test('without a config sizes come from shapes, and what would be a guess is missing', async () => {
  const layer = (i: number) => ({
    [`blocks.${i}.attn.q_proj.weight`]: [64, 64],
    [`blocks.${i}.attn.k_proj.weight`]: [32, 64],
    [`blocks.${i}.attn.v_proj.weight`]: [32, 64],
    [`blocks.${i}.attn.o_proj.weight`]: [64, 64],
    [`blocks.${i}.mlp.up.weight`]: [100, 64],
    [`blocks.${i}.mlp.down.weight`]: [64, 100],
    [`blocks.${i}.norm_1.weight`]: [64],
    [`blocks.${i}.norm_2.weight`]: [64],
  });
  const shapes = {
    'embed.weight': [50, 64],
    ...layer(0),
    ...layer(1),
    'head.weight': [50, 64],
    'rope.inv_freq': [8],
  };
  const { missing, code, path } = await draft(safetensors(shapes, {}));
  assert.is(code, 0);
  assert.equal(
    missing.map((what) => what.split(/[,;]/)[0]),
    [
      'how order enters',
      'which numbers of a head a rotation pairs',
      'whether norms are RMS or layer norms',
      'what the head reads',
      'how many heads there are',
      'which activation it is',
    ],
  );
  assert.match(missing.join(), 'a head of 16 numbers stands for it');
  assert.match(textOf(path), 'ignore "rope.inv_freq"');
  assert.match(textOf(path), /hidden += 100\n/);
});

test('parts that only some layers have, and lists with gaps, get conditions', async () => {
  const base = (i: number) => ({
    [`h.${i}.attn.c_attn.weight`]: [96, 32],
    [`h.${i}.attn.c_proj.weight`]: [32, 32],
    [`h.${i}.ln_1.weight`]: [32],
    [`h.${i}.ln_2.weight`]: [32],
    [`h.${i}.mlp.c_fc.weight`]: i === 0 ? [64, 32] : [48, 32],
    [`h.${i}.mlp.c_proj.weight`]: i === 0 ? [32, 64] : [32, 48],
    ...(i % 2 === 1 ? { [`h.${i}.extra.weight`]: [3, 32] } : {}),
  });
  const shapes = {
    'wte.weight': [50, 32],
    ...base(0),
    ...base(1),
    ...base(2),
    ...base(3),
    'odd.1.weight': [50, 7],
    'odd.3.weight': [50, 7],
    'ln_f.weight': [32],
  };
  const { missing, code, path } = await draft(safetensors(shapes, nothingOpen));
  assert.equal([code, missing], [0, ['where odd goes', 'where extra goes']]);
  const text = textOf(path);
  for (const part of [
    'if i < 1 { mlp: Mlp } else { mlp: Mlp2 }',
    'if i % 2 == 1 { extra: Linear(dim, 3) }',
    'odd[i in range(4) if i % 2 == 1]: Linear(7, 50)',
  ])
    assert.ok(text.includes(part), `${part} in ${text}`);
});

test('where the bases of rotations go by the kinds of layers, and there is one kind, its base counts', async () => {
  const shapes = twoLayers(plainMlp);
  const base = async (kind: string): Promise<string | undefined> => {
    const config = {
      n_head: 4,
      layer_types: [kind, kind],
      rope_parameters: { full_attention: { rope_theta: 500 }, sliding_attention: { rope_theta: 70 } },
    };
    const { path, granted } = await draft(safetensors(shapes, config));
    assert.not.ok(granted.some((what) => what.includes('with base 10000')));
    return /_base += (\d+)/.exec(textOf(path))?.[1];
  };
  assert.equal([await base('full_attention'), await base('sliding_attention')], ['500', '70']);
});

test('what stands beside the numbers of a list gets a name of its own', async () => {
  const shapes = twoLayers({
    ...norms,
    'moe.experts.0.up.weight': [48, 32],
    'moe.experts.1.up.weight': [48, 32],
    'moe.experts.shift': [2],
    'moe.experts.last.weight': [32, 48],
  });
  const { missing, code, path } = await draft(safetensors(shapes, nothingOpen));
  assert.equal([code, missing], [0, ['what Moe computes']]);
  for (const part of [
    /experts\[i in range\(2\)\]: +Experts/,
    /experts_shift: +\[2\] from "experts.shift"/,
    /experts_last: +Linear\(48, dim\) from "experts.last"/,
  ])
    assert.match(textOf(path), part);
});

test.run();
