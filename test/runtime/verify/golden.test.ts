import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generate } from '../../../runtime/generate.ts';
import { type Golden, readGolden, readTensors } from '../../../runtime/verify/golden.ts';
import { verify } from '../../../runtime/verify/verify.ts';
import { logitsOf } from '../../../runtime/verify/verify_run.ts';
import { refusal } from '../../harness/refusal.ts';
import { type TinyOptions, tinySession } from '../tiny_session.ts';

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A safetensors file of these tensors. */
function pack(entries: Readonly<Record<string, Entry>>, metadata: object = {}): Uint8Array {
  let at = 0;
  const header = Object.entries(entries).map(([name, { dtype, shape, bytes }]) => {
    at += bytes.length;
    return [name, { dtype, shape, data_offsets: [at - bytes.length, at] }];
  });
  const text = new TextEncoder().encode(JSON.stringify({ ...metadata, ...Object.fromEntries(header) }));
  const length = new Uint8Array(new BigUint64Array([BigInt(text.length)]).buffer);
  return Buffer.concat([length, text, ...Object.values(entries).map((e) => e.bytes)]);
}

const int64 = (shape: number[], values: number[]): Entry => ({
  dtype: 'I64',
  shape,
  bytes: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});
const float32 = (shape: number[], values: number[]): Entry => ({
  dtype: 'F32',
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});

test('reads the tensors that are wanted, and what is said about the file is none', () => {
  const broken = { dtype: 'F32', shape: [9], bytes: new Uint8Array(4) };
  const bytes = pack({ a: float32([2], [1, 2]), broken }, { __metadata__: { format: 'pt' } });
  assert.equal(
    [...readTensors(bytes, 'x', ['a'])].map(([name, t]) => [name, [...t.data]]),
    [['a', [1, 2]]],
  );
  assert.match(refusal(() => readTensors(bytes, 'x')).message, 'broken');
  const whole = pack({ a: float32([2], [1, 2]) }, { __metadata__: { format: 'pt' } });
  assert.equal([...readTensors(whole, 'x').keys()], ['a']);
});

test('reads what the makers of the golden models wrote', () => {
  const at = new URL('../../fixtures/golden/nanochat-g1-mha/io.safetensors', import.meta.url);
  const golden = readGolden(readFileSync(at), 'io.safetensors', 192);
  assert.is(golden.tokens.map((r) => r.length).join(), '48,48');
  assert.is(golden.logits.shape.join(), '2,48,192');
  assert.is(golden.steps?.prompt[0]?.length, 9);
  assert.is(golden.steps?.tokens[0]?.length, 10);
  assert.is(golden.steps?.logits?.shape.join(), '2,10,192');
  // The first generated token is the largest of the first step's logits.
  const first = golden.steps!.logits!.data.subarray(0, 192);
  assert.is(first.indexOf(Math.max(...first)), golden.steps!.tokens[0]![0]);
});

test('reads one row, other widths of numbers, and the last positions only', () => {
  const tokens: Entry = { dtype: 'I32', shape: [3], bytes: new Uint8Array(Int32Array.of(1, 2, 3).buffer) };
  // 1, -2 in bfloat16, two positions.
  const logits: Entry = {
    dtype: 'BF16',
    shape: [2, 2],
    bytes: new Uint8Array(Uint16Array.of(0x3f80, 0xc000, 0x3f80, 0xc000).buffer),
  };
  const golden = readGolden(pack({ input_ids: tokens, logits }), 'g', 2);
  assert.is(JSON.stringify(golden.tokens), '[[1,2,3]]');
  assert.is([...golden.logits.data].join(), '1,-2,1,-2');
  assert.is(golden.logits.shape.join(), '1,2,2');
});

test('says what a golden file lacks', () => {
  const tokens = int64([1, 2], [1, 2]);
  const logits = float32([1, 2, 2], [1, 2, 3, 4]);
  const read = (entries: Record<string, Entry>, vocab = 2) =>
    refusal(() => readGolden(pack(entries), 'g', vocab)).message;
  assert.is(read({ logits }), 'N707: no tokens in it');
  assert.is(read({ tokens }), 'N707: no logits in it');
  assert.is(read({}), 'N707: no tokens and no logits in it');
  assert.is(read({ tokens, logits }, 3), 'N707: logits does not fit');
  assert.is(read({ tokens, logits: float32([1, 3, 2], [1, 2, 3, 4, 5, 6]) }), 'N707: logits does not fit');
  assert.match(read({ tokens: float32([1, 2], [1, 2]), logits }), 'N707: tokens must be whole numbers');
  assert.match(read({ tokens, logits: { ...logits, dtype: 'F8' } }), 'N707: logits is stored as F8');
  assert.match(read({ tokens, logits: { ...logits, shape: [1, 2, 3] } }), 'N707: logits does not lie');
  for (const bytes of ['', 'hello', '<!doctype html><html>'].map((s) => new TextEncoder().encode(s))) {
    assert.is(refusal(() => readGolden(bytes, 'g', 2)).message, 'N707: not a safetensors file');
  }
});

/** What the healthy tiny model says, as if someone else had. */
async function goldenOf(options: TinyOptions): Promise<Golden> {
  const session = tinySession({ ...options, logits: 'all' });
  const [prompt, tokens] = [[1, 2, 3], [] as number[]];
  for await (const token of generate(session, prompt, { maxTokens: 6 })) tokens.push(token);
  const text = [...prompt, ...tokens];
  const logits = await logitsOf(session, [{ tokens: [text] }]);
  const steps = { ...logits, shape: [1, 6, 13], data: logits.data.slice(2 * 13, 8 * 13) };
  return {
    name: 'tiny',
    tokens: [text],
    logits,
    steps: { prompt: [prompt], tokens: [tokens], logits: steps },
  };
}

test('a model is held against golden numbers at once, in pieces and step by step', async () => {
  for (const form of [
    {},
    { logits: 'last' },
    { cache: 'none' },
    { cache: 'static', slots: 30 },
  ] as TinyOptions[]) {
    const golden = await goldenOf(form);
    const failures = async (faults: TinyOptions) => {
      const report = await verify({ session: tinySession({ ...form, ...faults }), golden });
      return report.rows.filter((r) => r.check === 'golden' && !r.pass).map((r) => r.what);
    };
    assert.is((await failures({})).length, 0, JSON.stringify(form));
    assert.ok((await failures({ adds: 0.01 })).length >= 3, JSON.stringify(form));
    assert.ok((await failures({ adds: 100 })).some((what) => what.includes('greedy')));
    if (form.cache !== 'none') assert.is((await failures({ dropsPort: true }))[0]?.slice(0, 8), 'the same');
  }
});

test.run();
