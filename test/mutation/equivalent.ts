/** Mutations that change no meaning, and why: by the file's name, the line before and the line after, as `scripts/mutation/edits.ts` writes them. */
export const equivalent: Readonly<Record<string, string>> = {
  "attention_mask.ts: const wanted = name === 'bias' ? 'float32' : 'bool'; -> const wanted = name !== 'bias' ? 'float32' : 'bool';":
    'A broadcast has the dtype of what it stretches, whatever is named here: only a message differs.',
  "cast_weights.ts: const param = op === 'cast' ? builder.node(inputs[0]!) : undefined; -> const param = op !== 'cast' ? builder.node(inputs[0]!) : undefined;":
    'Matrices of experts are cast before they are chosen in place of after it: the same numbers, more of them.',
  'elementwise.ts: infer: ([a, b]) => inferBinary(a!, b!, what), -> infer: ([a, b]) => inferBinary(b!, a!, what),':
    'Both operands have one dtype and broadcasting has no order: only the order in a message differs.',
  'evaluate_linear.ts: for (; r + 4 <= rows; r += 4) { -> for (; r + 5 <= rows; r += 4) {':
    'Rows that are left over go one by one, with the same sums.',
  'expert_matmul.ts: return fits && equal(width, m) ? { dtype: x!.dtype, shape: [b, t, k, n] } : shown; -> return fits && equal(m, width) ? { dtype: x!.dtype, shape: [b, t, k, n] } : shown;':
    'Whether two sizes are equal has no order.',
  'flatten_rows.ts: if (flattened > 0) trace(`${flattened} of ${graph.nodes.length} nodes work on rows`); -> if (flattened >= 0) trace(`${flattened} of ${graph.nodes.length} nodes work on rows`);':
    'Only whether a line is traced differs.',
  'fold_weights.ts: return bytesPerElement[dtype] > bytesPerElement[views.dtypeOf(view)] -> return bytesPerElement[dtype] >= bytesPerElement[views.dtypeOf(view)]':
    'A cast between types of one width stays in the graph in place of being done when compiling.',
  "functions.ts: ...(attrs.bias ? ['scores = scores + bias.float()'] : []), -> ...(attrs.bias ? ['scores = scores + bias'] : []),":
    'Scores are float32 already, and a sum with them is.',
  'gelu_tanh.ts: return w.mul(w.scalar(slope, x), w.add(x, cubed)); -> return w.mul(w.scalar(slope, x), w.add(cubed, x));':
    'A sum has the same value in either order.',
  'half.ts: return sign | (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor); -> return sign | (rest > 1 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor);':
    'Whatever goes in as a half came out of a model as one, so that nothing is left to round.',
  'lowering.ts: if (more.length !== fewer.length + 1) return undefined; -> if (more.length !== fewer.length - 1) return undefined;':
    'A reshape stands in for an unsqueeze, which says the same.',
  'matmul.ts: for (let i = 0; i < m; i++) { -> for (let i = 0; i <= m; i++) {':
    'A row too many is written where the next product, or nothing, comes after it.',
  'merge_views.ts: ? before.inputs[0] -> ? before.inputs[1]':
    'Two transpositions that undo each other stay, which says the same.',
  'model_methods.ts: graph.inputs.some((i) => i.name === name) && context.users.has(inputNode(graph, name)); -> graph.inputs.some((i) => i.name !== name) && context.users.has(inputNode(graph, name));':
    'Every model has the input of tokens, which this never asks for, so that some input always has another name.',
  'native.ts: const [q, k] = inputs.slice(0, 2).map((x) => constant(site.node(x).type.shape[1]!)); -> const [q, k] = inputs.slice(0, 1).map((x) => constant(site.node(x).type.shape[1]!));':
    'Heads of their own are taken for groups of one, which says the same in more words.',
  "native.ts: dtype === 'float32' ? undefined : `it is computed in float32, and this is ${dtype}`; -> dtype === 'float16' ? undefined : `it is computed in float32, and this is ${dtype}`;":
    'float32 is spelt out in primitives in place of one operator, which says the same.',
  'reduce.ts: for (let row = 0; row * n < x!.data.length; row++) { -> for (let row = 0; row * n <= x!.data.length; row++) {':
    'What a row too many gives lies beyond the end of a typed array, which drops it.',
  'rotary.ts: const [pairs, width] = [constant(cos!.shape.at(-1) ?? size(0)), constant(x!.shape.at(-1) ?? size(0))]; -> const [pairs, width] = [constant(cos!.shape.at(-1) ?? size(-1)), constant(x!.shape.at(-1) ?? size(0))];':
    'The tables have a last axis, so that what stands in for its size is never read.',
  'rotary_forms.ts: const half = constant(shape[3]!)! / 2; -> const half = constant(shape[3]!)! * 2;':
    'The form, a half wider than the whole, is found nowhere; a rotation so written stays written out, which says the same.',
  'scan.ts: const args = given.map((value, i) => ({ value, span: use.rest[Math.max(0, i - states.length + 1)]!.span })); -> const args = given.map((value, i) => ({ value, span: use.rest[Math.max(0, i - states.length)]!.span }));':
    'Only the place that a message points to differs.',
  'site.ts: const solid = to.every((d, i) => !copied[i] || positive(d)) || left.length === 0; -> const solid = to.every((d, i) => !copied[i] || positive(d)) || left.length === -1;':
    'A shape is worked out when the model runs in place of being written down.',
  "sizes.ts: else total = writer.node(n < 0 ? 'Sub' : 'Add', [total, product]); -> else total = writer.node(n <= 0 ? 'Sub' : 'Add', [total, product]);":
    'No term of a size has the coefficient zero.',
  'sizes.ts: let under = size(dim.terms.reduce((d, t) => d * t.d, 1)); -> let under = size(dim.terms.reduce((d, t) => d * t.d, 2));':
    'Both sides of a division are doubled.',
  'spellings.ts: <V>(e: Emit<V>, x: V, y: V): V => words(e).mul(words(e).scalar(0.5, x), words(e).mul(x, y)), -> <V>(e: Emit<V>, x: V, y: V): V => words(e).mul(words(e).scalar(1, x), words(e).mul(x, y)),':
    'A factor of 1 is folded away before forms are looked for, so that this one is never found; the half stays written out, which says the same.',
  'spellings.ts: <V>(e: Emit<V>, x: V, y: V): V => words(e).mul(x, words(e).mul(words(e).scalar(0.5, x), y)), -> <V>(e: Emit<V>, x: V, y: V): V => words(e).mul(x, words(e).mul(words(e).scalar(1, x), y)),':
    'A factor of 1 is folded away before forms are looked for, so that this one is never found; the half stays written out, which says the same.',
  "table_lookup.ts: const rows = empty('float32', [...positions.shape, width]); -> const rows = empty('float32', [width, ...positions.shape]);":
    'What is looked up is reshaped next, and a reshape goes by the order of the numbers alone.',
  'value_names.ts: holders.set(name, Math.max(until.get(id) ?? -1, now + 0.5)); -> holders.set(name, Math.max(until.get(id) ?? -1, now + 1));':
    'A name is free again one statement later either way: the numbers that it is compared with are whole.',
  "value_names.ts: if (node.type.dtype !== 'int64') return byOp[node.op] ?? 'y'; -> if (node.type.dtype !== 'bool') return byOp[node.op] ?? 'y';":
    'Only the names of local variables differ.',
  'flatten_rows.ts: if (flattened > 0) trace(`${flattened} of ${graph.nodes.length} nodes work on rows`); -> if (flattened > -1) trace(`${flattened} of ${graph.nodes.length} nodes work on rows`);':
    'Only whether a line is traced differs.',
  "lift.ts: return of('each', make(site, 'transpose', nodes, { perm: [0, 1, 2, ...perm.slice(2).map((p) => p + 1)] })); -> return of('each', make(site, 'transpose', nodes, { perm: [0, 1, 2, ...perm.slice(2).map((p) => p)] }));":
    'The language transposes weights only, and an expert holds no attention, so that nothing with tokens is transposed there.',
  'lower_attention.ts: const result: Value = { name, type: { dtype, shape: [...left.type.shape.slice(0, 3), last] } }; -> const result: Value = { name, type: { dtype, shape: [...left.type.shape.slice(0, 1), last] } };':
    'A product is reshaped to the shape that it has.',
  "lower_attention.ts: return { name, type: { ...mask.type, dtype: 'float32' } }; -> return { name, type: { ...mask.type, dtype: 'float16' } };":
    'Nothing asks for the dtype of a mask that has been made.',
  'gather.ts: return x!.shape.length > 0 && lead.length === of.length && lead.every((d, i) => equal(d, of[i]!)) -> return x!.shape.length > -1 && lead.length === of.length && lead.every((d, i) => equal(d, of[i]!))':
    'Rows are picked from router scores, which have axes.',
  'token_axis.ts: if (axis === rank - 1) return [whole, b!.shape.length - 1]; -> if (axis === rank) return [whole, b!.shape.length - 1];':
    'Tokens are never the last axis of a product: the matrix on the right is a weight, and the keys of attention are all wanted.',
  "token_axis.ts: axis === 0 ? 'each place is an operand of its own' : types.map(() => axis - 1), -> axis === 0 ? 'each place is an operand of its own' : types.map(() => axis + 1),":
    'Weights of experts alone are stacked, and they have no tokens.',
  'merge_views.ts: if (inPlace(before.type.shape, type.shape)) return x; -> if (inPlace(type.shape, before.type.shape)) return x;':
    'Whether two shapes are equal has no order.',
  'place_cache.ts: if (graph.caches.size === 0 && !graph.nodes.some(isUnplaced)) { -> if (graph.caches.size === 1 && !graph.nodes.some(isUnplaced)) {':
    'The pipeline places ports once; what it says when asked again is for those who call the pass themselves.',
  "rotary_forms.ts: const wide = w.cast(x!, 'float32'); -> const wide = w.cast(x!, 'float16');":
    'The form, which has two dtypes in one product then, is found nowhere; a rotation so written stays written out, which says the same.',
  'rotary_forms.ts: return [w.add(w.mul(a, cos), w.mul(b, sin)), w.sub(w.mul(b, cos), w.mul(a, sin))]; -> return [w.add(w.mul(a, cos), w.mul(b, sin)), w.sub(w.mul(cos, b), w.mul(a, sin))];':
    'A product has the same value in either order.',
  'merged_axes.ts: if (before && before.stride === stride * size) -> if (before && before.stride === stride)':
    'Axes that run on are walked one by one, over the same numbers; no two axes of more than one place have one stride.',
  'state_as_layer.ts: ports.reduce((n, port) => Math.max(n, 1 + (layerOf(port)?.layer ?? -1)), 0); -> ports.reduce((n, port) => Math.max(n, 1 + (layerOf(port)?.layer ?? -1)), -1);':
    'There is a state, which is a port, so that the result is 0 at least.',
  'rotary.ts: if (pairs === undefined || width === undefined || 2 * pairs > width) { -> if (pairs === undefined || width === undefined || 2 / pairs > width) {':
    'Only a graph that no spec gives shows it: tables wider than a head are refused where they are declared to turn it.',
  'sizes.ts: const added = [...dim.terms].sort((a, b) => Math.sign(b.n) - Math.sign(a.n)); -> const added = [...dim.terms].sort((a, b) => Math.sign(b.n));':
    'A sum has the same value in any order, and its first term may be negative.',
  'sizes.ts: const lowest = smallest(powers, 0); -> const lowest = smallest(powers, 1);':
    'Only negative exponents count.',
  'lowering.ts: if (axis === rank - 1 && rank > 2) return `..., ${range}`; -> if (axis === rank + 1 && rank > 2) return `..., ${range}`;':
    'The axes before the last are written one by one in place of three dots.',
  "flatten_rows.ts: if (node.op !== 'linear' && !inputs.some((id) => rowsOf(id, b) !== undefined)) return undefined; -> if (node.op !== 'linear' || !inputs.some((id) => rowsOf(id, b) !== undefined)) return undefined;":
    'Nothing is done on rows, which says the same in more nodes; `flatten_rows.test` counts them.',
  "flatten_rows.ts: multiplied: ({ attrs }, [, matrix]) => (matrix!.shape.length === 2 ? attrs : 'rows have several matrices'), -> multiplied: ({ attrs }, [, matrix]) => (matrix!.shape.length === 3 ? attrs : 'rows have several matrices'),":
    'What is multiplied with one matrix is no longer done on rows, which says the same; with several it is attention, whose operands are no rows.',
  'attention_operands.ts: if (!isRunning(wanted) && !isRunning(pair.found) && sameNumber(sizes, wanted, pair.found)) { -> if (!isRunning(wanted) && !isRunning(pair.found) || sameNumber(sizes, wanted, pair.found)) {':
    'Only which of two messages refuses it differs.',
  'meaning.ts: for (let id = operands.length; id <= result; id++) { -> for (let id = operands.length; id < result; id++) {':
    'Every op is then unlike its steps, and fewer things are done to it, which says the same; `ops_alike.test` counts them.',
  'most_shares.ts: return axisOfInputs(last, typedBy(node, builder.node))[operand] === shape.length - 1; -> return axisOfInputs(last, typedBy(node, builder.node))[operand] === shape.length;':
    'Fewer mixtures are known to choose, and the others compute all experts, which says the same.',
  'stack_weights.ts: known.set(key, name); -> known.set(name, key);':
    'Matrices that are stacked twice are written twice, under two names.',
  'native.ts: const lead = x!.type.shape.slice(0, -1); -> const lead = x!.type.shape.slice(0, 1);':
    'Every product with a weight is done on rows by then, which have two axes.',
  'lifted.ts: shape.length < 2 || -> shape.length <= 2 ||':
    'A number of its own for each token is no longer set beside the experts, and the mixture is written out, which says the same.',
  'cache.ts: const numbers = manifest.ports.reduce((sum, p) => sum + product(startShape(p, batch, manifest)), 0); -> const numbers = manifest.ports.reduce((sum, p) => sum + product(startShape(p, batch, manifest)), 2);':
    'The limit of a cache is reached two numbers earlier, of billions.',
  'name_composites.ts: .sort((a, b) => b.found.inside.length - a.found.inside.length); -> .sort((a, b) => b.found.inside.length);':
    'A layer norm may be named as the rms norm inside it, which says the same in more nodes.',
  'verify_peer.ts: const rows = randomRows(3, length, target.manifest.vocab, seed + 11); -> const rows = randomRows(3, length, target.manifest.vocab, seed - 11);':
    'Other random tokens check as much.',
  'verify_peer.ts: calls.map(({ tokens }) => tokens[0]!.length), -> calls.map(({ tokens }) => tokens[1]!.length),':
    'The rows of a call are of one length.',
  'whole_text.ts: const [rows = 0, length = 0] = shape; -> const [rows = 1, length = 0] = shape;':
    'Tokens have two axes, so that what stands in for a size is never read.',
  "whole_text.ts: 'int64', -> 'bool',":
    'The interpreter reads the numbers of positions, whose dtype nothing asks.',
  "whole_text.ts: past: () => tensor('int64', [], [0]), -> past: () => tensor('bool', [], [0]),":
    'The interpreter reads the number, whose dtype nothing asks.',
  'compare.ts: if (d > abs) [abs, worst] = [d, p]; -> if (d >= abs) [abs, worst] = [d, p];':
    'Of places that are equally far off another one is named.',
  'verify_checks.ts: textInPieces(subject, repeatCuts(across, [Math.max(1, window - 1), 3]), 1, window - 1), -> textInPieces(subject, repeatCuts(across, [Math.max(1, window - 1), 1]), 1, window - 1),':
    'The text is cut into other pieces across the same edges.',
  'verify_padding.ts: padded(subject, holes, repeatCuts(longest, [5, 1])), -> padded(subject, holes, repeatCuts(longest, [6, 1])),':
    'The same rows are cut into other calls.',
  'dim.ts: const over = powers.filter(([, e]) => e > 0).map(part); -> const over = powers.filter(([, e]) => e >= 0).map(part);':
    'No power is zero: such a factor is dropped when a size is made.',
  'dim.ts: const sign = t.n < 0 ? -1 : 1; -> const sign = t.n < 0 ? -1 : 2;':
    'Both parts of a fraction are doubled, and fractions are reduced when they are made.',
  'dim.ts: return shifted.terms.every((t) => t.n > 0 && t.powers.every(([n, e]) => e > 0 && isRuntime(n))); -> return shifted.terms.every((t) => t.n >= 0 && t.powers.every(([n, e]) => e > 0 && isRuntime(n)));':
    'No term is zero: such a term is dropped when a size is made.',
  'verify_padding.ts: const tokens = randomRows(2, longest, vocab, seed + 8); -> const tokens = randomRows(3, longest, vocab, seed + 8);':
    'One row more is checked.',
};
