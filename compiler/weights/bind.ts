/** Binds a checkpoint's tensors to a spec's parameters, strictly both ways; everything that does not fit is listed at once. */

import { type Diagnostic, error, hasErrors, type Related, warning } from '../../spec/diagnostic.ts';
import { nearest } from '../../spec/nearest.ts';
import type { NameRules, Program } from '../../spec/program.ts';
import type { ParamDecl } from '../../spec/sink.ts';
import type { Span } from '../../spec/source.ts';
import type { Checkpoint, LazyTensor } from '../checkpoint/checkpoint.ts';
import { convertible } from './convert.ts';
import { matches } from './globs.ts';
import { sameValues } from './same_values.ts';

export interface Bound {
  readonly decl: ParamDecl;
  /** Absent when the declaration's `default` fills the parameter. */
  readonly tensor?: LazyTensor;
}

export interface Binding {
  /** By `ParamDecl.key`. */
  readonly entries: ReadonlyMap<string, Bound>;
}

export interface BindOptions {
  /** Globs of tensors that may be left over with a warning. */
  readonly ignoreExtra: readonly string[];
  /** How messages name the checkpoint. */
  readonly file: string;
}

export function bind(
  program: Program,
  checkpoint: Checkpoint,
  { ignoreExtra, file }: BindOptions,
): { readonly binding?: Binding; readonly diagnostics: readonly Diagnostic[] } {
  const { tensors, clashes } = renamed(checkpoint.tensors, program.names, file);
  const left = new Map(tensors);
  const entries = new Map<string, Bound>();
  const missing: ParamDecl[] = [];
  const unfit: { readonly key: string; readonly span: Span; readonly problem: Diagnostic }[] = [];
  for (const decl of program.params) {
    const tensor = tensors.get(decl.key);
    left.delete(decl.key);
    if (!tensor && decl.default === undefined) missing.push(decl);
    else entries.set(decl.key, { decl, ...(tensor && { tensor }) });
    const problem = tensor && misfit(decl, tensor, file);
    if (problem) unfit.push({ key: decl.key, span: decl.span, problem });
  }
  const untied = checkTied(program.names, left, entries, file);
  const diagnostics = [
    ...clashes,
    ...allAbsent(missing, [...left.keys()], file),
    ...byLine(unfit).map(([{ problem }, ...more]) => ({ ...problem, ...andMore(more.map((m) => m.key)) })),
    ...untied,
    ...leftOver(unignored(left, program.names), ignoreExtra, file, entries),
  ];
  return hasErrors(diagnostics) ? { diagnostics } : { binding: { entries }, diagnostics };
}

type Tensors = ReadonlyMap<string, LazyTensor>;

/** The longest prefix that fits is replaced, once. */
function renamed(tensors: Tensors, { prefixes }: NameRules, file: string) {
  const rules = prefixes.toSorted((a, b) => b.from.length - a.from.length);
  const result = new Map<string, LazyTensor>();
  const clashes: Diagnostic[] = [];
  for (const [name, tensor] of tensors) {
    const rule = rules.find(({ from }) => name.startsWith(from));
    const key = rule ? rule.to + name.slice(rule.from.length) : name;
    const other = result.get(key);
    if (other) {
      clashes.push(
        error('N609', `${other.name} and ${name} are both named ${key} by the spec's prefixes`, { file }),
      );
    }
    result.set(key, tensor);
  }
  return { tensors: result, clashes };
}

const fits = (decl: ParamDecl, shape: readonly number[]): boolean =>
  shape.length === decl.shape.length && shape.every((n, i) => n === decl.shape[i]);

function misfit(decl: ParamDecl, { name, shape, dtype }: LazyTensor, file: string): Diagnostic | undefined {
  if (!fits(decl, shape)) {
    const found = `[${shape.join(', ')}]`;
    return error('N610', `${name} is ${found} in the checkpoint; the spec says ${decl.shapeText}`, {
      span: decl.span,
      file,
      expected: `[${decl.shape.join(', ')}]`,
      found,
    });
  }
  const wanted = decl.dtype === 'float' ? 'float32' : decl.dtype;
  if (convertible(dtype, wanted)) return undefined;
  return error('N615', `${name} is stored as ${dtype}; the spec wants ${decl.dtype}`, {
    span: decl.span,
    file,
  });
}

/** A key with its numbers left out: the same text for the same parameter of every layer. */
const layerPattern = (key: string): string => key.replaceAll(/\d+/g, 'N');

