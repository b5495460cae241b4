/** A pass that says it keeps values in their blocks does: on every graph of these specs, and one that moves a value is found. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backends } from '../../../backends/index.ts';
import { build } from '../../../compiler/build.ts';
import { attrText } from '../../../compiler/graph/attr_text.ts';
import { rebuild } from '../../../compiler/graph/builder.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import type { Pass } from '../../../compiler/passes/pass.ts';
import { pipeline, runPasses } from '../../../compiler/pipeline.ts';
import { loadSpec } from '../../../driver/specs/load_spec.ts';
import { parse } from '../../../spec/parse.ts';
import { tinyGpt } from '../tiny_gpt.ts';

/** The blocks of each value, which is told by what it is computed from. */
function scopesByValue(
  { nodes, origins }: Graph,
  known: Map<string, number>,
): ReadonlyMap<number, Set<string>> {
  const scopes = new Map<number, Set<string>>();
  const values: number[] = [];
  for (const node of nodes) {
    const key = `${node.op}(${node.inputs.map((i) => values[i]!).join(',')}) ${attrText(node.attrs)}`;
    const value = known.get(key) ?? known.size;
    known.set(key, value);
    values.push(value);
    scopes.set(value, new Set(origins[node.id]!.map(({ scope }) => scope)));
  }
  return scopes;
}

/** Values that are no longer of a block that they were of, and blocks that nothing was of. */
function movedValues(before: Graph, after: Graph): readonly string[] {
  const known = new Map<string, number>();
  const [old, now] = [before, after].map((graph) => scopesByValue(graph, known)) as [
    ReadonlyMap<number, Set<string>>,
    ReadonlyMap<number, Set<string>>,
  ];
  const blocks = new Set([...old.values()].flatMap((all) => [...all]));
  const names = [...known.keys()];
  return [...now].flatMap(([value, scopes]) => {
    const left = [...(old.get(value) ?? [])].filter((scope) => !scopes.has(scope));
    const invented = [...scopes].filter((scope) => !blocks.has(scope));
    return [...left.map((s) => `left ${s}`), ...invented.map((s) => `is of ${s}, which is no block`)].map(
      (what) => `${names[value]} ${what}`,
    );
  });
}

/** What passes that keep scopes moved. */
function moves(graph: Graph, passes: readonly Pass[]): readonly string[] {
  const found: string[] = [];
  let before = graph;
  runPasses(graph, passes, {
    onPass({ name, keepsScopes }, after) {
      if (keepsScopes) for (const line of movedValues(before, after)) found.push(`${name}: ${line}`);
      before = after;
    },
  });
  return found;
}

const forms = [
  { cache: 'dynamic', logits: 'all', storage: 'float32', compute: 'float32' },
  { cache: 'static', slots: 12, logits: 'last', storage: 'float16', compute: 'float16' },
  { cache: 'none', logits: 'last', storage: 'bfloat16', compute: 'float32', wholeWeights: true },
] as const;

const emitted = { opset: 21, external: 'never', fileName: 'm.x' } as const;

for (const spec of ['nanochat', 'gpt2', 'gpt_oss', 'gemma3', 'qwen3_moe', 'recurrent_gemma', 'mamba'])
  test(`no pass moves a value of ${spec} out of its block`, () => {
    const { source, include } = loadSpec(spec, undefined);
    const { graph, diagnostics } = build(parse(source).value!, { include, set: new Map([['layers', 2]]) });
    assert.ok(graph, diagnostics.map(({ message }) => message).join());
    for (const form of forms)
      for (const { name: target, passes: own } of backends) {
        const passes = [...pipeline(form), ...own(emitted)];
        assert.ok(passes.every(({ keepsScopes }) => keepsScopes));
        assert.equal(moves(graph!, passes), [], `${target}, ${form.cache}`);
      }
  });

test('a pass that moves values is found, if it says that it does not', () => {
  const model = tinyGpt();
  const moving = (keepsScopes: boolean): Pass => ({
    name: 'moving',
    doc: 'x',
    keepsScopes,
    run: (graph) =>
      rebuild(graph, (node, inputs, builder) =>
        node.op === 'linear' ? builder.op('linear', inputs, node.attrs, graph.origins.at(-1)!) : undefined,
      ),
  });
  const found = moves(model, [moving(true)]);
  assert.match(found[0]!, /^moving: .* left /);
  assert.equal(moves(model, [moving(false)]), []);
});

test.run();
