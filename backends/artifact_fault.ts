/** Checks the artifact that a backend returns, which may be code of somebody else and return anything. */

/** Says what is wrong; undefined for an artifact as the interface defines it. */
export function artifactFault(value: unknown): string | undefined {
  if (!isObject(value) || value instanceof Promise)
    return `it gives ${described(value)}, not { files, diagnostics }`;
  const { files, diagnostics } = value;
  if (!Array.isArray(files) || files.length === 0)
    return `its files are ${described(files)}, not a list of some`;
  if (!Array.isArray(diagnostics)) return `its diagnostics are ${described(diagnostics)}, not a list`;
  const wrong = diagnostics.find((d) => !isDiagnostic(d));
  if (wrong !== undefined)
    return `one of its diagnostics is ${described(wrong)}, not { code, severity, message }`;
  return filesFault(files);
}

/** The same of a list of files alone. */
export function filesFault(files: readonly unknown[]): string | undefined {
  const names: unknown[] = files.map((file) => (isObject(file) ? file['name'] : undefined));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  for (const file of files) {
    const fault = fileFault(file);
    if (fault) return fault;
  }
  return twice === undefined ? undefined : `two of its files are named ${String(twice)}`;
}

function fileFault(file: unknown): string | undefined {
  if (!isObject(file)) return `one of its files is ${described(file)}, not { name, size, chunks }`;
  const { name, size, chunks } = file;
  if (typeof name !== 'string') return `the name of a file is ${described(name)}, not text`;
  const fault = nameFault(name);
  if (fault) return fault;
  if (!(typeof size === 'number' && Number.isInteger(size) && size >= 0))
    return `the size of ${name} is ${described(size)}, not a number of bytes`;
  return typeof chunks === 'function'
    ? undefined
    : `the chunks of ${name} are ${described(chunks)}, not a function`;
}

/** A name must lead to a place in or below the folder that is written to. */
export function nameFault(name: string): string | undefined {
  const parts = name.split(/[/\\]/);
  const outside = /^(?:[/\\]|[A-Za-z]:)/.test(name) || parts.includes('..');
  if (outside) return `${JSON.stringify(name)} lies outside the folder that is written to`;
  return parts.some((part) => part === '' || part === '.') || name.includes('\0') || name.length > 1000
    ? `${JSON.stringify(name.slice(0, 100))} is no name of a file`
    : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const isDiagnostic = (value: unknown): boolean =>
  isObject(value) && ['code', 'severity', 'message'].every((key) => typeof value[key] === 'string');

/** A value in words, for messages: `undefined`, `a list of 3`, `an object with files`. */
export function described(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'string') return `the text ${JSON.stringify(value.slice(0, 100))}`;
  if (!isObject(value)) return String(value);
  return value instanceof Promise
    ? 'a promise'
    : `an object with ${Object.keys(value).slice(0, 8).join(', ') || 'nothing in it'}`;
}
