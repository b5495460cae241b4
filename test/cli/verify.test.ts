import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { workPrefix } from '../../driver/work_folder.ts';
import { bytesOf, fixture, folder, lines, nanoc, tiny, written } from './run_cli.ts';

const name = 'nanochat-g7-mha-t300';
const small = ['--set', 'layers=2', '--set', 'dim=64', '--set', 'heads=2', '--set', 'vocab=100'];
const left = (): readonly string[] =>
  readdirSync(tmpdir()).filter((f) => f.startsWith(`${workPrefix}.${process.pid}.`));

async function model(...more: string[]): Promise<string> {
  const out = join(folder(), 'm.onnx');
  const ran = await nanoc(['compile', 'nanochat_2026_03', '--checkpoint', fixture(name), '-o', out, ...more]);
  assert.is(ran.code, 0, ran.err);
  return out;
}

test('a spec is compiled, run every way and compared, and nothing is left behind', async () => {
  const before = left();
  const { code, out, err } = await nanoc(['verify', 'nanochat', ...small]);
  assert.is(code, 0, err);
  for (const check of ['reference', 'repeat', 'cache', 'window', 'batch', 'padding', 'greedy', 'finite']) {
    assert.match(out, new RegExp(`^${check} .*ok$`, 'm'));
  }
  assert.match(out, /onnxruntime-node cpu against reference: \d+ checks, all agree, worst \d/);
  assert.match(err, 'weights: random (seed 0)');
  assert.is(err.match(/^weights: /gm)?.length, 1, err);
  assert.equal(left(), before);
});

test('recurrences are verified without a checkpoint too', async () => {
  const sizes: Readonly<Record<string, readonly string[]>> = {
    mamba: ['layers=2', 'vocab=100', 'dim=32', 'inner=64', 'rank=4'],
    qwen3_5: ['layers=2', 'vocab=100', 'dim=32', 'hidden=64', 'heads=2', 'kv_heads=1', 'head=16'],
  };
  for (const [spec, set] of Object.entries(sizes)) {
    const ran = await nanoc(['verify', spec, ...set.flatMap((s) => ['--set', s])]);
    assert.is(ran.code, 0, ran.out + ran.err);
    assert.match(ran.out, /^reference .*ok$/m);
  }
});

test('a learned bias by distance is read for the pairs that are seen, whatever the others would ask for', async () => {
  const text = `model relative {
    config { heads = 4 head = 8 buckets = 5 }
    dim = heads * head
    wte: Embedding(100, dim)
    qkv: Linear(dim, 3 * dim)
    lean: [buckets, heads]
    fn by_distance(h, q, k) = take(lean[:, h], int64(min(q - k, 4)))
    forward(tokens: int64[B, T]) -> logits: [B, T, dim] {
      q, k, v = unbind(qkv(wte(tokens)) as [B, T, 3, heads, head], axis=2)
      k, v = cache(k, v)
      return attention(q, k, v, bias=by_distance) as [B, T, dim]
    }
  }`;
  for (const more of [[], ['--cache', 'static:64'], ['--cache', 'none']]) {
    const ran = await nanoc(['verify', written('relative.nanospec', text), ...more]);
    assert.is(ran.code, 0, ran.err);
  }
});

test("a model is held against its own weights, or against a checkpoint's, and someone else's numbers", async () => {
  const path = await model();
  const golden = ['--golden', `${fixture(name)}/io.safetensors`];
  for (const args of [golden, ['--checkpoint', fixture(name), ...golden]]) {
    const { code, out, err } = await nanoc(['verify', path, ...args]);
    assert.is(code, 0, err + out);
    assert.is(err.includes('--checkpoint compares them too'), !args.includes('--checkpoint'));
    assert.match(out, /^golden +logits of 300 tokens .*ok$/m);
    assert.match(out, /^golden +12 steps after a prompt of 124 .*ok$/m);
    assert.match(out, /^golden +12 greedy tokens after a prompt of 124 .*ok$/m);
  }
});

test('weights that were opened to compile are those that the model is held against, and said once', async () => {
  const path = fixture('hf-llama');
  const said = [`weights: ${path}, safetensors`];
  const ways = [
    ['verify', path],
    ['verify', '--checkpoint', path, '--target', 'onnx'],
    ['compile', '--checkpoint', path, '-o', join(folder(), 'm.onnx'), '--verify'],
  ];
  for (const args of ways) {
    const { code, err } = await nanoc(args);
    assert.is(code, 0, err);
    const weights = err.split('\n').filter((line) => line.startsWith('weights:'));
    assert.equal(
      weights.map((line) => line.split(', ').slice(0, 2).join(', ')),
      said,
    );
  }
});

test('norms that add one to their weights are what the checkpoint says in 16 bits too', async () => {
  for (const dtype of ['f16', 'bf16']) {
    const path = join(folder(), 'm.onnx');
    const checkpoint = ['--checkpoint', fixture('hf-gemma3')];
    const made = await nanoc(['compile', ...checkpoint, '--dtype', dtype, '-o', path]);
    assert.is(made.code, 0, made.err);
    const { code, out, err } = await nanoc(['verify', path, ...checkpoint]);
    assert.is(code, 0, err + out);
  }
});

