/** Replaces cosines and sines of positions by rows of a table, which every layer shares. */

import { size } from '../../spec/dim.ts';
import { words } from '../../spec/op.ts';
import type { RotaryTable } from '../../spec/ops/rotary_table.ts';
import { attrText } from '../graph/attr_text.ts';
import { rebuild } from '../graph/builder.ts';
import type { Graph } from '../graph/ir.ts';
import { tableAttrs, tableType } from '../graph/table_attrs.ts';
import type { Pass } from './pass.ts';

/** A table of more elements is computed at run time: 1 GiB of float32. */
const mostTableElements = 2 ** 28;

export const fold_rotary_tables: Pass = {
  name: 'fold_rotary_tables',
  doc: 'Look rotary cosines and sines up in stored tables, in the precision of the source.',
  keepsScopes: true,
  run(graph, { trace }) {
    const names = tableNames(graph);
    return rebuild(graph, (node, inputs, builder, at) => {
      if (node.op !== 'rotary_table') return undefined;
      const attrs = node.attrs as RotaryTable;
      const wrong = refusal(attrs);
      if (wrong) {
        trace(`refused: ${wrong}`);
        return undefined;
      }
      const name = names(attrs);
      const table = builder.leaf('table', [], { ...attrs, name }, tableType(attrs), at);
      const e = builder.emit(at);
      const [batch, length] = builder.node(inputs[0]!).type.shape;
      const rows = e.make('gather', [table, inputs[0]!], {}); // [B, T, n]
      trace(`${name}: ${attrs.length} positions of ${attrs.freqs.length} pairs`);
      return words(e).reshape(rows, [batch!, length!, size(1), size(attrs.freqs.length)]);
    });
  },
};

function refusal({ length, freqs }: RotaryTable): string | undefined {
  if (!Number.isSafeInteger(length) || length < 1) return `a table of length ${length} cannot be stored`;
  const elements = length * freqs.length;
  return elements > mostTableElements
    ? `a table of ${elements} numbers is computed at run time instead`
    : undefined;
}

/** `rotary.cos`, `rotary.sin`; the second pair of tables is `rotary.1.cos`, ... */
function tableNames(graph: Graph): (attrs: RotaryTable) => string {
  const taken = new Set(graph.nodes.filter((n) => n.op === 'param').map((n) => String(n.attrs['name'])));
  const bases = new Map<string, string>();
  for (const node of graph.nodes) if (node.op === 'table') bases.set(pairKey(tableAttrs(node)), baseOf(node));
  const fresh = (): string => {
    for (let i = 0; ; i++) {
      const base = i === 0 ? 'rotary' : `rotary.${i}`;
      const used = [...bases.values()].includes(base);
      if (!used && !taken.has(`${base}.cos`) && !taken.has(`${base}.sin`)) return base;
    }
  };
  return (attrs) => {
    const key = pairKey(attrs);
    const base = bases.get(key) ?? fresh();
    bases.set(key, base);
    return `${base}.${attrs.part}`;
  };
}

const baseOf = (node: Graph['nodes'][number]): string =>
  String(node.attrs['name']).replace(/\.(cos|sin)$/, '');

/** A key that the cosines and the sines of one rotation share. */
const pairKey = ({ freqs, magnitude, rounded, length }: RotaryTable): string =>
  attrText({ freqs, magnitude, rounded, length });
