/** What a draft takes for granted about what has no weights: no tensor and no entry would show it. */

import type { Whole } from './model.ts';
import type { Draft } from './notes.ts';
import { sizeKeys } from './sizes.ts';
import { everyModule, gainOf, hasBias } from './tree.ts';

export const wordless = (draft: Draft, whole: Whole): readonly string[] => [
  ...normAssumed(draft, whole),
  ...absent(draft),
];

function normAssumed({ sizes, norm, family }: Draft, { layers }: Whole): readonly string[] {
  const norms = layers.flatMap((layer) => [...everyModule(layer)].filter((m) => gainOf(m) !== undefined));
  if (norms.length === 0) return [];
  const bare = norms.some((m) => !hasBias(m));
  const eps = sizes.find(sizeKeys.eps);
  return [
    ...(bare && !eps?.key.startsWith('rms')
      ? [
          `norms without a bias are ${norm === 'rms_norm' ? 'RMS' : 'layer'} norms: only their weights are in the file`,
        ]
      : []),
    ...(eps ? [] : ['norms add 1e-5: no entry says their epsilon']),
    family.lessOne
      ? `a norm multiplies by \`1 + weight\`, as ${family.by} code does`
      : "a norm multiplies by `weight`, not by `1 + weight`, as Gemma's do",
  ];
}

function absent({ sizes, family }: Draft): readonly string[] {
  const parts = [
    ...(family.scaled ? [] : ['embeddings are neither scaled nor normed']),
    'queries and keys are not normed without weights',
    ...(sizes.peek('inner') === undefined ? ['scores are not capped'] : []),
    ...(sizes.peek('outer') === undefined ? ['logits are neither scaled nor capped'] : []),
  ];
  return [
    ...(family.scaled
      ? [`embeddings are multiplied by the root of their width, as ${family.by} code does`]
      : []),
    `what has no weights is not there: ${parts.join(', ')}`,
  ];
}
