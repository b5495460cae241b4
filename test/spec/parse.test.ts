import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AnyNode, Expr } from '../../spec/ast.ts';
import { parse } from '../../spec/parse.ts';
import { textOf } from '../../spec/source.ts';
import { children, walk } from '../../spec/walk.ts';
import { shipped } from './specs.ts';

const read = (text: string) => parse({ name: 'm.nanospec', text });

/** An expression with all its parentheses. */
function shape(e: Expr): string {
  switch (e.kind) {
    case 'Binary':
      return `(${shape(e.left)} ${e.op} ${shape(e.right)})`;
    case 'Unary':
      return `(${e.op} ${shape(e.operand)})`;
    case 'If':
      return `(if ${shape(e.test)} then ${shape(e.then)} else ${shape(e.else)})`;
    default:
      return textOf(e.span).replace(/\s+/g, ' ');
  }
}
function expression(text: string): Expr {
  const [f] = read(`fn f(x) = ${text}`).value?.declarations ?? [];
  assert.ok(f?.kind === 'Function' && f.body.kind !== 'Statements', text);
  return f.body;
}

test('all shipped specs parse', () => {
  assert.ok(shipped.length >= 17);
  for (const source of shipped) assert.equal(parse(source).diagnostics, []);
});

test('operators bind as the reference says', () => {
  const cases = {
    'a + b * c': '(a + (b * c))',
    'a - b - c': '((a - b) - c)',
    '-a ** 2': '(- (a ** 2))',
    'a ** -b ** c': '(a ** (- (b ** c)))',
    'a @ b * c // d % e': '((((a @ b) * c) // d) % e)',
    'not a == b and c or d': '(((not (a == b)) and c) or d)',
    'a < b + 1': '(a < (b + 1))',
    'if a then b else if c then d else e + 1': '(if a then b else (if c then d else (e + 1)))',
    'a * b as [B, T]': '(a * b as [B, T])',
    '-x.y[0](z)': '(- x.y[0](z))',
  };
  for (const [text, wanted] of Object.entries(cases)) assert.is(shape(expression(text)), wanted, text);
});

test('words of the language may stand after a dot, contextual ones anywhere', () => {
  assert.equal(
    read('model m { a.in.default: [1] model.config: [2] prefix = 1 config: [3] }').diagnostics,
    [],
  );
});

test('spans take parentheses in, and cover their node', () => {
  const e = expression('(a + b) * c');
  assert.ok(e.kind === 'Binary');
  assert.is(textOf(e.left.span), '(a + b)');
  assert.is(textOf(e.span), '(a + b) * c');
});

test('children come in the order of the text, comments apart', () => {
  const file = read('# why\nblock A(n) { w: [n] forward(x) = x @ w }').value;
  assert.ok(file);
  const spans = [...walk(file)].map((node: AnyNode) => textOf(node.span));
  assert.equal(spans.slice(2), ['A', 'n', 'n', 'w: [n]', 'w', 'w', '[n]', '[n]', 'n', ...spans.slice(11)]);
  assert.equal(
    children(file).map((node) => node.kind),
    ['Block'],
  );
});

test('several independent errors are found in one run', () => {
  const { value, diagnostics } = read(`model m {
  config { dim = = 4 }
  head = dim /
  rope: Rotary(head, base: 10)
  forward(x: [B, T]) = x ++ 1
}`);
  assert.is(value, undefined);
  assert.ok(diagnostics.length >= 3, diagnostics.map((d) => d.message).join('\n'));
  const places = diagnostics.map((d) => d.span?.start ?? -1);
  assert.equal(
    places,
    [...places].sort((a, b) => a - b),
  );
});

test('a brace that is not closed is one error, where the indentation shows it', () => {
  const spec = `model m {
  config {
    dim = 4
  }
  block Layer {
    w: Linear(dim, dim)
    forward(x) {
      if dim > 2 {
        x = w(x)
      }
      return x
    }
  }
  h: Layer
  forward(tokens: int64[B, T]) -> logits: [B, T, dim] = h(tokens)
}
block Other {
  forward(x) = x
}
`;
  const lines = spec.split('\n');
  assert.equal(read(spec).diagnostics, []);
  for (const [i, line] of lines.entries()) {
    if (line.trim() !== '}' || i === lines.length - 2) continue;
    const text = lines.filter((_, j) => j !== i).join('\n');
    const { diagnostics } = read(text);
    const opener = lines.findLast((l, j) => j < i && l.search(/\S/) === line.indexOf('}'))!;
    assert.equal(
      diagnostics.map((d) => [d.code, d.span?.start]),
      [['N105', text.indexOf(opener) + opener.length - 1]],
    );
  }
});

test('depth is refused and length is not', () => {
  const deep = read(`fn f(x) = ${'('.repeat(100)}x${')'.repeat(100)}`);
  assert.equal(
    deep.diagnostics.map((d) => d.code),
    ['N108'],
  );
  assert.equal(
    read(`fn f(x) = ${'- '.repeat(100_000)}x`).diagnostics.map((d) => d.code),
    ['N108'],
  );
  assert.equal(read(`fn f(x) = x${' + x'.repeat(20_000)}`).diagnostics, []);
});

test.run();
