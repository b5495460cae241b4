/** What is known about sizes: the numbers behind names, and the facts that `require` states. */

import * as dim from '../../dim.ts';

export interface Sizes {
  /** Number of each config entry and opaque atom. */
  readonly numbers: Map<string, number>;
  /** `require dim == heads * head`: from then on `dim` is read as `heads * head`. */
  readonly facts: Map<string, dim.Dim>;
  readonly normal: Map<string, dim.Dim>;
  readonly concrete: Map<string, dim.Dim>;
}

export const makeSizes = (): Sizes => ({
  numbers: new Map(),
  facts: new Map(),
  normal: new Map(),
  concrete: new Map(),
});

/** The normal form after the facts. */
export function normal(sizes: Sizes, d: dim.Dim): dim.Dim {
  if (sizes.facts.size === 0) return d;
  let found = sizes.normal.get(d.key);
  if (!found) {
    found = dim.substitute(d, (name) => sizes.facts.get(name));
    sizes.normal.set(d.key, found);
  }
  return found;
}

export const same = (sizes: Sizes, a: dim.Dim, b: dim.Dim): boolean =>
  a.key === b.key || (sizes.facts.size > 0 && normal(sizes, a).key === normal(sizes, b).key);

/** With numbers for names: a polynomial in `B`, `T`, `P`. Config numbers must be in whole sizes by now. */
export function concrete(sizes: Sizes, d: dim.Dim): dim.Dim {
  let found = sizes.concrete.get(d.key);
  if (!found) {
    found = putNumbers(sizes, d);
    sizes.concrete.set(d.key, found);
  }
  return found;
}

function putNumbers(sizes: Sizes, d: dim.Dim): dim.Dim {
  const constant = dim.constant(d);
  if (constant !== undefined) return d;
  let sum = dim.size(0);
  for (const term of d.terms) {
    const running = term.powers.filter(([name]) => dim.isRuntime(name));
    const rest = { ...term, powers: term.powers.filter(([name]) => !dim.isRuntime(name)) };
    const value = dim.evaluate({ terms: [rest], key: '' }, sizes.numbers);
    const number = dim.exact(value) ?? dim.exact(Number(value.toPrecision(12)));
    if (!number) throw new dim.InexactSize(`${dim.show(d)} is too large a size`);
    let product = number;
    for (const [name, e] of running) {
      for (let i = 0; i < Math.abs(e); i++) {
        const by = dim.atom(name);
        product = e > 0 ? dim.mul(product, by) : (dim.div(product, by) ?? product);
      }
    }
    sum = dim.add(sum, product);
  }
  const whole = dim.constant(sum);
  return whole !== undefined && Math.abs(whole - Math.round(whole)) < 1e-6
    ? dim.size(Math.round(whole))
    : sum;
}

/** The number of a size without `B`, `T`, `P`; undefined with them. */
export const numberOf = (sizes: Sizes, d: dim.Dim): number | undefined =>
  isRunning(d) ? undefined : dim.constant(concrete(sizes, d));

export const isRunning = (d: dim.Dim): boolean =>
  d.terms.some((t) => t.powers.some(([n]) => dim.isRuntime(n)));

/** Equal by number though not by name. */
export const sameNumber = (sizes: Sizes, a: dim.Dim, b: dim.Dim): boolean =>
  dim.equal(concrete(sizes, a), concrete(sizes, b));

/** Take `a == b` for granted where one of them is a single name; false when it says nothing of that form. */
export function learn(sizes: Sizes, a: dim.Dim, b: dim.Dim): boolean {
  const [left, right] = [normal(sizes, a), normal(sizes, b)];
  if (left.key === right.key) return false;
  const name = singleName(left) ?? singleName(right);
  const other = singleName(left) === undefined ? left : right;
  if (name === undefined || dim.mentions(other, name)) return false;
  for (const [known, d] of sizes.facts) {
    sizes.facts.set(
      known,
      dim.substitute(d, (n) => (n === name ? other : undefined)),
    );
  }
  sizes.facts.set(name, other);
  sizes.normal.clear();
  return true;
}

function singleName({ terms }: dim.Dim): string | undefined {
  const [term, ...more] = terms;
  if (!term || more.length > 0 || term.n !== 1 || term.d !== 1 || term.powers.length !== 1) return undefined;
  const [name, e] = term.powers[0]!;
  return e === 1 && /^\w+$/.test(name) && !dim.isRuntime(name) ? name : undefined;
}

/** `heads * head (2048)`, `P + T`, `16`. */
export function showSize(sizes: Sizes, d: dim.Dim): string {
  const number = dim.constant(d) === undefined ? numberOf(sizes, d) : undefined;
  return number === undefined ? dim.show(d) : `${dim.show(d)} (${Number(number.toPrecision(12))})`;
}

export const showSizes = (sizes: Sizes, shape: readonly dim.Dim[]): string =>
  `[${shape.map((d) => showSize(sizes, d)).join(', ')}]`;

/** All names as numbers: `[B, T, 2048]`. */
export const showNumbers = (sizes: Sizes, shape: readonly dim.Dim[]): string =>
  dim.showShape(shape.map((d) => concrete(sizes, d)));
