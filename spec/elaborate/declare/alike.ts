/** Entries of a list that are made alike: the first is made, and the others are its parameters under names of their own, until something looks into them. */

import type { ParamDecl } from '../../sink.ts';
import type { Located } from '../../source.ts';
import { type Site, step } from '../values/context.ts';
import type { MemberPlace } from '../values/place.ts';
import type { ModuleValue, Value } from '../values/value.ts';
import { declareParam } from './params.ts';

/** The entries at the places, each as `make` would make it. What is wrong with one is found in each, so that after a report all are made. */
export function madeAlike<V>(
  site: Site<V>,
  places: readonly MemberPlace[],
  make: (place: MemberPlace) => Value<V>,
): readonly Value<V>[] {
  const { cx } = site;
  const [place, ...others] = places;
  if (!place) return [];
  const before = { steps: cx.steps, params: cx.declared.length };
  const first = make(place);
  if (first.kind !== 'module' || cx.diagnostics.length > 0) return [first, ...others.map(make)];
  const steps = cx.steps - before.steps;
  const own = cx.declared.slice(before.params);
  return [first, ...others.map((other) => copied(site, first, { place, other, own, steps, make }))];
}

interface Copying<V> {
  readonly place: MemberPlace;
  readonly other: MemberPlace;
  /** The parameters of the first entry. */
  readonly own: readonly ParamDecl[];
  readonly steps: number;
  readonly make: (place: MemberPlace) => Value<V>;
}

function copied<V>(
  site: Site<V, Located>,
  first: ModuleValue<V>,
  { place, other, own, steps, make }: Copying<V>,
): Value<V> {
  step(site, steps);
  for (const decl of own) {
    const path = other.path + decl.path.slice(place.path.length);
    declareParam(site, { ...decl, path, key: other.key + decl.key.slice(place.key.length) });
  }
  const { path, label, key } = other;
  let made: ModuleValue<V> | undefined;
  return {
    ...first,
    ...{ path, label, key },
    get scope() {
      made ??= apart(site, () => make(other)) as ModuleValue<V>; // as the first is
      return made.scope;
    },
  };
}

/** Makes what could have been made before: it counts no steps again, and whatever is being made or run meanwhile is not around it. */
function apart<V, R>({ cx }: Site<V>, make: () => R): R {
  const { steps } = cx;
  const active = [...cx.active];
  cx.active.clear();
  try {
    return make();
  } finally {
    cx.active.clear();
    for (const key of active) cx.active.add(key);
    cx.steps = steps;
  }
}
