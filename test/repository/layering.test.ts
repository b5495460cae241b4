import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folders, type SourceFile, shippedSources } from './sources.ts';

type Folder = (typeof folders)[number] | '(top)';

/** Who may import whom; each may import itself. */
const allowed: Readonly<Record<Folder, readonly Folder[]>> = {
  spec: [],
  compiler: ['spec'],
  backends: ['spec', 'compiler'],
  runtime: ['spec', 'compiler'],
  driver: ['spec', 'compiler', 'backends', 'runtime', 'cli'],
  cli: ['spec', 'compiler', 'backends', 'runtime', 'driver'],
  '(top)': ['spec', 'compiler', 'backends', 'runtime', 'driver', 'cli'],
};

const folderOf = (path: string): Folder => folders.find((name) => path.startsWith(`${name}/`)) ?? '(top)';
const isFile = (from: string): boolean => from.endsWith('.ts') || from.endsWith('.json');
/** Packages and Node's own modules that a file names. */
const packagesOf = ({ imports }: SourceFile): string[] =>
  imports.map(({ from }) => from).filter((from) => !isFile(from));

function faults(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter(({ from }) => isFile(from))
      .filter(
        ({ from }) => folderOf(from) !== folderOf(path) && !allowed[folderOf(path)].includes(folderOf(from)),
      )
      .map(({ from }) => `${path} imports ${from}`),
  );
}

test('folders import in one direction', () => {
  assert.equal(faults(shippedSources), []);
});

test('an import against the direction is found', () => {
  const imports = [{ from: 'compiler/graph/ir.ts', typeOnly: true }];
  assert.equal(faults([{ path: 'spec/x.ts', text: '', imports }]), [
    'spec/x.ts imports compiler/graph/ir.ts',
  ]);
});

test('spec needs chevrotain and nothing else', () => {
  for (const file of shippedSources.filter(({ path }) => path.startsWith('spec/'))) {
    assert.equal(
      packagesOf(file).filter((name) => name !== 'chevrotain'),
      [],
      file.path,
    );
  }
});

test('a browser can load spec and runtime: Node is named only by files that say so', () => {
  for (const file of shippedSources) {
    if (!/^(?:spec|runtime)\//.test(file.path) || /_node(?:_\w+)?\.ts$/.test(file.path)) continue;
    assert.equal(
      packagesOf(file).filter((name) => name.startsWith('node:') || name === 'onnxruntime-node'),
      [],
      file.path,
    );
  }
});

test('of the compiler, a browser loads the readers of files; the interpreter only with the reference session', () => {
  const needed = shippedSources
    .filter(({ path }) => path.startsWith('runtime/') && path !== 'runtime/sessions/reference_session.ts')
    .flatMap(({ path, imports }) => imports.map((i) => ({ ...i, path })))
    .filter(({ from, typeOnly }) => !typeOnly && from.startsWith('compiler/'))
    .filter(({ from }) => !/^compiler\/(?:checkpoint|weights)\//.test(from))
    .map(({ from, path }) => `${path} imports ${from}`);
  assert.equal(needed, []);
});

/** Files on a way from a file to itself; types vanish, and what is loaded on demand finds all else loaded. */
function cycle(files: readonly SourceFile[]): readonly string[] | undefined {
  const graph = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.filter((i) => !i.typeOnly && !i.lazy).map(({ from }) => from),
    ]),
  );
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of graph.get(path) ?? []) {
      const found = visit(next, [...way, path]);
      if (found) return found;
    }
    done.add(path);
    return undefined;
  };
  for (const path of graph.keys()) {
    const found = visit(path, []);
    if (found) return found;
  }
  return undefined;
}

test('imports run in no circle', () => {
  assert.is(cycle(shippedSources), undefined);
});

test('a circle is found', () => {
  const file = (path: string, from: string) => ({ path, text: '', imports: [{ from, typeOnly: false }] });
  assert.equal(cycle([file('a.ts', 'b.ts'), file('b.ts', 'a.ts')]), ['a.ts', 'b.ts', 'a.ts']);
});

test.run();
