/** The number of heads of queries and keys, from the config or else from shapes. */

import { extents } from './leaf.ts';
import { assumedIf, type Draft, noOpenPoints, type OpenPoints } from './notes.ts';
import { type Sizes, sizeKeys } from './sizes.ts';
import { gainOf, type Module, shapeOf } from './tree.ts';

export interface Heads {
  /** The name of the number of key heads. */
  readonly kv: 'heads' | 'kv_heads';
  readonly said: OpenPoints;
}

/** The width of a norm. */
export const widthOf = (norm: Module): number => shapeOf(norm, gainOf(norm))![0]!;

export function separateHeads(
  draft: Draft,
  { q, k }: { readonly q: Module; readonly k: Module },
  qNorm: Module | undefined,
): Heads | undefined {
  const { sizes } = draft;
  const [rows, kvRows] = [extents(draft, q).rows, extents(draft, k).rows];
  const { head, said } = headOf(sizes, rows, qNorm);
  if (![head, rows / head, kvRows / head].every(Number.isInteger)) return undefined;
  sizes.know('heads', rows / head);
  return { kv: keyHeads(sizes, kvRows / head), said };
}

function headOf(sizes: Sizes, rows: number, qNorm: Module | undefined) {
  const heads = sizes.peek('heads');
  const width = sizes.peek('head_dim');
  if (heads !== undefined) {
    if (width === undefined || width * heads !== rows) sizes.know('head_dim', rows / heads);
    return { head: rows / heads, said: noOpenPoints };
  }
  const normed = qNorm && widthOf(qNorm);
  const head = width ?? (normed !== undefined && normed < rows ? normed : undefined);
  if (head !== undefined) {
    sizes.know('head_dim', head);
    return { head, said: noOpenPoints };
  }
  const guess = [128, 64, 32, 16].find((n) => rows % n === 0 && rows / n >= 4) ?? rows;
  sizes.know('head_dim', guess);
  return {
    head: guess,
    said: assumedIf(
      false,
      '',
      `how many heads there are, as neither config nor shapes say it; a head of ${guess} numbers stands for it`,
    ),
  };
}

/** Under its own name where the config has an entry for it, or it differs. */
function keyHeads(sizes: Sizes, count: number): Heads['kv'] {
  const found = sizes.look(sizeKeys.kv_heads);
  const said = found?.value === count;
  if (count === sizes.peek('heads') && !said) return 'heads';
  sizes.know('kv_heads', count);
  return 'kv_heads';
}

export function fusedHeads(draft: Draft, qkv: Module): Heads | undefined {
  const { sizes } = draft;
  const { rows } = extents(draft, qkv);
  const dim = sizes.peek('dim')!;
  const { head, said } = headOf(
    sizes,
    sizes.peek('head_dim') && sizes.peek('heads') ? sizes.peek('head_dim')! * sizes.peek('heads')! : dim,
    undefined,
  );
  const heads = sizes.peek('heads') ?? dim / head;
  sizes.know('heads', heads);
  const kv = (rows / head - heads) / 2;
  if (!Number.isInteger(head) || !Number.isInteger(kv) || kv < 1 || heads % kv !== 0) return undefined;
  return { kv: keyHeads(sizes, kv), said };
}
