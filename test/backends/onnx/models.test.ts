import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Compiled } from '../../../compiler/compile.ts';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import type { Feeds } from '../../../compiler/ports/session.ts';
import { onnxSession } from '../../../runtime/sessions/onnx_node_session.ts';
import { empty, type Tensor, tensor } from '../../../spec/tensor.ts';
import { apart, ids } from '../../compiler/tiny_graph.ts';
import { compileSmall, modelBytes, small } from './small_models.ts';

type Outputs = Readonly<Record<string, Tensor>>;

/** A call of T tokens in two rows; the first row begins with `pads` pads. Ports hold what the last call gave. */
function feedsFor({ graph, manifest }: Compiled, past: number, length: number, before: Outputs): Feeds {
  const pads = 2;
  const columns = manifest.slots ?? past + length;
  const real = (row: number, column: number): number =>
    Number(column < past + length && (row === 1 || column >= pads));
  const grid = (width: number, value: (row: number, column: number) => number): Tensor =>
    tensor(
      'int64',
      [2, width],
      [0, 1].flatMap((row) => Array.from({ length: width }, (_, column) => value(row, column))),
    );
  const feeds: Record<string, Tensor> = {
    input_ids: ids(past + 1, 61, 2, length),
    attention_mask: grid(columns, real),
    position_ids: grid(length, (row, t) => Math.max(0, past + t - (row === 0 ? pads : 0))),
    past_length: tensor('int64', [1], [past]),
  };
  for (const port of manifest.ports) {
    const sizes = { batch_size: 2, past_sequence_length: past, total_sequence_length: columns };
    const shape = port.shape.map((s) => (typeof s === 'number' ? s : (sizes[s as keyof typeof sizes] ?? 0))); // words of the boundary
    const start = empty(port.dtype, shape);
    start.data.fill(port.fill);
    feeds[port.input] = before[port.output] ?? start;
  }
  const names = new Set(graph.inputs.map((i) => i.name));
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => names.has(name)));
}

/** Logits of real tokens; what stands at pads is nobody's. */
const atReal = (logits: Tensor, past: number): Tensor => {
  const [, length, vocab] = logits.shape as [number, number, number];
  const skip = past === 0 ? 2 * vocab : 0;
  return tensor('float32', [2 * length * vocab - skip], logits.data.slice(skip));
};

const tolerance = 2e-5;

for (const spec of Object.keys(small)) {
  test(`${spec} gives the logits of its reference, call after call, at several opsets`, async () => {
    for (const [opset, cache] of [
      [17, 'dynamic'],
      [21, 'static'],
      [26, 'dynamic'],
    ] as const) {
      const compiled = compileSmall(spec, { opset, cache });
      const reference = evaluator(compiled.reference, compiled.weightsOf(compiled.reference));
      const model = modelBytes(compiled, opset);
      const session = await onnxSession({ model, manifest: compiled.manifest });
      let [ours, theirs]: Outputs[] = [{}, {}];
      let past = 0;
      for (const length of [7, 1, 3]) {
        const feeds = feedsFor(compiled, past, length, theirs!);
        ours = await session.run(feedsFor(compiled, past, length, ours!));
        theirs = reference.run(feeds);
        const logits = atReal(ours['logits']!, past);
        const far = apart(logits, atReal(theirs['logits']!, past));
        assert.ok(far <= tolerance, `opset ${opset}, ${cache}, ${length} after ${past}: off by ${far}`);
        const other = reference.run({ ...feeds, input_ids: ids(99, 61, 2, length) });
        assert.ok(apart(logits, atReal(other['logits']!, past)) > 1e-4, 'other tokens are seen');
        past += length;
      }
      await session.close();
    }
  });
}

test.run();
