/** The diagnostics of one elaboration: each is said once for its code and place, with the instances it was found in. */

import { type Diagnostic, firstFew } from '../../diagnostic.ts';
import { limits } from '../../limits.ts';
import { nullSink, type Sink } from '../../sink.ts';

export interface Reports<V> {
  /** After the first error it is a sink that records nothing, since a wrong program has no graph. */
  sink: Sink<V>;
  readonly diagnostics: Diagnostic[];
  /** Places and codes of errors beyond those that are reported. */
  readonly unreported: Set<string>;
  /** Block instances that each diagnostic was found in, as messages say them. */
  readonly foundIn: Map<Diagnostic, Set<string>>;
}

/** Stands for graph values after an error, which nothing reads. */
export const noValue = <V>(): V => undefined as V;

/** A sink that keeps nothing, for any type of value: after an error, and in a rehearsal, nothing reads the values. */
export const silentSink = <V>(): Sink<V> => nullSink as unknown as Sink<V>;

/** Reports a diagnostic; `label` is the instance that it was found in. */
export function report<V>(reports: Reports<V>, diagnostic: Diagnostic, label = ''): void {
  reports.diagnostics.push(diagnostic);
  reports.foundIn.set(diagnostic, new Set([label]));
  if (diagnostic.severity === 'error') reports.sink = silentSink();
}

/** Reports a diagnostic unless one of its code is known at its place, which then gains an instance. */
export function reportOnce<V>(reports: Reports<V>, diagnostic: Diagnostic, label: string): void {
  const { code, span, severity } = diagnostic;
  const known = reports.diagnostics.find(
    (d) => d.code === code && d.span?.start === span?.start && d.span?.source === span?.source,
  );
  if (known) reports.foundIn.get(known)?.add(label);
  else if (severity === 'error' && reports.diagnostics.length >= limits.diagnostics)
    reports.unreported.add(`${code} ${span?.source.name}:${span?.start}`);
  else report(reports, diagnostic, label);
}

/** The diagnostics in the order of the text, each with the instances that it was found in. */
export function collected<V>({ diagnostics, foundIn, unreported }: Reports<V>): readonly Diagnostic[] {
  const sources = [...new Set(diagnostics.map((d) => d.span?.source))];
  const rank = (d: Diagnostic): number => sources.indexOf(d.span?.source);
  const start = (d: Diagnostic): number => d.span?.start ?? 0;
  const sorted = [...diagnostics].sort((a, b) => rank(a) - rank(b) || start(a) - start(b));
  return firstFew(sorted, unreported.size).map((d) => {
    const [first, ...more] = foundIn.get(d) ?? [];
    if (!first) return d;
    const message = more.length > 0 ? `in ${first} and ${more.length} more` : `in ${first}`;
    return { ...d, related: [...(d.related ?? []), { message }] };
  });
}
