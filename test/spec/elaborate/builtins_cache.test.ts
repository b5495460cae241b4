import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from '../../../compiler/build.ts';
import { parse } from '../../../spec/parse.ts';
import { graphOf, told } from './probe.ts';

const delays = (body: string) =>
  graphOf(body)
    .nodes.filter((n) => n.op === 'delay')
    .map((n) => n.attrs);

test('a slice of length T of the last n is a delay', () => {
  assert.equal(delays('seen = cache(x, last=1) return seen[:, :-1]'), [{ last: 1, back: 1 }]);
  assert.equal(delays('seen = cache(x, last=3) return seen[:, 1:-2]'), [{ last: 3, back: 2 }]);
  assert.equal(delays('seen = cache(x, last=few) return seen[:, few:]'), [{ last: 3, back: 0 }]);
  assert.equal(
    delays('b = cache(x, last=2) return b[:, :-2] + b[:, 1:-1] + b[:, 2:]').map((d) => d['back']),
    [2, 1, 0],
  );
});

function program(text: string) {
  const built = build(parse({ name: 'ports.nanospec', text }).value!, { include: () => undefined });
  assert.is(told(built.diagnostics), '');
  return built.program!;
}

const model = (body: string): string => `
model ports {
  config { dim = 4 }
  block Mixer {
    forward(x: [B, T, dim]) -> [B, T, dim] {
      seen = cache(x, last=2, fill=0.5)
      a, both = cache(x, sum=x + x)
      return seen[:, :-2]
    }
  }
  wte: Embedding(8, dim)
  h[2]: Mixer
  once: Mixer
  forward(tokens: int64[B, T]) -> logits: [B, T, dim] {
    x = wte(tokens)
${body}
    return x
  }
}
`;

test('a port is named by its argument under the path of the instance, in order of execution', () => {
  const { ports } = program(model('    for layer in h { x = layer(x) }\n    top = cache(tokens, last=1)'));
  assert.equal(
    ports.map((p) => p.name),
    ['h.0.x', 'h.0.x#2', 'h.0.sum', 'h.1.x', 'h.1.x#2', 'h.1.sum', 'tokens'],
  );
});

test('every execution of one instance has ports of its own', () => {
  const { ports } = program(model('    x = once(once(x))'));
  assert.equal(
    ports.map((p) => p.name),
    ['once.x', 'once.x#2', 'once.sum', 'once.x#3', 'once.x#4', 'once.sum#2'],
  );
});

test('a port knows its type, how much it keeps, and what stands before the first token', () => {
  const [seen, all] = program(model('    x = once(x)')).ports;
  assert.equal([seen!.last, seen!.fill, all!.last, all!.fill], [2, 0.5, undefined, 0]);
  assert.is(seen!.type.dtype, 'float32');
  assert.is(seen!.type.shape.length, 3);
});

test('a cache in the arm of an `if` makes ports for those that take the arm', () => {
  const text = `
model some {
  block Layer(i) {
    forward(x: [B, T, 4]) -> [B, T, 4] {
      if i == 1 { seen = cache(x, last=1) x = seen[:, :-1] }
      return x
    }
  }
  wte: Embedding(8, 4)
  h[i in range(3)]: Layer(i)
  forward(tokens: int64[B, T]) -> logits: [B, T, 4] {
    x = wte(tokens)
    for layer in h { x = layer(x) }
    return x
  }
}`;
  assert.equal(
    program(text).ports.map((p) => p.name),
    ['h.1.x'],
  );
});

test.run();
