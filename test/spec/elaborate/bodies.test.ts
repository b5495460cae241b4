/** Functions, forwards and their statements: what runs, what is refused, and that one error does not hide the next. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { check } from '../../../spec/check.ts';
import { showShape } from '../../../spec/dim.ts';
import { parse } from '../../../spec/parse.ts';
import { diagnose, include, said } from './refused.ts';

const model = (body: string, items = '', result = 'logits: [B, T, dim]'): string => `
model m {
  config { dim = 4 }
  wte: Embedding(100, dim)
  ${items}
  forward(tokens: int64[B, T]) -> ${result} ${body}
}
`;

const codes = (text: string): string[] => diagnose(text).map((d) => d.code);
const right = (text: string): void => assert.is(said(diagnose(text)), '');

function outputs(text: string): string[] {
  const { program, diagnostics } = check(parse({ name: 'm.nanospec', text }).value!, { include });
  assert.is(said(diagnostics), '');
  return program!.outputs.map((o) => `${o.name}: ${o.type.dtype}${showShape(o.type.shape)}`);
}

test('arguments go by place, by name and by default', () => {
  const f = 'fn f(a, b = 2 * a, c = b + 1) = a * 100 + b * 10 + c\n';
  right(model('= wte(tokens)', `${f} require f(1) == 123, ""\n require f(1, c=5) == 125, ""`));
  right(model('= wte(tokens)', `${f} require f(b=3, a=2) == 234, ""`));
  assert.equal(codes(model('= wte(tokens)', `${f} n = f()`)), ['N204']);
  assert.equal(codes(model('= wte(tokens)', `${f} n = f(1, 2, 3, 4)`)), ['N205']);
  assert.equal(codes(model('= wte(tokens)', `${f} n = f(1, d=3)`)), ['N202']);
});

test('functions and modules are values that can be passed on', () => {
  const items = `fn twice(x) = 2 * x
    block Both(f, g) { forward(x) = f(x) + g(x) }
    lin: Linear(dim, dim)
    both: Both(lin, twice)
    more: Both(relu, both)`;
  right(model('= more(wte(tokens))', items));
});

test('declared types of inputs and results are checked where they are broken', () => {
  const items = 'fn f(x: [B, T, dim], n = 1) -> [B, T, dim] = x * n';
  right(model('= f(wte(tokens))', items));
  assert.equal(codes(model('= f(tokens)', items)), ['N309']);
  assert.equal(codes(model('= f(wte(tokens) as [B, T, 2, dim / 2])', items)), ['N301']);
  assert.equal(codes(model('= f(3)', items)), ['N314']);
  assert.equal(codes(model('= f(wte(tokens))', items.replace('x * n', 'x[..., :2] * n'))), ['N301']);
});

test('leading axes of a declared type may be left open', () => {
  const items = 'fn f(x: [..., dim]) -> [..., dim] = x';
  right(model('= f(f(wte(tokens)) as [B, T, 1, dim]) as [B, T, dim]', items));
  assert.equal(codes(model('= f(wte(tokens)[..., :2])', items)), ['N301']);
});

test('several values are returned and taken apart', () => {
  const items = 'fn f(x) { return x, 2 * x, 3 }\n fn g(x) { a, b, n = f(x) return [a, b] }';
  right(model('{ a, b = g(wte(tokens)) return a + b }', items));
  assert.equal(codes(model('{ a, b = f(wte(tokens)) return wte(tokens) }', items)), ['N217']);
  assert.equal(codes(model('{ a = f(wte(tokens)) return wte(tokens) }', items)), ['N217']);
  assert.equal(codes(model('{ a, b = wte(tokens) return a }', items)), ['N217']);
  assert.equal(codes(model('{ a = 1, 2 return wte(tokens) }', items)), ['N217']);
  assert.equal(codes(model('= f(wte(tokens))', items)), ['N217']);
});

test('values are exchanged in one assignment', () => {
  right(model('{ a, b = 1, 2 a, b = b, a return wte(tokens) * [7][a - 2] }'));
  assert.equal(codes(model('{ a, b = 1, 2 a = b b = a return wte(tokens) * [7][b - 1] }')), ['N318']);
});

test('a model may give several outputs', () => {
  const text = model(
    '{ x = wte(tokens) return x, float32(x)[..., :2] }',
    '',
    '(a: [B, T, dim], b: float32[B, T, 2])',
  );
  assert.equal(outputs(text), ['a: float32[B, T, 4]', 'b: float32[B, T, 2]']);
});

test('loops walk ranges, lists, strings and lists of members, with keys if asked', () => {
  const items = 'h[i in [3, 5]]: Linear(dim, dim)';
  right(model('{ x = wte(tokens) for i in range(4) { x = x * i } return x }'));
  right(model('{ x = wte(tokens) for f in [relu, tanh] { x = f(x) } return x }'));
  right(model('{ x = wte(tokens) for i, l in h { x = h[i](l(x)) } return x }', items));
  right(model('{ n = 0 for i, c in "ab" { if c == "b" { n = n + i } } return wte(tokens) * n }'));
  right(model('= sum([l(wte(tokens)) for i, l in h if i > 3])', items));
  assert.equal(codes(model('{ for x in 3 { y = x } return wte(tokens) }')), ['N314']);
  assert.equal(codes(model('{ for x in wte(tokens) { y = x } return wte(tokens) }')), ['N312']);
});

test('a tensor keeps its type through a loop; numbers and new names need not', () => {
  right(
    model(
      '{ x = wte(tokens) n = 1 for i in range(3) { y = x as [B, T, 1, dim] n = n * 2 x = x * n } return x }',
    ),
  );
  const cached = '{ k = wte(tokens) for i in range(2) { k = cache(k) } return wte(tokens) }';
  const found = diagnose(model(cached));
  assert.is(found[0]?.code, 'N307');
  assert.match(found[0]!.message, '[B, T, dim (4)] at first, [B, P + T, dim (4)] after one turn');
  assert.is(found.length, 1);
});

test('a return ends the body; loops have none, and every way has one', () => {
  right(model('{ if dim > 3 { return wte(tokens) } return 3 }'));
  assert.equal(
    codes(model('{ for i in range(3) { if i == 1 { return wte(tokens) } } return wte(tokens) }')),
    ['N218'],
  );
  assert.equal(codes(model('{ if dim > 9 { return wte(tokens) } }')), ['N216']);
  assert.equal(codes(model('{ x = f(2) return wte(tokens) }', 'fn f(x) { y = x }')), ['N216']);
});

test('what cannot be called says what it is', () => {
  const words = (body: string, items = ''): string => said(diagnose(model(body, items)));
  assert.match(words('= dim(tokens)'), '`dim` is a number and cannot be called');
  assert.match(words('= wte.weight(tokens)'), '`wte.weight` is a tensor and cannot be called');
  assert.match(words('= h(wte(tokens))', 'h[2]: Linear(dim, dim)'), 'call one of them: h[i](...)');
  assert.match(words('= Linear(dim, dim)(wte(tokens))'), 'make an instance of it as a member');
  assert.match(words('= a(wte(tokens))', 'block A { w: [dim] }\n a: A'), 'block `A` has no forward');
});

test('nothing recurses', () => {
  assert.equal(codes(model('= f(wte(tokens))', 'fn f(x) = g(x)\n fn g(x) = f(x)')), ['N210']);
  assert.equal(
    codes(
      model(
        '= a(wte(tokens))',
        'block A { b: B1 forward(x) = b(x) }\n block B1 { a2: A forward(x) = a2(x) }\n a: A',
      ),
    )[0],
    'N210',
  );
  const members = 'h[i in range(2)]: L(i)\n block L(i) { forward(x) = h[1 - i](x) }';
  assert.equal(codes(model('= h[0](wte(tokens))', members)), ['N210']);
  const chain = 'h[i in range(9)]: L(i)\n block L(i) { forward(x) = if i < 8 then h[i + 1](x) else x }';
  right(model('= h[0](wte(tokens))', chain));
});

test('independent errors are all found in one run', () => {
  const text = model(
    `{
    a = wte(tokens) + tokens
    b = unknown(a)
    c: [B, T, 5] = wte(tokens)
    d = mean(c, axis=1)
    for i in range(2) { e = h[9](c) }
    return a
  }`,
    'h[2]: Linear(5, 5)\n w: [0.5]',
  );
  assert.equal(codes(text), ['N313', 'N308', 'N201', 'N301', 'N310', 'N318']);
});

test('an error is silent in what follows from it', () => {
  assert.equal(
    codes(
      model(
        '{ x = oops(tokens) y = x + 1 z = y @ x a, b = y if x { c = 1 } d = c for q in x { e = q } return e * d }',
      ),
    ),
    ['N201'],
  );
  assert.equal(codes(model('= l(wte(tokens))', 'l: Linear(dim, oops)')), ['N201']);
  assert.equal(codes(model('= l(wte(tokens))', 'if oops { l: Linear(dim, dim) } else { n = 3 }')), ['N201']);
});

test('an error in the prelude is shown at the call, with what was called', () => {
  const found = diagnose(model('= softcap(wte(tokens), "15")'));
  const text = said(found);
  assert.is(found.length, 1);
  assert.match(text, 'softcap(wte(tokens), "15")');
  assert.match(text, 'inside `softcap`, of the prelude');
  assert.is(found[0]?.span?.source.name, 'm.nanospec');
});

test('two hundred layers, long sums and long chains do not fill the stack', () => {
  const layers = 'block L { l: Linear(dim, dim) forward(x) = x + l(relu(x)) }\n h[200]: L';
  right(model('{ x = wte(tokens) for l in h { x = l(x) } return x }', layers));
  const sum = Array.from({ length: 400 }, (_, i) => i).join(' + ');
  right(model(`= wte(tokens) * (${sum})`));
  const long = Array.from({ length: 50_000 }, () => '1').join(' + ');
  const found = codes(model(`= wte(tokens) * (${long})`));
  assert.ok(found.length === 0 || found[0] === 'N321', found.join());
});

test('programs without end are stopped', () => {
  assert.equal(
    codes(model('{ for a in range(9000) { for b in range(9000) { x = a } } return wte(tokens) }')),
    ['N321'],
  );
  assert.equal(codes(model('= wte(tokens)', 'h[1_000_000_000]: Linear(dim, dim)')), ['N321']);
});

test.run();
