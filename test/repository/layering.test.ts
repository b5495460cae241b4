import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Import, type SourceFile, shippedSources } from './sources.ts';

/** The compiler's data: what a graph, a checkpoint and a boundary are, whatever is done to them. */
const data = [
  'spec',
  'compiler/bytes',
  'compiler/graph',
  'compiler/checkpoint',
  'compiler/weights',
  'compiler/ports',
];
const compiler = [...data, 'spec/check.ts', 'compiler/generated', 'compiler/passes', 'compiler'];
const targets = ['backends', 'backends/onnx', 'backends/torchscript', 'backends/layout', 'backends/index.ts'];
const running = [...data, 'compiler/evaluate', 'runtime/sessions', 'runtime/tokenizer', 'runtime'];
const library = [...compiler, ...targets, ...running, 'compiler/check', 'runtime/verify'];
const values = ['spec', 'spec/elaborate/values'];
const bodies = [...values, 'spec/elaborate/builtins', 'spec/elaborate/bodies'];

/**
 * Who may import whom: each room those that it names, and itself. A room is a folder with what lies below it, or one file,
 * which is a door; a file belongs to the longest that fits.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  spec: [],
  'spec/elaborate/values': ['spec'],
  'spec/elaborate/builtins': values,
  'spec/elaborate/bodies': [...values, 'spec/elaborate/builtins'],
  'spec/elaborate/declare': bodies,
  'spec/elaborate/elaborate.ts': [...bodies, 'spec/elaborate/declare'],
  'spec/check.ts': ['spec', 'spec/elaborate/elaborate.ts'],
  'compiler/generated': [],
  'compiler/bytes': [],
  'compiler/graph': ['spec', 'compiler/bytes'],
  'compiler/check': ['spec', 'compiler/graph'],
  'compiler/checkpoint': ['spec', 'compiler/bytes'],
  'compiler/weights': ['spec', 'compiler/bytes', 'compiler/graph', 'compiler/checkpoint'],
  'compiler/ports': ['spec', 'compiler/graph'],
  'compiler/scan': ['spec', 'compiler/graph', 'compiler/ports'],
  'compiler/experts': ['spec', 'compiler/graph'],
  'compiler/evaluate': ['spec', 'compiler/graph', 'compiler/weights'],
  'compiler/passes': [...data, 'compiler/scan'],
  compiler: [
    ...[...data, 'spec/elaborate/elaborate.ts', 'compiler/generated', 'compiler/check'],
    ...['compiler/scan', 'compiler/experts', 'compiler/passes'],
  ],
  backends: compiler,
  'backends/layout': [...data, 'backends'],
  'backends/onnx': [...compiler, 'backends'],
  'backends/torchscript': [...compiler, 'backends'],
  'backends/index.ts': ['spec', 'backends', 'backends/onnx', 'backends/torchscript'],
  'runtime/sessions': [...data, 'compiler/evaluate'],
  'runtime/tokenizer': ['spec', 'compiler/checkpoint'],
  runtime: ['spec', 'compiler/ports', 'runtime/sessions', 'runtime/tokenizer'],
  'runtime/verify': running,
  'driver/page': ['spec', 'compiler/graph', 'compiler/passes'],
  driver: [...library, 'driver/page', 'spec/elaborate/builtins'],
  cli: [...library, 'driver', 'driver/page'],
  '': [...library, 'driver', 'driver/page', 'cli'],
};

const contains = (room: string, path: string): boolean =>
  room === '' ? !path.includes('/') : path === room || path.startsWith(`${room}/`);

function roomOf(path: string): string {
  const rooms = Object.keys(allowed).filter((room) => contains(room, path));
  if (rooms.length === 0) throw new Error(`${path} is in no room`);
  return rooms.reduce((longest, room) => (room.length > longest.length ? room : longest));
}

const isFile = (from: string): boolean => from.endsWith('.ts') || from.endsWith('.json');
/** Packages and Node's own modules that a file names. */
const packagesOf = ({ imports }: SourceFile): string[] =>
  imports.map(({ from }) => from).filter((from) => !isFile(from));

function faults(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter(({ from }) => isFile(from))
      .filter(({ from }) => roomOf(from) !== roomOf(path) && !allowed[roomOf(path)]!.includes(roomOf(from)))
      .map(({ from }) => `${path} imports ${from}`),
  );
}

test('rooms import in one direction', () => {
  assert.equal(faults(shippedSources), [], '`allowed` above lists the rooms; a new folder may need a line');
});

test('an import against the direction is found', () => {
  const imports = [{ from: 'compiler/graph/ir.ts', typeOnly: true }];
  assert.equal(faults([{ path: 'spec/x.ts', text: '', imports }]), [
    'spec/x.ts imports compiler/graph/ir.ts',
  ]);
  const verb = [{ from: 'cli/command.ts', typeOnly: true }];
  assert.equal(faults([{ path: 'driver/verify/x.ts', text: '', imports: verb }]), [
    'driver/verify/x.ts imports cli/command.ts',
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

const namesNode = (name: string): boolean => name.startsWith('node:') || name === 'onnxruntime-node';
const isForNode = (path: string): boolean => /_node(?:_\w+)?\.ts$/.test(path);

test('Node is named only by files that say so, but for the command line and what it drives', () => {
  for (const file of shippedSources) {
    if (!/^(?:spec|compiler|backends|runtime)\//.test(file.path) || isForNode(file.path)) continue;
    assert.equal(
      packagesOf(file).filter(namesNode),
      [],
      `${file.path}: only files called *_node.ts name node:`,
    );
  }
});

/** All that is loaded with a file. */
function loadedWith(path: string): readonly string[] {
  const files = new Map(shippedSources.map((file) => [file.path, file]));
  assert.ok(files.has(path), path);
  const found = new Set([path]);
  for (const at of found)
    for (const { from, typeOnly, lazy } of files.get(at)?.imports ?? [])
      if (isFile(from) && !typeOnly && !lazy) found.add(from);
  return [...found];
}

test('a page can compile: neither the compiler nor a target loads what names Node', () => {
  for (const door of ['compiler/compile.ts', 'backends/index.ts'])
    assert.equal(loadedWith(door).filter(isForNode), [], door);
  assert.ok(loadedWith('driver/compile_to.ts').some(isForNode), 'which the driver does');
});

test('the version is said, and a command started in a process of its own, with nothing but Node', () => {
  const packages = (door: string): readonly string[] => {
    const loaded = loadedWith(door);
    return shippedSources.filter(({ path }) => loaded.includes(path)).flatMap(packagesOf);
  };
  for (const door of ['nanoc.ts', 'driver/process/supervise.ts']) {
    const others = packages(door).filter((name) => !name.startsWith('node:'));
    assert.equal(others, [], door);
  }
  assert.ok(packages('cli/main.ts').includes('commander'), 'which all else needs');
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

/** Files on a way from a file to itself, by types and by what is loaded on demand too. */
function cycle(files: readonly SourceFile[]): readonly string[] | undefined {
  const graph = new Map(files.map(({ path, imports }) => [path, imports.map(({ from }) => from)]));
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

test('a circle is found, of types and of what is loaded on demand too', () => {
  const file = (path: string, from: string, how: Partial<Import> = {}) => ({
    ...{ path, text: '', imports: [{ from, typeOnly: false, ...how }] },
  });
  for (const how of [{}, { typeOnly: true }, { lazy: true }])
    assert.equal(cycle([file('a.ts', 'b.ts'), file('b.ts', 'a.ts', how)]), ['a.ts', 'b.ts', 'a.ts']);
});

test.run();
