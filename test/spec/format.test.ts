import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { format } from '../../spec/format.ts';
import { parse } from '../../spec/parse.ts';
import { render } from '../../spec/render.ts';
import { shipped, withoutPlaces } from './specs.ts';

function tree(text: string) {
  const { value, diagnostics } = parse({ name: 'm.nanospec', text });
  assert.ok(value, render(diagnostics, { color: false }));
  return value;
}
const formatted = (text: string): string => format(tree(text));

/** What goes in comes out as `wanted`, which is a fixed point and means the same. */
function becomes(text: string, wanted: string): void {
  assert.fixture(formatted(text), wanted);
  assert.fixture(formatted(wanted), wanted);
  assert.equal(withoutPlaces(tree(wanted)), withoutPlaces(tree(text)));
}
const stays = (text: string): void => becomes(text, text);

for (const source of shipped) {
  test(`${source.name} is in canonical form`, () => stays(source.text));
}

test('one line becomes one line each', () => {
  becomes(
    'model m{config{layers=2 from "n_layer" dim=64 from"n_embd"}head=dim/2 ' +
      'wte:Embedding(9,dim)scale:[layers]default 1 forward(t:int64[B,T])->logits:[B,T,dim]{x=wte(t)return x*scale[0]}}',
    `model m {
  config {
    layers = 2  from "n_layer"
    dim    = 64 from "n_embd"
  }
  head = dim / 2
  wte:   Embedding(9, dim)
  scale: [layers] default 1
  forward(t: int64[B, T]) -> logits: [B, T, dim] {
    x = wte(t)
    return x * scale[0]
  }
}
`,
  );
});

test('comments stay where they were, and one blank line of several', () => {
  stays(`# first of all

## About the block.
block A(n) {                                                # behind a brace
  # above a member
  w: [n]                                                    # behind a member

  # between

  b: [n]
  # last
}                                                           # behind the end
# after everything
`);
  becomes(
    '\n\n\n# a\r\n\r\n\r\n\r\nfn f(x) = x   # b  \r\n\r\n',
    '# a\n\nfn f(x) = x                                                 # b\n',
  );
});

test('comments inside a line move above it', () => {
  becomes(
    'fn f(x) = x * ( # why\n  x + 1 # and\n)\nfn g(x) # odd\n{ return x }\n',
    `# why
# and
fn f(x) = x * (x + 1)
# odd
fn g(x) {
  return x
}
`,
  );
  becomes(
    'block A { if a { x: [1] } # one\n else # two\n { x: [2] } # three\n}',
    `block A {
  if a {
    x: [1]
    # one
    # two
  } else {
    x: [2]
  }                                                         # three
}
`,
  );
});

test('a body with one line stays on the line up to 80 columns', () => {
  becomes(
    'block A(i) { if i { a: [1] } else if not i { a: [2] }\nfor_all = 1 forward(x) { for y in x {\nx = y\n}\nif c {x = 1}else{x = 2}\nreturn x } }',
    `block A(i) {
  if i { a: [1] } else if not i { a: [2] }
  for_all = 1
  forward(x) {
    for y in x { x = y }
    if c { x = 1 } else { x = 2 }
    return x
  }
}
`,
  );
  stays(
    `block A(rank) {
  if rank == none { q: Linear(dim, heads * head) }
  else {
    a: Linear(dim, rank)
    b: Linear(rank, heads * head)
  }
  if i { many_letters_in_a_name: Linear(twelve_words, in_one_row, for_this_only) } else { b: [1] }
}
`.replace(/ {2}if i .*\n/, ''),
  );
  becomes(
    'block A { if i { c: [1] } else { many_letters_in_a_name: Linear(many_words_in_a_row, for_this_alone) } }',
    `block A {
  if i { c: [1] }
  else {
    many_letters_in_a_name: Linear(many_words_in_a_row, for_this_alone)
  }
}
`,
  );
  becomes('block A { } model m {}', 'block A {}\nmodel m {}\n');
});

test('an if alone in an else is an else if', () => {
  becomes(
    'fn f(x) { if a { x = 1 y = 2 } else { if b { x = 2 y = 3 } else { x = 3 } } return x }',
    `fn f(x) {
  if a {
    x = 1
    y = 2
  } else if b {
    x = 2
    y = 3
  } else {
    x = 3
  }
  return x
}
`,
  );
});

