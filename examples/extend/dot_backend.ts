/** A target of one's own: the graph as Graphviz DOT, a box for each block, so that `dot -Tsvg model.dot` draws it. */

import { defineBackend, type Graph } from 'nanospec';

type Node = Graph['nodes'][number];

export default defineBackend({
  name: 'dot',
  doc: 'Graphviz drawing of the graph',
  extension: '.dot',
  needs: () => 'dot -Tsvg',
  passes: () => [], // what the common ones leave is what is drawn
  emit({ graph, options }) {
    const bytes = new TextEncoder().encode(dot(graph));
    return {
      files: [{ name: options.fileName, size: bytes.length, chunks: () => [bytes] }],
      diagnostics: [],
    };
  },
});

interface Block {
  readonly path: string;
  readonly nodes: Node[];
  readonly inner: Map<string, Block>;
}

function dot(graph: Graph): string {
  const root: Block = { path: '', nodes: [], inner: new Map() };
  for (const node of graph.nodes) blockOf(root, graph.origins[node.id]?.[0]?.scope ?? '').nodes.push(node);
  const edges = graph.nodes.flatMap((node) => node.inputs.map((i) => `  n${i} -> n${node.id};`));
  const outputs = graph.outputs.flatMap(({ name, node }, i) => [
    `  out${i} [label=${quoted(name)}, shape=plain];`,
    `  n${node} -> out${i};`,
  ]);
  return [
    `digraph ${quoted(graph.name)} {`,
    '  node [shape=box];',
    ...drawn(root),
    ...edges,
    ...outputs,
    '}',
    '',
  ].join('\n');
}

function blockOf(root: Block, scope: string): Block {
  let block = root;
  for (const part of scope === '' ? [] : scope.split('.')) {
    const path = block.path === '' ? part : `${block.path}.${part}`;
    const inner: Block = block.inner.get(part) ?? { path, nodes: [], inner: new Map() };
    block.inner.set(part, inner);
    block = inner;
  }
  return block;
}

function drawn({ path, nodes, inner }: Block): readonly string[] {
  const content = [
    ...nodes.map((n) => `  n${n.id} [label=${quoted(String(n.attrs['name'] ?? n.op))}];`),
    ...[...inner.values()].flatMap(drawn),
  ];
  return path === ''
    ? content
    : [`  subgraph ${quoted(`cluster_${path}`)} {`, `  label=${quoted(path)};`, ...content, '  }'];
}

const quoted = (text: string): string => JSON.stringify(text);
