/** Drafts modules without submodules, matrices and norms, as members of a block. */

import { largest } from '../../spec/long_list.ts';
import { layerCondition } from './layer_condition.ts';
import { addBlock, type Block, blockName, type Draft } from './notes.ts';
import { sizeKeys } from './sizes.ts';
import {
  besideNumbers,
  gainOf,
  hasBias,
  isMatrix,
  type Module,
  memberNamed,
  type Numbered,
  numbered,
  offsetOf,
  shapeOf,
  signature,
} from './tree.ts';

/** `Linear(dim, hidden, bias=true)`; the products say what its sizes may be called. */
export function matrixKind(
  draft: Draft,
  module: Module,
  inputs: readonly string[],
  outputs: readonly string[],
): string {
  const { rows, columns } = extents(draft, module);
  return matrixOf(draft, module, draft.sizes.say(columns, ...inputs), draft.sizes.say(rows, ...outputs));
}

/** A matrix whose sizes are given as text. */
export function matrixOf(draft: Draft, module: Module, from: string, to: string): string {
  if (!draft.transposed) return `Linear(${from}, ${to}${hasBias(module) ? ', bias=true' : ''})`;
  if (hasBias(module)) return `Conv1D(${from}, ${to})`;
  const name = addBlock(draft, {
    name: 'Transposed',
    params: ['inputs', 'outputs'],
    members: ['weight: [inputs, outputs]'],
    forward: '(x) = x @ weight',
    assumed: [],
    lacks: [],
  });
  return `${name}(${from}, ${to})`;
}

/** Outputs and inputs of a matrix, however it is stored. */
export function extents({ transposed }: Pick<Draft, 'transposed'>, module: Module) {
  const [first, second] = shapeOf(module) as readonly [number, number];
  return transposed ? { rows: second, columns: first } : { rows: first, columns: second };
}

/** `RMSNorm(dim, eps)`, or a block of its own where the gain is not called `weight` or stored less one. */
export function normKind(draft: Draft, module: Module, ...products: readonly string[]): string {
  const gain = gainOf(module)!;
  const width = draft.sizes.say(shapeOf(module, gain)![0]!, ...products);
  draft.sizes.use('eps');
  const offset = offsetOf(module);
  const biased = offset !== undefined;
  const { lessOne } = draft.family;
  if (gain === 'weight' && !lessOne) {
    if (biased) return `LayerNorm(${width}, eps)`;
    return draft.norm.fn === 'rms_norm' ? `RMSNorm(${width}, eps)` : `LayerNorm(${width}, eps, bias=false)`;
  }
  const fn = biased ? 'layer_norm' : draft.norm.fn;
  const name = addBlock(draft, {
    name: 'Norm',
    params: ['width'],
    members: [`${gain}: [width]`, ...(biased ? [`offset: [width] from "${offset}"`] : [])],
    forward: `(x) = ${lessOne ? `(1 + ${gain})` : gain} * ${fn}(x, eps)${biased ? ' + offset' : ''}`,
    assumed: [],
    lacks: [],
  });
  return `${name}(${width})`;
}

/** A norm without weights as an expression, with the epsilon of the config. */
export function bareNorm({ sizes, family }: Draft, value: string): string {
  const eps = sizes.look(sizeKeys.eps) && sizes.use('eps') !== undefined ? ', eps' : '';
  return `${family.bare ?? 'rms_norm'}(${value}${eps})`;
}

/** Only code that is known has norms without weights. */
export const bareKnown = ({ family }: Draft): boolean =>
  family.bare !== undefined || family.headsNormed === true;

/** The members of a module that the draft has no role for: everything declared as it is stored. */
export function plainMembers(draft: Draft, { tensors, modules }: Module): readonly string[] {
  const own = [...tensors].map(([key, { shape }]) => {
    const { name, from } = memberNamed(key);
    return `${name}: ${shapeText(draft, shape)}${from}`;
  });
  return [...own, ...[...modules.values()].map((inner) => plainMember(draft, inner))];
}

/** Of any shape, in terms of the model's width alone: other sizes may be equal by chance. */
export const shapeText = ({ sizes }: Draft, shape: readonly number[]): string =>
  `[${shape.map((n) => sizes.say(n, 'dim')).join(', ')}]`;

/** `path` is its name where it lies deeper. */
export function plainMember(draft: Draft, module: Module, at = module.name): string {
  const { name: path, from } = memberNamed(at);
  const apart = besideNumbers(module);
  if (apart) {
    const beside = (name: string, kind: string): string =>
      `${path}_${name}: ${kind} from "${module.name}.${name}"`;
    return [
      plainMember(draft, apart.list, at),
      ...[...apart.tensors].map(([name, { shape }]) => beside(name, shapeText(draft, shape))),
      ...apart.others.map((inner) => beside(inner.name, plainKind(draft, inner))),
    ].join('\n');
  }
  const entries = numbered(module);
  if (!entries) return `${path}: ${plainKind(draft, module)}${from}`;
  const count = largest(entries.map(({ index }) => index)) + 1;
  const when = layerCondition(
    entries.map(({ index }) => index),
    count,
  );
  const alike = new Set(entries.map((entry) => signature(entry.module))).size === 1;
  const kind = alike
    ? plainKind(draft, entries[0]!.module, blockName(module.name))
    : `${unlike(draft, module.name, entries)}(i)`;
  return `${path}[i in range(${count})${when === undefined ? '' : ` if ${when}`}]: ${kind}${from}`;
}

function plainKind(draft: Draft, module: Module, name = blockName(module.name)): string {
  if (!draft.transposed && isMatrix(module)) return matrixKind(draft, module, ['dim'], ['dim']);
  if (gainOf(module) !== undefined) return normKind(draft, module, 'dim');
  return addBlock(draft, { name, params: [], members: plainMembers(draft, module), assumed: [], lacks: [] });
}

/** Drafts a list whose entries do not all have the same tensors. */
function unlike(draft: Draft, name: string, entries: readonly Numbered[]): string {
  const members = entries.flatMap(({ index, module }) => [
    `if i == ${index} {`,
    ...plainMembers(draft, module),
    '}',
  ]);
  return addBlock(draft, { name: blockName(name), params: ['i'], members, assumed: [], lacks: [] });
}

/** A placeholder block that returns its input, and is refused until someone writes what it computes. */
export function unknownBlock(draft: Draft, module: Module): Block {
  const name = blockName(module.name);
  return {
    name,
    params: [],
    members: plainMembers(draft, module),
    forward: '(x) = x',
    assumed: [],
    lacks: [`what ${name} computes`],
  };
}
