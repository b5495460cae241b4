/**
 * Breaks the compiler on purpose, one line at a time, and reports what notices: `node --import tsx scripts/mutate_compiler.ts`
 * draws 150 mutations by a seed, puts each into a copy of the tree, and writes test/mutation/RESULTS.md. What notices is looked
 * for in this order: the verifier, the laws of graphs, other people's numbers, the unit tests of the folder.
 */

import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { equivalent } from '../test/mutation/equivalent.ts';
import { applied, draw, keyOf, type Mutation, mutationsOf } from './mutation/edits.ts';
import { filesOf, type Kind, type Struck } from './mutation/places.ts';
import { type Outcome, report } from './mutation/report.ts';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '150' },
    seed: { type: 'string', default: '1' },
    /** Mutations whose key holds this. */
    only: { type: 'string', default: '' },
    out: { type: 'string', default: 'test/mutation/RESULTS.md' },
    /** Ask the unit tests too, of what nothing else notices: minutes each. */
    tests: { type: 'boolean', default: false },
    /** Outcomes so far, one a line, to go on from. */
    log: { type: 'string' },
  },
});

const folders = ['backends', 'cli', 'compiler', 'driver', 'examples', 'runtime', 'scripts', 'spec', 'test'];
const files = ['index.ts', 'web.ts', 'nanoc.ts', 'package.json', 'tsconfig.json'];

/** A tree in which one file is another; what is not changed is linked, not copied. */
function copyWith(path: string, text: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'nanoc-mutant-'));
  for (const name of [...folders, ...files]) {
    if (existsSync(`${root}/${name}`)) execFileSync('cp', ['-al', `${root}/${name}`, `${copy}/${name}`]);
  }
  for (const name of ['node_modules', 'out', 'dist'])
    if (existsSync(`${root}/${name}`)) symlinkSync(`${root}/${name}`, `${copy}/${name}`);
  rmSync(`${copy}/${path}`);
  writeFileSync(`${copy}/${path}`, text);
  return copy;
}

interface Ran {
  readonly code: number | null;
  readonly out: string;
}

function node(cwd: string, args: readonly string[], seconds: number): Promise<Ran> {
  return new Promise((done) => {
    const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        out = (out + chunk.toString()).slice(-200_000);
      });
    const timer = setTimeout(() => child.kill('SIGKILL'), 1000 * seconds);
    child.on('close', (code) => {
      clearTimeout(timer);
      done({ code, out });
    });
  });
}

/** A change that hangs or ends the process is noticed by whoever waits for it. */
const patience = 240;

const targetsOf: Readonly<Record<Kind, readonly string[]>> = {
  onnx: ['onnx'],
  torchscript: ['torchscript'],
  passes: ['onnx', 'torchscript'],
  runtime: ['onnx', 'torchscript'],
  shared: ['onnx'],
};

async function outcomeOf(mutation: Mutation, { kind, tests }: Struck): Promise<Outcome> {
  const why = equivalent[keyOf(mutation)];
  const text = readFileSync(`${root}/${mutation.file}`, 'utf8');
  const copy = copyWith(mutation.file, applied(text, mutation));
  const head = { ...mutation, kind };
  try {
    const { out, code } = await node(copy, ['scripts/mutation/trial.ts', ...targetsOf[kind]], patience);
    const line = out.split('\n').findLast((l) => l.startsWith('{"by"'));
    if (line === undefined) {
      const ended =
        code === null
          ? `no end within ${patience} s`
          : (/^\w*Error: .*/m.exec(out)?.[0] ?? `exit code ${code}`);
      return { ...head, by: /SyntaxError|Transform failed/.test(out) ? 'invalid' : 'laws', what: ended };
    }
    const found = JSON.parse(line) as Pick<Outcome, 'by' | 'what'>; // trial.ts wrote it
    if (found.by !== 'nothing') return { ...head, ...found };
    if (why !== undefined) return { ...head, by: 'equivalent', what: why };
    for (const word of values.tests ? tests : []) {
      const ran = await node(copy, ['test/run.ts', '--no-coverage', word], 600);
      const failed = /^(?:\[.*?\] )?FAIL (\S+)/m.exec(ran.out)?.[1];
      if (ran.code !== 0) return { ...head, by: 'unit tests', what: failed ?? word };
    }
    return { ...head, by: 'nothing' };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const struck = filesOf(root);
const all = struck.flatMap(({ path }) => mutationsOf(path, readFileSync(`${root}/${path}`, 'utf8')));
const chosen = draw(all, Number(values.count), Number(values.seed)).filter((m) =>
  keyOf(m).includes(values.only),
);
const placeOf = new Map(struck.map((place) => [place.path, place]));
const known = new Map<string, Outcome>();
if (values.log && existsSync(values.log)) {
  for (const line of readFileSync(values.log, 'utf8').split('\n').filter(Boolean)) {
    const outcome = JSON.parse(line) as Outcome; // this script wrote it
    known.set(keyOf(outcome), outcome);
  }
}

const waiting = chosen.filter((m) => !known.has(keyOf(m)));
async function work(): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const outcome = await outcomeOf(next, placeOf.get(next.file)!);
    known.set(keyOf(next), outcome);
    process.stderr.write(
      `${known.size}/${chosen.length} ${outcome.by}: ${keyOf(next)} ${outcome.what ?? ''}\n`,
    );
    if (values.log) writeFileSync(values.log, `${JSON.stringify(outcome)}\n`, { flag: 'a' });
  }
}
await Promise.all([work(), work()]);

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
const outcomes = chosen.map((m) => known.get(keyOf(m))!);
mkdirSync(`${root}/test/mutation`, { recursive: true });
writeFileSync(
  join(root, values.out),
  report(outcomes, { seed: Number(values.seed), commit, of: all.length }),
);
