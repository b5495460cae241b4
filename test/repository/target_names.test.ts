/** `driver/` and `cli/` know targets from the registry alone, so that one that a plugin brings is treated as ours are. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backends } from '../../backends/index.ts';
import { sources } from './sources.ts';

/** What may name a target, or the extension of its files, and why. */
const exceptions: readonly {
  readonly path: RegExp;
  readonly text: RegExp;
  readonly why: string;
}[] = [
  { path: /^driver\/registry\.ts$/, text: /./, why: 'it is the registry' },
  {
    path: /^driver\/files\//,
    text: /./,
    why: 'what the registry holds of a target: how its files are opened',
  },
  {
    path: /^cli\//,
    text: /^\[?(?:'(?:echo .* \| )?nanoc [^']*'(?:, )?)+\]?,?$/,
    why: 'examples of help, which test/docs runs',
  },
  {
    path: /^cli\/options\/compile_options\.ts$/,
    text: /'--checkpoint <path>'/,
    why: 'checkpoints are .pt files, too',
  },
  {
    path: /^driver\/inspect\/named\.ts$/,
    text: /\.pt\|pth|model_\\d\+\\\.pt/,
    why: 'checkpoints are .pt files, too',
  },
  {
    path: /^driver\/file_kind\.ts$/,
    text: /reads \.pt and \.safetensors/,
    why: 'checkpoints are .pt files, too',
  },
  {
    path: /^driver\/draft\/entry_names\.ts$/,
    text: /tensor_parallel world/,
    why: "an entry of Hugging Face's configs",
  },
];

const names = new RegExp(
  backends.flatMap(({ name, extension }) => [`\\b${name}\\b`, `\\${extension}\\b`]).join('|'),
  'i',
);

/** Without comments and without what is imported. */
const codeOf = (text: string): readonly string[] =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^(?:import|export) [^;]*? from '[^']*';$/gm, '')
    .split('\n')
    .map((line) => line.replace(/(?<!:)\/\/ .*$/, '').trim());

const lines = sources
  .filter(({ path }) => /^(?:driver|cli)\//.test(path))
  .flatMap(({ path, text }) => codeOf(text).map((line) => ({ path, line })))
  .filter(({ line }) => names.test(line));

test('no line names a target or the extension of its files', () => {
  const named = lines.filter(
    ({ path, line }) => !exceptions.some((one) => one.path.test(path) && one.text.test(line)),
  );
  assert.equal(named, [], 'take it from driver/registry.ts');
});

test('every exception is still made', () => {
  for (const { path, text, why } of exceptions)
    assert.ok(
      lines.some((one) => path.test(one.path) && text.test(one.line)),
      `${path} ${text}: ${why}`,
    );
});

test('a line that names one is seen', () => {
  for (const text of [
    "if (path.endsWith('.onnx')) return model;",
    "const usual = 'torchscript';",
    'const file = `model.pt`; // of a model',
  ])
    assert.ok(
      codeOf(text).some((line) => names.test(line)),
      text,
    );
  for (const text of [
    "import { onnx } from './onnx/index.ts';",
    '/** `model.onnx` */',
    'a.option',
    'x // of .onnx',
  ])
    assert.not(
      codeOf(text).some((line) => names.test(line)),
      text,
    );
});

test.run();
