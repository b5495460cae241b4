/** What a draft assumes about parts without weights, which neither a tensor nor an entry of the config would show. */

import type { ModelParts } from './model.ts';
import { assumedIf, type Draft, hasFeature, type OpenPoints } from './notes.ts';
import { sizeKeys } from './sizes.ts';
import { everyModule, gainOf, offsetOf } from './tree.ts';

export function weightlessParts(draft: Draft, whole: ModelParts): OpenPoints {
  const norms = normAssumptions(draft, whole);
  return { assumed: [...norms.assumed, ...absentParts(draft)], lacks: norms.lacks };
}

function normAssumptions({ sizes, norm, family }: Draft, { layers }: ModelParts): OpenPoints {
  const norms = layers.flatMap((layer) => [...everyModule(layer)].filter((m) => gainOf(m) !== undefined));
  const eps = sizes.look(sizeKeys.eps);
  if (norms.length === 0)
    return {
      assumed: eps || family.bare ? [] : ['norms add 2**-23: no entry says their epsilon'],
      lacks: [],
    };
  const bare = norms.some((m) => offsetOf(m) === undefined);
  const kind = norm.fn === 'rms_norm' ? 'RMS' : 'layer';
  const said = assumedIf(
    norm.from !== 'nothing',
    `norms without a bias are ${kind} norms${norm.from === 'family' ? `, as in ${family.by} code` : ''}: only their weights are in the file`,
    `whether norms are RMS or layer norms, as no entry says it; ${kind} norms stand for them`,
  );
  return {
    assumed: [
      ...(bare && norm.from !== 'entry' && !eps?.key.startsWith('rms') ? said.assumed : []),
      ...(eps ? [] : ['norms add 1e-5: no entry says their epsilon']),
      family.lessOne
        ? `a norm multiplies by \`1 + weight\`, as ${family.by} code does`
        : "a norm multiplies by `weight`, not by `1 + weight`, as Gemma's do",
    ],
    lacks: bare ? said.lacks : [],
  };
}

/** Parts that only the name of the family reveals, and the assumption that there are no others. */
function absentParts(draft: Draft): readonly string[] {
  const { sizes, family } = draft;
  const attends = hasFeature(draft, 'attention');
  const heads = attends ? [...(family.headsNormed ? [] : ['queries', 'keys']), 'values'] : [];
  const capped = [
    ...(attends && sizes.peek('inner') === undefined ? ['scores'] : []),
    ...(sizes.peek('outer') === undefined ? ['logits'] : []),
  ];
  const as = `as ${family.by} code does`;
  const known = family.cap !== undefined && sizes.look(sizeKeys.outer) === undefined;
  return [
    ...(family.scaled ? [`embeddings are multiplied by the root of their width, ${as}`] : []),
    ...(family.embeddingNormed ? [`embeddings are normed without weights, ${as}`] : []),
    ...(known ? [`logits are capped at ${family.cap}, ${as}`] : []),
    `nothing else is there that has no weights: ${[
      ['norm', ...(family.embeddingNormed ? [] : ['embeddings']), ...heads],
      ['scale', ...(family.scaled ? [] : ['embeddings']), 'branches', 'logits'],
      ['cap', ...capped],
    ]
      .filter(({ length }) => length > 1)
      .map(([what, ...of]) => `no ${what} of ${of.join(', ').replace(/, (?=[^,]*$)/, ' or ')}`)
      .join('; ')}`,
  ];
}
