import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { textStream } from '../../../runtime/tokenizer/text_stream.ts';
import type { DecodeStream } from '../../../runtime/tokenizer/tokenizer.ts';

/** Token t says the t-th byte sequence. */
function decoderOf(pieces: readonly Uint8Array[]): DecodeStream {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    push: (token) => decoder.decode(pieces[token], { stream: true }),
    end: () => decoder.decode(),
  };
}

/** What was shown piece by piece until a stop text ended it. */
function shown(pieces: readonly Uint8Array[], stops: readonly string[]): readonly string[] {
  const stream = textStream(decoderOf(pieces), stops);
  const texts: string[] = [];
  for (let t = 0; t < pieces.length; t++) {
    const ended = stream.push(t);
    texts.push(stream.take());
    if (ended) break;
  }
  return [...texts, stream.end()];
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('characters wait until all their bytes are there', () => {
  const [a, b, c, d] = [...bytes('😀')].map((x) => Uint8Array.of(x)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  assert.equal(shown([bytes('x'), a, b, c, d, bytes('y')], []), ['x', '', '', '', '😀', 'y', '']);
  assert.equal(shown([bytes('x'), a], []), ['x', '', '\ufffd']);
});

test('what may begin a stop text waits, and comes when it was none', () => {
  assert.equal(shown(['a', 'E', 'N', 'x', 'END', 'never'].map(bytes), ['END']), ['a', '', '', 'ENx', '', '']);
  assert.equal(shown(['aEN'].map(bytes), ['END']), ['a', 'EN']);
  assert.equal(shown(['one END two STOP'].map(bytes), ['STOP', 'END']), ['one ', '']);
});

test('however a text is cut, what is shown is what comes before the first stop text', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '😀'), maxLength: 30 });
  const cuts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 60, maxLength: 60 });
  const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'ä'), minLength: 1, maxLength: 3 }), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(text, cuts, stops, (whole, sizes, ends) => {
      const all = bytes(whole);
      const pieces: Uint8Array[] = [];
      for (let at = 0, i = 0; at < all.length; at += sizes[i++]!) pieces.push(all.slice(at, at + sizes[i]!));
      const places = ends.map((s) => whole.indexOf(s)).filter((p) => p >= 0);
      const expected = places.length > 0 ? whole.slice(0, Math.min(...places)) : whole;
      assert.is(shown(pieces, ends).join(''), expected);
    }),
    { numRuns: 2000, seed: 3 },
  );
});

test.run();
