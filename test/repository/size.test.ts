import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shippedSpecs } from '../../driver/shipped.ts';
import { root, shippedSources, sources } from './sources.ts';

const lengthOf = (text: string): number => text.split('\n').length - 1;

test('no file is above 500 lines, and half of what ships is within 120', () => {
  assert.equal(
    sources.filter(({ text }) => lengthOf(text) > 500).map(({ path }) => path),
    [],
  );
  const lengths = shippedSources.map(({ text }) => lengthOf(text)).sort((a, b) => a - b);
  assert.ok(lengths[lengths.length >> 1]! <= 120, `the median is ${lengths[lengths.length >> 1]}`);
});

test("the command line stays thin: verbs, options and output, and the rest is the driver's", () => {
  const lines = shippedSources
    .filter(({ path }) => path.startsWith('cli/'))
    .reduce((sum, { text }) => sum + lengthOf(text), 0);
  assert.ok(
    lines > 1000 && lines <= 2500,
    `cli/ has ${lines} lines: what a program could use goes to driver/`,
  );
});

test('half of the specs that ship are within 60 lines, empty ones not counted', () => {
  const lengths = shippedSpecs()
    .map(({ path }) => readFileSync(path, 'utf8').split('\n'))
    .map((lines) => lines.filter((line) => line.trim() !== '').length)
    .sort((a, b) => a - b);
  const median = lengths[(lengths.length - 1) >> 1]!;
  assert.ok(median <= 60, `the median is ${median}`);
});

test('every spec that ships begins with what is particular about it, and says its source', () => {
  for (const { name, path } of shippedSpecs()) {
    const [first = '', ...more] = readFileSync(path, 'utf8').split('\n');
    assert.match(first, /^## \S.{20}/, name);
    const head = [first, ...more.slice(0, 3)].filter((line) => line.startsWith('##')).join(' ');
    assert.match(head, /Source: |rasbt/, name);
  }
});

/** Functions and methods that begin a line, by their indentation: biome's layout makes that exact. */
function longFunctions(text: string, most: number): string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, i) => {
    const start =
      /^( *)(?:export |async |private |readonly |static |protected |default )*(?:function\*? |(?:const )?[\w$]+(?:: [^=]+)? = (?:this\.rule\(.*)?(?:async )?(?:\(|\w+ =>)|[\w$]+\().*(?:\{|\()$/.exec(
        line,
      );
    if (!start || /^ *(?:if|for|while|switch|return|test|else)\b/.test(line)) return [];
    const end = lines.findIndex((other, j) => j > i && other.startsWith(`${start[1]}}`));
    return end - i + 1 > most ? [`${line.trim()} (${end - i + 1} lines)`] : [];
  });
}

test('no function is above 60 lines', () => {
  for (const { path, text } of shippedSources) assert.equal(longFunctions(text, 60), [], path);
});

test('a long function is found', () => {
  const text = `export function f(\n  x: number,\n): void {\n${'  g();\n'.repeat(60)}}\n`;
  assert.equal(longFunctions(text, 60).length, 1);
  assert.equal(longFunctions(text, 70), []);
});

test('names say what a file exports', () => {
  const vague = /(?:^|\/)(?:utils?|helpers?|common|types|misc|shared|constants)\.ts$/;
  for (const { path } of sources) {
    assert.not(vague.test(path), path);
    assert.match(path, /^(?:\w+\/)*[a-z0-9_]+(?:\.test)?\.ts$/);
  }
});

test('types are never switched off', () => {
  const off = /\bas any\b|: any\b|<any>|@ts-(?:ignore|nocheck|expect-error)/;
  for (const { path, text } of sources) {
    if (path !== 'test/repository/size.test.ts') assert.not(off.test(text), path);
  }
});

test('nothing is left to do in a comment', () => {
  const left = /\b(?:TODO|FIXME|XXX|HACK)\b/;
  for (const { path, text } of sources) {
    if (path !== 'test/repository/size.test.ts') assert.not(left.test(text), path);
  }
});

/** Folders with too many files, by how many. */
function crowded(paths: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  return [...counts].filter(([, n]) => n > 32).map(([folder, n]) => `${folder}: ${n}`);
}

test('no folder has more than 32 files', () => {
  assert.equal(crowded(sources.map(({ path }) => path)), []);
  assert.equal(crowded(Array.from({ length: 33 }, (_, i) => `a/${i}.ts`)), ['a: 33']);
});

test('the top level is what the README says', () => {
  const files = readdirSync(root).filter(
    (f) => !f.startsWith('.') && !/^(?:node_modules|dist|coverage|out)$/.test(f),
  );
  assert.ok(files.length <= 28, files.join(' '));
});

test.run();
