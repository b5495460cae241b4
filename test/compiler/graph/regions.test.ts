import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Graph, NodeId } from '../../../compiler/graph/ir.ts';
import { checkConvex, type Region, regions } from '../../../compiler/graph/regions.ts';
import { Bug } from '../../../spec/diagnostic.ts';
import { sketch, T, typed } from '../tiny_graph.ts';

const owner = ({ attrs }: Graph['nodes'][number]): string =>
  String(attrs['name']).split('.').slice(0, -1).join('.');

/** `name(inputs; outputs)[steps]`, nodes by number. */
function show({ scope, inputs, outputs, steps }: Region): string {
  const inner = steps.map((s) => (s.kind === 'node' ? String(s.id) : show(s.region))).join(' ');
  return `${scope || 'model'}(${inputs.join(' ')}; ${outputs.join(' ')})[${inner}]`;
}

const x8 = typed('float32', 2, 8);

test('nodes belong to the block they come from, and what crosses its edge goes in and out', () => {
  const s = sketch();
  const x = s.input('x', x8); // 0
  s.in('h.0');
  const a = s.op('exp', [x]); // 1
  s.in('h.0.fc');
  const w = s.param('h.0.fc.weight', [8, 8]); // 2
  const b = s.op('linear', [a, w]); // 3
  s.in('h.0');
  const c = s.op('add', [a, b]); // 4
  s.in('');
  s.output('y', s.op('neg', [c])); // 5
  s.output('b', b);
  const region = regions(s.finish(), owner);
  assert.is(show(region), 'model(; 3 5)[0 h.0(0; 4 3)[1 h.0.fc(1; 3)[3] 4] 5]');
});

test('a parameter of another block is an argument', () => {
  const s = sketch();
  const x = s.input('x', x8); // 0
  s.in('wte');
  const w = s.param('wte.weight', [8, 8]); // 1
  s.in('head');
  s.output('y', s.op('linear', [x, w])); // 2
  assert.is(show(regions(s.finish(), owner)), 'model(; 2)[0 head(0 1; 2)[2]]');
});

test('what several blocks share is computed at the lowest block around them', () => {
  const s = sketch();
  const x = s.input('x', x8); // 0
  const shared: NodeId[] = [];
  const results = ['h.0.q', 'h.0.k'].map((scope) => {
    s.in(scope);
    shared.push(s.op('sin', [x])); // 1 both times
    return s.op(scope.endsWith('q') ? 'exp' : 'neg', [shared.at(-1)!]); // 2, 3
  });
  s.in('h.0');
  s.output('y', s.op('add', [results[0]!, results[1]!])); // 4
  assert.is(shared[0], shared[1]);
  assert.is(show(regions(s.finish(), owner)), 'model(; 4)[0 h.0(0; 4)[1 h.0.q(1; 2)[2] h.0.k(1; 3)[3] 4]]');
});

test('an instance that runs twice, the second time on what became of the first, is no region', () => {
  const s = sketch();
  const x = s.input('x', x8); // 0
  const call = (input: NodeId): NodeId => {
    s.in('f');
    const y = s.op('exp', [input]);
    s.in('');
    return s.op('neg', [y]);
  };
  s.output('y', call(call(x)));
  assert.is(show(regions(s.finish(), owner)), 'model(; 4)[0 1 2 3 4]');
});

test('children of a region that is given up stay', () => {
  const s = sketch();
  let y = s.input('x', x8); // 0
  for (const name of ['a', 'b']) {
    s.in(`f.${name}`);
    y = s.op('exp', [s.op('abs', [y])]);
    s.in('f');
    y = s.op('tanh', [y]);
    s.in('');
    y = s.op('neg', [y]);
  }
  s.output('y', y);
  const region = regions(s.finish(), owner);
  assert.is(show(region), 'model(; 8)[0 f.a(0; 2)[1 2] 3 4 f.b(4; 6)[5 6] 7 8]');
});

test('what depends on sizes alone is made at the model', () => {
  const s = sketch();
  const x = s.input('x', typed('int64', T)); // 0
  s.in('f');
  const steps = s.op('iota', [], { size: T }); // 1
  const two = s.op('scalar', [], { value: 2, dtype: 'int64' }); // 2
  s.output('y', s.op('add', [x, s.op('mul', [steps, two])])); // 3, 4
  assert.is(show(regions(s.finish(), owner)), 'model(; 4)[0 1 3 f(0 3; 4)[4]]');
});

test('containers that have no forward of their own are no regions', () => {
  const s = sketch();
  let y = s.input('x', x8); // 0
  for (const i of [0, 1]) {
    s.in(`h.${i}`);
    y = s.op(i === 0 ? 'exp' : 'neg', [y]);
  }
  s.output('y', y);
  assert.is(show(regions(s.finish(), owner)), 'model(; 2)[0 h.0(0; 1)[1] h.1(1; 2)[2]]');
});

test('a chain of thousands of blocks is no deeper than two', () => {
  const s = sketch();
  let y = s.input('x', x8);
  for (let i = 0; i < 3000; i++) {
    s.in(`h.${i}`);
    y = s.op(i % 2 === 0 ? 'exp' : 'neg', [y]);
  }
  s.output('y', y);
  assert.is(regions(s.finish(), owner).steps.length, 3001);
});

test('a region that is not convex is a bug', () => {
  const s = sketch();
  const x = s.input('x', x8); // 0
  const a = s.op('exp', [x]); // 1
  const b = s.op('neg', [a]); // 2
  s.output('y', s.op('tanh', [b])); // 3
  const graph = s.finish();
  const node = (id: NodeId) => ({ kind: 'node', id }) as const;
  const around: Region = { scope: 'f', steps: [node(1), node(3)], inputs: [0, 2], outputs: [1, 3] };
  const tied = { kind: 'region', region: around } as const;
  const root = (...steps: Region['steps']): Region => ({ scope: '', steps, inputs: [], outputs: [3] });
  const bug = (region: Region): unknown => {
    try {
      return checkConvex(graph, region);
    } catch (cause) {
      return cause instanceof Bug ? cause.message : cause;
    }
  };
  assert.is(bug(root(node(0), tied, node(2))), 'f in the model needs %2 before it is there');
  assert.is(bug(root(node(0), node(2), tied)), '%2 in the model needs %1 before it is there');
  assert.is(bug(root(node(0), node(1), node(2), node(3))), undefined);
});

test.run();