/** Groups faults that one line of the spec causes in every layer, so that they are reported once. */
function byLine<T extends { readonly key: string; readonly span: Span }>(
  faults: readonly T[],
): readonly (readonly [T, ...T[]])[] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const fault of faults) {
    const place = `${fault.span.source.name} ${fault.span.start} ${layerPattern(fault.key)}`;
    const group = groups.get(place);
    if (group) group.push(fault);
    else groups.set(place, [fault]);
  }
  return [...groups.values()];
}

/** `and 15 more that the same line makes, up to h.15.mlp.up.weight`. */
const andMore = (more: readonly string[]): Pick<Diagnostic, 'related'> =>
  more.length === 0
    ? {}
    : { related: [{ message: `and ${more.length} more that the same line makes, up to ${more.at(-1)}` }] };

/** Missing parameters reported one by one; a last message names all further ones. */
const mostFaultsListed = 60;

function allAbsent(missing: readonly ParamDecl[], left: readonly string[], file: string): Diagnostic[] {
  const lines = byLine(missing);
  const rest = lines.slice(mostFaultsListed).flat();
  const each = lines.slice(0, mostFaultsListed).map(([{ key, shapeText, span }, ...more]) => {
    const near = nearest(key, candidates(left));
    return error('N608', `the checkpoint has no ${key}`, {
      span,
      file,
      expected: shapeText,
      ...andMore(more.map((m) => m.key)),
      ...(near !== undefined && { hint: `the nearest name there is ${near}` }),
    });
  });
  if (rest.length === 0) return each;
  const related = rest.map(({ key }) => ({ message: key }));
  return [...each, error('N608', `the checkpoint has ${rest.length} more not`, { file, related })];
}

/** Names that a hint is looked for among: few and short, because a hostile file may have a million long ones. */
const candidates = (names: readonly string[]): readonly string[] =>
  names.slice(0, 2000).filter((name) => name.length <= 200);

/** A tensor that the spec says repeats a parameter is used up once its values are seen to be the same. */
function checkTied(
  { tied }: NameRules,
  left: Map<string, LazyTensor>,
  entries: Binding['entries'],
  file: string,
): Diagnostic[] {
  const problems: Diagnostic[] = [];
  for (const { key, param, span } of tied) {
    const copy = left.get(key);
    const bound = [...entries.values()].find(({ decl }) => decl.path === param || decl.key === param);
    const own = bound?.tensor;
    if (!copy || !own) continue;
    left.delete(key);
    // `misfit` has already reported another shape.
    if (!fits(bound.decl, own.shape) || sameValues(own, copy)) continue;
    problems.push(
      error('N617', `${copy.name} and ${own.name} are tied by the spec, but differ in the checkpoint`, {
        span,
        file,
        hint: `untie them: give ${key} a member of its own`,
      }),
    );
  }
  return problems;
}

/** Buffers that older libraries saved with every layer, and that nanoc computes itself. */
const recomputedBuffers: readonly string[] = ['*.rotary_emb.inv_freq'];

const unignored = (left: Tensors, { ignore }: NameRules): readonly LazyTensor[] =>
  [...left]
    .filter(
      ([key, { name }]) =>
        ![...recomputedBuffers, ...ignore].some((glob) => matches(glob, key) || matches(glob, name)),
    )
    .map(([, tensor]) => tensor);

function leftOver(
  extra: readonly LazyTensor[],
  ignoreExtra: readonly string[],
  file: string,
  entries: Binding['entries'],
): Diagnostic[] {
  const allowed = extra.filter(({ name }) => ignoreExtra.some((glob) => matches(glob, name)));
  const refused = extra.filter(({ name }) => !ignoreExtra.some((glob) => matches(glob, name)));
  const known = new Set([...entries.keys()].map(layerPattern));
  const further = refused.find(({ name }) => known.has(layerPattern(name)));
  const hint = further
    ? `${further.name} is like one that the spec has: does the config count all layers?`
    : `if the model does not need them: --ignore-extra '${refused[0]?.name}', or \`ignore\` in the spec`;
  return [
    ...(refused.length > 0 ? [error('N609', unused(refused), { file, related: listed(refused), hint })] : []),
    ...(allowed.length > 0 ? [warning('N609', unused(allowed), { file, related: listed(allowed) })] : []),
  ];
}

const unused = ([first, ...more]: readonly LazyTensor[]): string =>
  `the spec never uses ${first?.name}${more.length > 0 ? ` and ${more.length} more` : ''}`;

const listed = (tensors: readonly LazyTensor[]): readonly Related[] =>
  tensors.length === 1
    ? []
    : tensors.map(({ name, dtype, shape }) => ({ message: `${name}: ${dtype}[${shape.join(', ')}]` }));
