import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withFunctionsOf } from '../../../backends/torchscript/code_blocks.ts';
import { codeFault } from '../../../backends/torchscript/code_fault.ts';
import { readersOf } from '../../../backends/torchscript/code_readers.ts';
import { planArchive } from '../../../backends/torchscript/index.ts';
import { fixture, make } from '../../golden/compile_fixture.ts';

const { compiled } = make(fixture('nanochat-g4-valueembed'), 'nanochat_2026_01', { target: 'torchscript' });
const { graph, manifest, program } = compiled;
const options = { opset: 21, external: 'auto', fileName: 'model.pt' } as const;
const input = { graph, manifest, options, tied: program.names.tied };
const laid = planArchive(input).code;
const code = laid.text;

function faultOf(from: string | RegExp, to: string) {
  const changed = code.replace(from, to);
  assert.is.not(changed, code, `no ${from}`);
  return { fault: codeFault(laid, changed), text: changed };
}

test('code as the spec compiles to has no fault', () => {
  const { fault } = faultOf(/\n$/, '\n\n');
  assert.is(fault, undefined);
});

test('a line of a block is named with the modules of its class and the line of the spec', () => {
  const { fault, text } = faultOf('gate = 2.0 *', 'gate = 3.0 *');
  assert.equal(fault?.modules, ['transformer.h.1.attn', 'transformer.h.3.attn']);
  assert.match(fault!.expected, 'gate = 2.0 *');
  assert.is(text.split('\n')[fault!.line - 1]?.trim(), fault!.found);
  assert.is(fault?.place?.spec, 'nanochat_2026_01.nanospec');
  const { text: spec } = manifest.spec;
  assert.match(spec.split('\n')[fault!.place!.line - 1]!, 've_gate');
});

test('of the model itself, the modules that read what the line makes', () => {
  const { fault } = faultOf(/(\w+ < )33/, '$165');
  assert.is(fault?.owner, 'nanochat_2026_01');
  assert.equal(fault?.modules, ['transformer.h.0', 'transformer.h.1', 'transformer.h.2']);
});

test('a port that goes elsewhere is seen', () => {
  assert.equal(faultOf('past[4]', 'past[2]').fault?.modules, ['transformer.h.2']);
  const { fault } = faultOf('[k, v, k_1, v_1,', '[k, v, v_1, k_1,');
  assert.match(fault!.expected, /^return .*k_1, v_1/);
  assert.match(fault!.found, /^return .*v_1, k_1/);
});

test('a class that is gone, or one too many, is seen', () => {
  assert.is(faultOf('class Rotary(Module)', 'class Rotation(Module)').fault?.owner, 'Rotation');
  assert.is(faultOf(/$/, '\nclass More(Module):\n  training : bool\n').fault?.owner, 'More');
  const start = code.indexOf('class Rotary(Module)');
  const rotary = code.slice(start, code.indexOf('class ', start + 1));
  assert.is(faultOf(rotary, '').fault?.owner, 'Rotary');
});

test('functions are no fault where the file runs its own', () => {
  const { fault, text } = faultOf('a * cos - b * sin', 'a * cos + b * sin');
  assert.is(fault?.kind, 'function');
  assert.match(fault?.found ?? '', 'a * cos + b * sin');
  assert.is(codeFault(laid, text, { classesOnly: true }), undefined);
  assert.is(withFunctionsOf(code, text).includes('a * cos + b * sin'), true);
  assert.is(withFunctionsOf(code, code), code);
});

test('what is called inside of a call is an argument of it', () => {
  const lines = [
    '  def forward(self, x):',
    '    y = getattr(self.h,',
    '        "2").forward(self.a.forward(x))',
    '    return y',
  ];
  assert.equal(readersOf(lines, 2), ['h.2']);
});

test('readers are found through what is made on the way, until the name is another value', () => {
  const lines = [
    '    a = x + 1',
    '    b = a * 2',
    '    y = self.p.forward(b)',
    '    b = x',
    '    y = self.q.forward(b)',
  ];
  assert.equal(readersOf(lines, 0), ['p']);
  assert.equal(readersOf(lines, 3), ['q']);
  assert.equal(readersOf(lines, 4), ['q']);
});

test.run();
