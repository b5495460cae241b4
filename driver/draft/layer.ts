/** Drafts a layer: its branches, the places of its norms, and members that only some layers have. */

import { draftAttention, isAttention } from './attention.ts';
import { layerCondition } from './layer_condition.ts';
import { bareKnown, bareNorm, normKind, plainMember, plainMembers } from './leaf.ts';
import { draftMlp, inlineMlp } from './mlp.ts';
import { type Place, placeNorms } from './norms.ts';
import { addBlock, type Draft } from './notes.ts';
import { type Branch, streamOf } from './stream.ts';
import { gainOf, isMatrix, type Module, memberNamed, numbered, signature } from './tree.ts';

/** A member of the layers under one name, which may differ from layer to layer. */
interface Child {
  readonly name: string;
  readonly from: string;
  /** Its different forms, each with the condition for the layers that have it. */
  readonly forms: readonly { readonly module: Module; readonly when: string | undefined }[];
  /** The condition for the layers that have it at all; undefined for all. */
  readonly when: string | undefined;
}

export function draftLayer(
  draft: Draft,
  layers: readonly Module[],
): { readonly name: string; readonly perLayer: boolean } {
  const roles = rolesOf(childrenOf(layers));
  const { inline, mlps, others } = feedsOf(draft, roles);
  const attentions = roles.attentions.map(calling);
  const {
    norms: at,
    rest,
    ...placed
  } = placeNorms(
    roles.norms.map((norm) => norm.name),
    { text: bareNorm(draft, 'x'), known: bareKnown(draft) },
    { attention: attentions[0]?.name ?? 'what comes first', mlp: mlps[0]?.name ?? 'what comes next' },
  );
  let perLayer = roles.all.some((child) => child.forms.length > 1 || child.when !== undefined);
  const kindOf: Readonly<Record<Role, (module: Module) => string>> = {
    norms: (module) => normKind(draft, module, 'dim'),
    mlps: (module) => draftMlp(draft, module),
    attentions(module) {
      const attention = draftAttention(draft, module);
      perLayer ||= attention.perLayer;
      return attention.perLayer ? `${attention.name}(i)` : attention.name;
    },
  };
  // In the order in which a token meets them.
  const called = (place: Place): readonly Child[] => roles.norms.filter((norm) => norm.name === at[place]);
  const line = (role: Role, list: readonly Child[]): readonly string[] =>
    list.map((child) => memberLine(child, (m) => `${child.name}: ${kindOf[role](m)}${child.from}`));
  const members = [
    ...line('norms', called('beforeAttention')),
    ...line('attentions', roles.attentions),
    ...line('norms', [...called('afterAttention'), ...called('beforeMlp')]),
    ...line('mlps', roles.mlps),
    ...(inline?.block.members ?? []),
    ...line('norms', [...called('afterMlp'), ...roles.norms.filter((norm) => rest.includes(norm.name))]),
    ...others.map((child) => memberLine(child, (module) => plainMember(draft, module))),
    ...plainMembers(draft, { ...layers[0]!, modules: new Map() }),
  ];
  const unplaced = [...layers[0]!.tensors.keys(), ...others.map((child) => child.name), ...rest];
  const stream = streamOf(draft, at, attentions, mlps);
  const name = addBlock(draft, {
    name: 'Layer',
    params: perLayer ? ['i'] : [],
    members,
    forward: stream.forward,
    assumed: [...placed.assumed, ...stream.assumed, ...(inline?.block.assumed ?? [])],
    lacks: [
      ...placed.lacks,
      ...stream.lacks,
      ...(inline?.block.lacks ?? []),
      ...unplaced.map((part) => `where ${part} goes`),
      ...(roles.attentions.length === 0 ? ['where tokens meet; no attention was recognised'] : []),
    ],
  });
  return { name, perLayer };
}

type Role = 'norms' | 'attentions' | 'mlps';

/** True for a list of modules of one kind; `nn.Sequential` of two matrices is none. */
const isList = (module: Module): boolean => {
  const entries = numbered(module);
  return entries !== undefined && !(entries.length === 2 && entries.every((entry) => isMatrix(entry.module)));
};

function rolesOf(all: readonly Child[]) {
  const every = (child: Child, test: (module: Module) => boolean): boolean =>
    child.forms.every(({ module }) => !isList(module) && test(module));
  const norms = all.filter((child) => every(child, (m) => gainOf(m) !== undefined));
  const attentions = all.filter(
    (child) => !norms.includes(child) && every(child, (m) => /att|mixer/i.test(m.name) || isAttention(m)),
  );
  const taken = [...norms, ...attentions];
  const mlps = all.filter(
    (child) =>
      !taken.includes(child) &&
      every(child, (m) => /mlp|ff|feed_?forward|moe/i.test(m.name) && m.modules.size > 0),
  );
  return {
    all,
    norms,
    attentions,
    mlps,
    others: all.filter((child) => ![...taken, ...mlps].includes(child)),
  };
}

function childrenOf(layers: readonly Module[]): readonly Child[] {
  const names = new Set(layers.flatMap((layer) => [...layer.modules.keys()]));
  return [...names].map((name) => {
    const forms = new Map<string, { readonly module: Module; readonly indices: number[] }>();
    const all: number[] = [];
    for (const [i, layer] of layers.entries()) {
      const module = layer.modules.get(name);
      if (!module) continue;
      all.push(i);
      const key = signature(module);
      const form = forms.get(key);
      if (form) form.indices.push(i);
      else forms.set(key, { module, indices: [i] });
    }
    const each = [...forms.values()].map(({ module, indices }) => ({
      module,
      when: layerCondition(indices, layers.length),
    }));
    return { ...memberNamed(name), forms: each, when: layerCondition(all, layers.length) };
  });
}

function memberLine({ forms, when }: Child, lineOf: (module: Module) => string): string {
  return forms
    .map((form, n) => {
      const line = lineOf(form.module);
      if (form.when === undefined) return line;
      const last = n === forms.length - 1 && n > 0 && when === undefined;
      return last ? `{ ${line} }` : `if ${form.when} { ${line} }`;
    })
    .join(' else ');
}

/** The feed-forward branches, which may have their matrices in the layer itself, and what is left. */
function feedsOf(draft: Draft, { mlps, others }: ReturnType<typeof rolesOf>) {
  const inline = mlps.length === 0 ? inlineMlp(draft, matricesOf(others)) : undefined;
  return inline?.call
    ? { inline, mlps: [inlined(inline.names, inline.call)], others: others.filter((child) => !inMlp(child)) }
    : { inline, mlps: mlps.map(calling), others };
}

/** A matrix that all layers have alike, outside any module. */
const inMlp = ({ forms, when }: Child): boolean =>
  when === undefined && forms.length === 1 && isMatrix(forms[0]!.module);

const matricesOf = (children: readonly Child[]): readonly Module[] =>
  children.filter(inMlp).map(({ forms }) => forms[0]!.module);

const calling = ({ name, when }: Child): Branch => ({ name, when, call: (read) => `${name}(${read})` });

const inlined = (names: readonly string[], call: Branch['call']): Branch => ({
  name: names.join(' and '),
  when: undefined,
  call,
});