test('every cache form, storage and opset is verified as it is', async () => {
  for (const args of [
    ['--cache', 'static:330'],
    ['--cache', 'none'],
    ['--dtype', 'f16'],
    ['--dtype', 'bf16', '--logits', 'last'],
    ['--opset', '26'],
    ['--external', 'always'],
  ]) {
    const { code, out, err } = await nanoc(['verify', await model(...args)]);
    assert.is(code, 0, args.join(' ') + err + out);
    assert.match(out, 'all agree');
  }
});

test("a spec is compiled with the logits of all tokens for somebody else's, and of a model that has the last ones only that is said", async () => {
  // Logits of so long a text are more than a model has all of unasked.
  const from = ['--checkpoint', `${tiny}/base_checkpoints/d4`, '--max-seq-len', '20000'];
  const golden = ['--golden', `${tiny}/reference/base_window64.safetensors`];
  const all = await nanoc(['verify', ...from, ...golden]);
  assert.is(all.code, 0, all.err);
  assert.match(all.out, /^golden +logits of 64 tokens .*ok$/m);
  const path = join(folder(), 'm.onnx');
  const made = await nanoc(['compile', ...from, '-o', path]);
  assert.match(made.err, 'logits: of the last token only, as those of 20000 tokens take 82 MB');
  const last = await nanoc(['verify', path, ...golden]);
  assert.is(last.code, 0, last.err);
  assert.match(last.out, /^golden +logits of the last of 64 tokens .*ok$/m);
});

test('numbers of another generation fail, and the interpreter is said to agree with the file', async () => {
  const at = fixture('nanochat-g5-softcap20');
  const args = ['--checkpoint', at, '--golden', `${at}/io.safetensors`];
  // The same keys and shapes, but logits capped at 15.
  const cap = await nanoc(['verify', 'nanochat_2026_01', ...args]);
  assert.is(cap.code, 1);
  assert.match(cap.out, /^golden .*FAILED$/m);
  assert.match(cap.err, 'error N701');
  assert.match(cap.err, 'the interpreter gives the same numbers as the target');
  assert.not.match(cap.err, 'unsteady');
  assert.not.match((await nanoc(['verify', 'nanochat_2026_01', '--no-bisect', ...args])).err, 'interpreter');
  assert.is((await nanoc(['verify', 'nanochat_2026_01', '--atol', '20', ...args])).code, 0);
});

test('machines get a line for each check and one for the verdict', async () => {
  const { code, out, err } = await nanoc(['verify', 'nanochat', ...small, '--json']);
  assert.is(code, 0, err);
  assert.is(err, '');
  const all = lines(out).map((line) => JSON.parse(line));
  const verdict = all.at(-1);
  assert.is(verdict.pass, true);
  assert.is(verdict.checks, all.length - 1);
  assert.ok(all.slice(0, -1).every((row) => row.pass && row.max_abs <= row.tolerance.abs));
});

test('a tolerance that nothing meets fails', async () => {
  const { code, out } = await nanoc(['verify', 'nanochat', ...small, '--atol', '1e-9', '--no-bisect']);
  assert.is(code, 1);
  assert.match(out, 'FAILED');
});

test('of a difference that roundings make, it is said that it may be nobody’s fault', async () => {
  const { code, err } = await nanoc(['verify', 'nanochat', ...small, '--atol', '1e-9']);
  assert.is(code, 1);
  assert.match(err, /the model itself is this unsteady: its logits move by \d\.\de-\d/);
});

test('what cannot be verified is refused with a reason', async () => {
  const path = await model();
  const text = written('golden.safetensors', 'not one');
  for (const [args, code, said] of [
    [['/nowhere.onnx'], 'N704', 'no such file'],
    [['test/fixtures/onnx/four_types.onnx'], 'N704', 'was not written by nanoc'],
    [[path, '--golden', text], 'N707', 'not a safetensors file'],
    [[path, '--golden', '/nowhere'], 'N707', 'cannot be read'],
    [[path, '--golden', `${fixture('nanochat-g1-mha')}/io.safetensors`], 'N707', '128'],
    [[path, '--device', 'cuda'], 'N703', '--device cpu'],
  ] as const) {
    const ran = await nanoc(['verify', ...args]);
    assert.is(ran.code, 1, args.join(' '));
    assert.match(ran.err, `error ${code}`);
    assert.match(ran.err, said);
  }
  assert.is((await nanoc(['verify'])).code, 2);
  assert.is((await nanoc(['verify', path, '--device', 'tpu'])).code, 2);
});

test('a model cut short is refused', async () => {
  const whole = bytesOf(await model());
  const { code, err } = await nanoc(['verify', written('m.onnx', whole.subarray(0, whole.length / 2))]);
  assert.is(code, 1);
  assert.match(err, 'N704');
});

test.run();