test('neighbours line up, until a blank line parts them', () => {
  becomes(
    `model m {
  config { a = 1 from "a"
    long_name = 10_000 from "b" or "c" else 3
    other from "d" else "a longer text than others have"
    expect "x" = true

    b = 2 from "e"
  }
  checkpoint { prefix "a." = "" ignore "b", "c" tied "d" = e.f }
  q: [1] key: Linear(1, 2)

  z: [1]
  first = 1 last = 2 n = 3
  entries[i in range(layers) if some_condition(i)]: A(i)
  w: [1]
}`,
    `model m {
  config {
    a         = 1      from "a"
    long_name = 10_000 from "b" or "c" else 3
    other     from "d" else "a longer text than others have"
    expect "x" = true

    b = 2 from "e"
  }
  checkpoint {
    prefix "a." = ""
    ignore "b", "c"
    tied   "d" = e.f
  }
  q:   [1]
  key: Linear(1, 2)

  z: [1]
  first = 1
  last  = 2
  n = 3
  entries[i in range(layers) if some_condition(i)]: A(i)
  w: [1]
}
`,
  );
});

test('parentheses are those that are needed, and those that help between operators', () => {
  const same = (text: string) => becomes(`fn f(x) = ${text}`, `fn f(x) = ${text}\n`);
  for (const text of [
    '(a + b) * c',
    'a - (b - c)',
    '(-a) ** 2',
    '-a ** 2',
    'a ** -b ** c',
    '(a ** b) ** c',
    'not (a == b)',
    '(a == b) == c',
    'a == (b == c)',
    '(a * b) @ c',
    '(if a then b else c) + 1',
    'f(if a then b else c)',
    '(a or b) and c',
    '(a and b) or c',
    '(x + y) as [B, T]',
    '(-x).y',
    '(1).y',
    '(f or g)(x)[0].h as [..., 1]',
    '-(-x)',
    'x[a:b, ::2, :, 1::2, :-1, e:e+1, ...]',
    'x[a * b + 1 : c]',
    'x[: n // 2 + 1]',
    '[x for x, y in z if c]',
  ])
    same(text);
  becomes(
    'fn f(x) = ((a * b)) + (c) * (d + (e)) - (f(x)) - (-(1))',
    'fn f(x) = (a * b) + c * (d + e) - f(x) - -1\n',
  );
  becomes('fn f(x) = (((a + b)) + c) + ((a))', 'fn f(x) = a + b + c + a\n');
  becomes('fn f(x) = g(a, b = [1, 2,], ) as[B,T]', 'fn f(x) = g(a, b=[1, 2]) as [B, T]\n');
});

test('strings keep their meaning, numbers their spelling', () => {
  becomes(
    'model m { config { a = "\\"\\\\\\n\\t\té" b = 1_0.50e-03 } }',
    `model m {
  config {
    a = "\\"\\\\\\n\\t\\té"
    b = 1_0.50e-03
  }
}
`,
  );
});

test('lines over 110 columns are broken where a reader would', () => {
  becomes(
    `fn attend(queries_of_this_layer, keys_of_this_layer, values_of_this_layer, look_back = none, softly_capped = none) =
      attention(queries_of_this_layer, keys_of_this_layer, values_of_this_layer, window=if look_back == none then none else look_back + 1, softcap=softly_capped)`,
    `fn attend(queries_of_this_layer, keys_of_this_layer, values_of_this_layer, look_back = none,
          softly_capped = none) = attention(queries_of_this_layer, keys_of_this_layer, values_of_this_layer,
                                            window=if look_back == none then none else look_back + 1,
                                            softcap=softly_capped)
`,
  );
  becomes(
    `block A { require a_condition_of_some_length > another_thing_here and a_third_one_that_is_longer, "what must hold, in words"
      w: [first_of_the_sizes * second_of_the_sizes, third_of_the_sizes + fourth_of_the_sizes] from "a.longer.name" default 0
      x = [a_body_that_is_long(entry) + another(entry) * 2 for entry in range(number_of_entries) if condition(entry, 3)] }`,
    `block A {
  require a_condition_of_some_length > another_thing_here and a_third_one_that_is_longer,
          "what must hold, in words"
  w: [first_of_the_sizes * second_of_the_sizes,
      third_of_the_sizes + fourth_of_the_sizes] from "a.longer.name" default 0
  x = [a_body_that_is_long(entry) + another(entry) * 2
       for entry in range(number_of_entries)
       if condition(entry, 3)]
}
`,
  );
  for (const source of shipped) {
    for (const line of source.text.split('\n')) {
      assert.ok(line.replace(/ *#.*/, '').length <= 110, `${source.name}: ${line}`);
    }
  }
});

test('a thousand terms in a row are no deeper than one', () => {
  const sum = Array.from({ length: 3000 }, (_, i) => `x${i}`).join(' + ');
  const text = formatted(`fn f(x) = ${sum}${'.y'.repeat(3000)}`);
  assert.is(text.replace(/\s+/g, ' ').trim(), `fn f(x) = ${sum}${'.y'.repeat(3000)}`);
});

test('nothing formats as nothing', () => {
  assert.is(formatted(''), '');
  assert.is(formatted('\ufeff\r\n \n'), '');
});

test.run();
