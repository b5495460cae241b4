/** What `worked_out.nanospec` says, in double, by code that shares nothing with the compiler. */

const dim = 8;

/** Of every token, for weights by name; `tokens` are rows of `wte`. */
export function workedOut(tokens: readonly number[], values: (name: string) => Float32Array): number[] {
  const [table, sinks] = [values('wte.weight'), values('sinks')];
  const x = tokens.map((t) => Array.from(table.subarray(t * dim, (t + 1) * dim)));
  return x.flatMap((query, q) => {
    const keys = x.slice(0, q + 1);
    const scores = keys.map((key) => key.reduce((sum, a, i) => sum + a * query[i]!, 0) / Math.sqrt(dim));
    const leant = mixed(
      scores.map((s, k) => s + 0.3 * (k - q)),
      keys,
    );
    const level = mixed(
      scores.map((s) => s + 2.9),
      keys,
      sinks[0],
    );
    const chosen = oneExpert(query, values);
    return leant.map((y, i) => y + 3 * level[i]! + chosen[i]!);
  });
}

/** Of the expert with the larger share, in either list. */
function oneExpert(x: readonly number[], values: (name: string) => Float32Array): number[] {
  const times = (name: string): number[] => {
    const weight = values(`${name}.weight`);
    return Array.from({ length: weight.length / dim }, (_, i) =>
      x.reduce((sum, a, j) => sum + a * weight[i * dim + j]!, 0),
    );
  };
  const [a, b] = times('router').map(Math.exp) as [number, number];
  const e = a > b ? 0 : 1;
  const [first, other] = [times(`first.${e}`), times(`other.${e}`)];
  return first.map((y, i) => (Math.max(a, b) / (a + b)) * (y - 2 * other[i]!));
}

/** The values by shares of their scores; a sink takes a share and has no value. */
function mixed(scores: readonly number[], values: readonly number[][], sink?: number): number[] {
  const shares = scores.map(Math.exp);
  const all = shares.reduce((a, b) => a + b, sink === undefined ? 0 : Math.exp(sink));
  return values[0]!.map((_, i) => values.reduce((sum, v, k) => sum + (shares[k]! / all) * v[i]!, 0));
}
